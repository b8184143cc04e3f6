"""The one ASGI application: HTTP, the long poll and the socket."""

import fcntl
import os
from typing import IO, Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")

from asgiref.sync import sync_to_async  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django import setup  # noqa: E402
from django.conf import settings  # noqa: E402
from django.core.handlers.asgi import ASGIHandler, ASGIRequest  # noqa: E402
from django.http import HttpResponseBase  # noqa: E402
from django.urls import path, re_path  # noqa: E402


class OneThreadHandler(ASGIHandler):
    """Django's handler with a synchronous chain: one hop to a thread per request instead of several.

    Every view of ours is synchronous; what must wait without a thread is served before Django.
    """

    def load_middleware(self, is_async: bool = False) -> None:
        super().load_middleware(is_async=False)

    async def get_response_async(self, request: ASGIRequest) -> HttpResponseBase:
        return await sync_to_async(self.get_response, thread_sensitive=True)(request)


def only_web_process() -> IO[str] | None:
    """Without Redis one process serves all sockets; a second one is refused. The lock dies with us."""
    if not settings.EMBEDDED:
        return None
    settings.DATA_DIR.mkdir(parents=True, exist_ok=True)
    lock = (settings.DATA_DIR / "web.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise SystemExit(
            f"Another web process already serves the data in {settings.DATA_DIR}. "
            "To run several, set DATABASE_URL and REDIS_URL."
        ) from None
    return lock


setup(set_prefix=False)
_lock = only_web_process()

from realtime.consumer import ClinicSocket  # noqa: E402
from realtime.origins import AllowedOrigins  # noqa: E402
from realtime.polling import poll_events  # noqa: E402

_django = OneThreadHandler()


async def _no_such_socket(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "websocket.close"})


application = ProtocolTypeRouter(
    {
        "http": URLRouter([path("api/events/", poll_events), re_path(r"", _django)]),  # type: ignore[arg-type]
        "websocket": AllowedOrigins(
            URLRouter(
                [path("ws/", ClinicSocket.as_asgi()), re_path(r"", _no_such_socket)]  # type: ignore[arg-type]
            )
        ),
    }
)
