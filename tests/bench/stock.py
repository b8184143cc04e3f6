"""What Channels' tutorial leads to, for comparison: a group per topic, the core Redis layer, daphne.

It does less than the clinic: nobody signs in, no rights are checked, nothing is numbered, stored or
replayed. An event that is published while a socket is away is gone.
"""

import os
from typing import Any
from urllib.parse import parse_qs

import django
from django.conf import settings

settings.configure(
    INSTALLED_APPS=["daphne", "channels"],
    ALLOWED_HOSTS=["127.0.0.1"],
    SECRET_KEY=os.urandom(32).hex(),
    USE_TZ=True,
    CHANNEL_LAYERS={
        "default": {
            "BACKEND": "channels_redis.core.RedisChannelLayer",
            "CONFIG": {
                # With redis-py's own defaults every idle socket dies after five seconds.
                "hosts": [
                    {
                        "address": os.environ["REDIS_URL"],
                        "socket_timeout": None,
                        "max_connections": 10_000,
                    }
                ],
                "prefix": "stock",
            },
        }
    },
)
django.setup()

from channels.generic.websocket import AsyncWebsocketConsumer  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.urls import path  # noqa: E402


class StockSocket(AsyncWebsocketConsumer):
    async def connect(self) -> None:
        self.topics = parse_qs(self.scope["query_string"].decode())["groups"][0].split(",")
        for topic in self.topics:
            await self.channel_layer.group_add(topic, self.channel_name)
        await self.accept()
        await self.send('{"op":"ready"}')

    async def disconnect(self, code: int) -> None:
        for topic in self.topics:
            await self.channel_layer.group_discard(topic, self.channel_name)

    async def tell(self, message: dict[str, Any]) -> None:
        await self.send(message["text"])


application = ProtocolTypeRouter(
    {"websocket": URLRouter([path("ws/", StockSocket.as_asgi())])}  # type: ignore[arg-type, list-item]
)
