"""One log line per request, and the request's context for the journal."""

import re
import time
from collections.abc import Callable
from typing import Final

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django_structlog.middlewares import RequestMiddleware

from clinic import metrics
from clinic.context import RequestContext, current_request
from clinic.limits import request_network

KEY_MAX_CHARS: Final = 200
REQUEST_ID_MAX_CHARS: Final = 64
# No name or number in our addresses is as long as what is signed: mails that are stopped in one click have it there.
_TOKEN: Final = re.compile(r"[^/]{60,}")


class RequestLog(RequestMiddleware):
    """Logs method and path, never the query or a token: what people search for is nobody's business."""

    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        super().__init__(get_response)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        begun_at = time.perf_counter()
        response = super().__call__(request)
        assert isinstance(response, HttpResponse) or hasattr(response, "streaming_content")
        seconds = time.perf_counter() - begun_at
        metrics.request_done(request.method or "", route_of(request), response.status_code, seconds)  # type: ignore[union-attr]
        response["X-Request-ID"] = current_request.get().request_id  # type: ignore[index]
        response["Permissions-Policy"] = settings.PERMISSIONS_POLICY  # type: ignore[index]
        if request.path.startswith(("/api/", "/admin/")) and "Cache-Control" not in response:  # type: ignore[operator]
            response["Cache-Control"] = "no-store"  # type: ignore[index]
        return response  # type: ignore[return-value]

    def prepare(self, request: HttpRequest) -> None:
        super().prepare(request)
        bound = structlog.contextvars.get_contextvars()
        network = request_network(
            request.META.get("REMOTE_ADDR", ""), request.headers.get("X-Forwarded-For", "")
        )
        structlog.contextvars.bind_contextvars(network=network)
        current_request.set(
            RequestContext(
                request_id=_printable(str(bound.get("request_id", "")), REQUEST_ID_MAX_CHARS),
                cause=_printable(request.headers.get("Idempotency-Key", ""), KEY_MAX_CHARS),
                network=network,
            )
        )

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        return f"{request.method} {_TOKEN.sub('…', request.path)}"


def route_of(request: HttpRequest) -> str:
    """The pattern that was met: an address has ids in it, and there are as many as anybody likes."""
    match = request.resolver_match
    if match is None:
        return "files and refusals"  # answered before any address was looked up
    return "web app" if match.route.startswith("^") else f"/{match.route}"


def _printable(text: str, limit: int) -> str:
    """What a client sent, as it can be stored: PostgreSQL refuses a text with a zero in it."""
    return "".join(char for char in text if char.isprintable())[:limit]
