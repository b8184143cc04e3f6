"""One client of the kind that other programs use, beside a crowd that only counts: it must hear the same."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from realtime.client import Event, Item, Reset, SignedOut, watch
from tests.bench.wire import Refused

PATIENCE_SECONDS: Final = 60.0


class _OneToken:
    """An access token that outlives the bench."""

    def __init__(self, access: str) -> None:
        self._access = access

    async def access(self, *, refused: str | None = None) -> str:
        if refused is not None:
            raise SignedOut("the bench's token was refused")
        return self._access


class Witness:
    """`heard` is the last number that was handed out; none between it and the first can be missing."""

    def __init__(self) -> None:
        self.heard: int | None = None
        self._news = asyncio.Condition()

    async def listen(self, stream: AsyncIterator[Item]) -> None:
        async for item in stream:
            match item:
                case Reset(seq=seq) if self.heard is None:
                    pass
                case Event(seq=seq) if seq == (self.heard or 0) + 1:
                    pass
                case _:
                    raise Refused(f"after number {self.heard} came {item}")
            async with self._news:
                self.heard = seq
                self._news.notify_all()

    async def until(self, seq: int) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS), self._news:
            await self._news.wait_for(lambda: self.heard is not None and self.heard >= seq)


@asynccontextmanager
async def witness(port: int, token: str, topic: str) -> AsyncIterator[Witness]:
    """It watches when this begins."""
    one = Witness()
    stream = watch(f"http://127.0.0.1:{port}", _OneToken(token), [topic])
    listening = asyncio.create_task(one.listen(stream))
    try:
        await one.until(0)
        yield one
    finally:
        failure = listening.exception() if listening.done() else None
        listening.cancel()
        await stream.aclose()
    if failure is not None:
        raise failure
