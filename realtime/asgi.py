"""The one ASGI application: HTTP, the long poll and the socket."""

import fcntl
import os
from typing import IO, Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")

from django import setup
from django.conf import settings


def only_web_process() -> IO[str] | None:
    """Without Redis one process serves all sockets; a second one is refused. The lock dies with us."""
    if not settings.EMBEDDED:
        return None
    settings.DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
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

from realtime import departure  # noqa: E402
from realtime.consumer import ClinicSocket  # noqa: E402
from realtime.origins import AllowedOrigins  # noqa: E402
from realtime.polling import poll_events  # noqa: E402
from realtime.problems import HEADERS  # noqa: E402
from realtime.requests import OneThreadHandler  # noqa: E402

_django = OneThreadHandler()
_socket = AllowedOrigins(ClinicSocket.as_asgi())


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Everything that comes in, by protocol and path."""
    match scope["type"], scope["path"]:
        case "http", "/readyz" if departure.here.announced:
            await _say_draining(send)
        case "http", "/api/events/":
            await poll_events(scope, receive, send)
        case "http", _:
            await _django(scope, receive, send)
        case "websocket", "/ws/":
            await _socket(scope, receive, send)
        case "websocket", _:
            await receive()
            await send({"type": "websocket.close"})


async def _say_draining(send: Any) -> None:
    """Instead of `api/health.py`: whatever the database says, nothing new should come here."""
    headers = [*HEADERS, (b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": b'{"status": "draining"}'})
