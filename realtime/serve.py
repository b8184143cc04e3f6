"""`python -m realtime.serve`: one web process on HOST and PORT, which ends in good order when it is told to."""

import asyncio
import gc
import os
import signal
import sys
from typing import Any, Final

import structlog
from django.conf import settings

from realtime.asgi import application  # isort: skip  (first: it lets daphne choose Twisted's reactor)
from twisted.internet.error import CannotListenError

from clinic.management.preflight import CannotStart, listening_address
from realtime.departure import here
from realtime.hub import close_hub
from realtime.server import Server

log = structlog.get_logger("realtime.serve")
TICK_SECONDS: Final = 0.02
# A process group's signal comes twice: from the terminal, and from who passes it on.
SAME_WISH_SECONDS: Final = 1.0
TIDY_SECONDS: Final = 1.0
# How long a request's thread may go on computing while the sockets' loop waits.
SWITCH_SECONDS: Final = 0.001
GARBAGE_THRESHOLDS: Final = (20_000, 20, 50)


class Ending:
    """What SIGTERM and Ctrl-C do: the first begins an orderly end, the second one is the end."""

    def __init__(self, server: Server, loop: asyncio.AbstractEventLoop) -> None:
        self._server = server
        self._loop = loop
        self._told_at: float | None = None
        self._draining: asyncio.Task[None] | None = None
        self.was_cut_off = False

    def heed(self, number: signal.Signals) -> None:
        if self._told_at is None:
            self._told_at = self._loop.time()
            self._draining = self._loop.create_task(self._drain())
        elif self._loop.time() - self._told_at > SAME_WISH_SECONDS:
            os._exit(128 + number)

    async def _drain(self) -> None:
        try:
            await self._leave()
        finally:
            self._server.stop()

    async def _leave(self) -> None:
        log.info("draining")
        here.announced = True
        await asyncio.sleep(settings.DRAIN_NOTICE_SECONDS)
        self._server.stop_listening()
        try:
            async with asyncio.timeout(settings.DRAIN_SECONDS):
                await here.begin(settings.DRAIN_SOCKETS_SECONDS)
                while self._server.is_busy():
                    self._server.close_quiet_connections()
                    await asyncio.sleep(TICK_SECONDS)
        except TimeoutError:
            self.was_cut_off = True
            log.warning("drain_cut_off", requests=len(self._server.unfinished()))
        await self._tidy()

    async def _tidy(self) -> None:
        unfinished = self._server.unfinished()
        for task in unfinished:
            task.cancel()
        if unfinished:
            await asyncio.wait(unfinished, timeout=TIDY_SECONDS)
        await close_hub()


def main(served: Any = application) -> int:
    """The exit status: 1 when it could not start."""
    _keep_pauses_short()
    try:
        _, (host, *_) = listening_address()
        server = Server(served, host=host, port=settings.PORT)
        server.listen()
    except CannotStart as reason:
        sys.stderr.write(f"{reason}\n")
        return 1
    except CannotListenError as error:
        why = error.socketError.strerror
        sys.stderr.write(f"Port {settings.PORT} on {settings.HOST} cannot be opened: {why}.\n")
        return 1
    loop = asyncio.get_event_loop()
    ending = Ending(server, loop)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ending.heed, number)
    server.run()
    if ending.was_cut_off:
        # A thread that still works for somebody would hold up the end: it is over for them.
        os._exit(0)
    return 0


def _keep_pauses_short() -> None:
    """What holds up every socket at once: a thread that computes, and a look through all objects for cycles."""
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE_THRESHOLDS)


if __name__ == "__main__":
    sys.exit(main())
