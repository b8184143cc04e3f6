"""Django's requests: each from its beginning to its end in one thread of a bounded pool."""

import asyncio
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, Final, TypeVar

from django.conf import settings
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.core.signals import request_started
from django.http import FileResponse, HttpResponseBase
from django.urls import set_script_prefix

from realtime.problems import HEADERS, PROBLEM, problem

T = TypeVar("T")
# Who asks these would end a process that is only busy.
PROBES: Final = ("/livez", "/readyz", "/metrics")
AGAIN_SECONDS: Final = 1


class OneThreadHandler(ASGIHandler):
    """Django's handler with a synchronous chain and one hop to a thread per request instead of several.

    Every view of ours is synchronous; what must wait without a thread is served before Django. Whoever
    hangs up does not stop a request that has begun: what it changes is changed wholly, as ever.
    """

    def __init__(self) -> None:
        super().__init__()
        self._threads = ThreadPoolExecutor(settings.REQUEST_THREADS, "request")
        self._inside = 0

    def load_middleware(self, is_async: bool = False) -> None:
        super().load_middleware(is_async=False)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """One more than can wait is refused at once: a line that only grows helps nobody in it."""
        most = settings.REQUEST_THREADS + settings.REQUESTS_WAITING
        if self._inside >= most and scope["path"] not in PROBES:
            await _refuse(send)
            return
        self._inside += 1
        try:
            await self._serve(scope, receive, send)
        finally:
            self._inside -= 1

    async def _serve(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        try:
            response = await self._in_thread(lambda: self._answer(scope, body))
        finally:
            body.close()
        await self.send_response(response, send)
        if response.streaming:
            await self._in_thread(response.close)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        loop = asyncio.get_running_loop()
        # A context of its own: what one request binds for its log lines is not the next one's.
        return await loop.run_in_executor(self._threads, copy_context().run, work)

    def _answer(self, scope: Any, body: Any) -> HttpResponseBase:
        set_script_prefix(get_script_prefix(scope))
        request_started.send(sender=type(self), scope=scope)
        request, refusal = self.create_request(scope, body)
        response = refusal if request is None else self.get_response(request)
        assert response is not None
        if isinstance(response, FileResponse):
            response.block_size = self.chunk_size
        if not response.streaming:
            # Its content stays; what closing does (giving back the connection) belongs to this thread.
            response.close()
        return response


async def _refuse(send: Any) -> None:
    request_id = str(uuid.uuid4())
    body = problem(503, "overloaded", "Too busy at the moment. Try again soon.", request_id)
    extra = [
        (b"content-type", PROBLEM),
        (b"x-request-id", request_id.encode()),
        (b"retry-after", b"%d" % AGAIN_SECONDS),
    ]
    await send({"type": "http.response.start", "status": 503, "headers": [*HEADERS, *extra]})
    await send({"type": "http.response.body", "body": body.encode()})
