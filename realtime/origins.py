"""Which web pages may open a socket."""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import split_domain_port, validate_host

Application = Callable[[Any, Any, Any], Awaitable[None]]


class AllowedOrigins:
    """Refuses (HTTP 403) sockets opened by pages of other sites.

    A browser always names the page's origin: it must be our own address, or one of the allowed ones.
    A client that names none is no browser and cannot be tricked into carrying somebody's sign-in.
    """

    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        if is_allowed(headers.get(b"origin"), host=headers.get(b"host", "")):
            await self.application(scope, receive, send)
            return
        await receive()
        await send({"type": "websocket.close", "code": 4403})


def is_allowed(origin: str | None, *, host: str) -> bool:
    if not validate_host(split_domain_port(host)[0], settings.ALLOWED_HOSTS):
        return False
    if origin is None:
        return True
    try:
        page = urlsplit(origin)
    except ValueError:
        return False
    if page.scheme not in ("http", "https"):
        return False
    return page.netloc == host or origin in settings.ALLOWED_ORIGINS
