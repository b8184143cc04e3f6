"""How this process leaves: who is here and has to be told, and how far it has come."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Protocol

from clinic import metrics
from realtime.closing import GOING_AWAY, Closing


class Socket(Protocol):
    async def part(self, why: Closing) -> None: ...


class Departure:
    def __init__(self) -> None:
        self.announced = False
        """`/readyz` says so: whoever sends us work should send it elsewhere."""
        self.begun = False
        """Sockets are sent away, and long polls answered with what they have."""
        self.sockets: set[Socket] = set()
        self._waits: set[asyncio.Future[None]] = set()

    async def wait(self, work: Coroutine[Any, Any, None]) -> None:
        """Wait for this to happen, or for the departure to begin."""
        waiting = asyncio.ensure_future(work)
        self._waits.add(waiting)
        if self.begun:
            waiting.cancel()
        try:
            await asyncio.wait([waiting])
        finally:
            self._waits.discard(waiting)
            waiting.cancel()
        if not waiting.cancelled():
            waiting.result()

    async def begin(self, seconds: float) -> None:
        """Answer who waits, and close every socket: spread over this time, for all of them come back."""
        self.begun = True
        for waiting in self._waits:
            waiting.cancel()
        loop = asyncio.get_running_loop()
        start, sockets = loop.time(), list(self.sockets)
        for number, socket in enumerate(sockets):
            await asyncio.sleep(start + seconds * number / len(sockets) - loop.time())
            await socket.part(GOING_AWAY)


here = Departure()
metrics.SOCKETS_OPEN.set_function(lambda: len(here.sockets))
