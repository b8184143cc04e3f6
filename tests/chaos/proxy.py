"""The proxy in front of the web processes: passes bytes to whoever takes them, cuts and delays when told to."""

import asyncio
import itertools
from collections.abc import Sequence
from contextlib import suppress
from typing import Self

from tests.chaos.history import History
from tests.servers.process import free_port
from tests.servers.web import Web

DIAL_SECONDS = 1.0
TURN_SECONDS = 0.05


class Proxy:
    """It asks nobody how they are: whoever refuses a connection is passed over, whoever is frozen is not."""

    def __init__(self, webs: Sequence[Web], history: History) -> None:
        self.port = free_port()
        self.base_url = f"http://127.0.0.1:{self.port}"
        self.ws_url = f"ws://127.0.0.1:{self.port}/ws/"
        self.delay_seconds = 0.0
        self._webs = webs
        self._history = history
        self._turns = itertools.count()
        self._connections: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._drop(list(self._connections))

    async def cut(self) -> int:
        """Every connection that stands is no more; how many that were."""
        standing = list(self._connections)
        await self._drop(standing)
        return len(standing)

    async def _drop(self, tasks: list[asyncio.Task[None]]) -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        back_writer = None
        try:
            with suppress(OSError):
                web, back_reader, back_writer = await self._dial()
                _, port = writer.get_extra_info("peername")
                self._history.note("dialed", port=port, web=web.name)
                ways = [
                    asyncio.ensure_future(self._pass(reader, back_writer)),
                    asyncio.ensure_future(self._pass(back_reader, writer)),
                ]
                try:
                    await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
                    # What is on its way in the other direction may still arrive.
                    await asyncio.wait(ways, timeout=1)
                finally:
                    for way in ways:
                        way.cancel()
                    await asyncio.gather(*ways, return_exceptions=True)
        except asyncio.CancelledError:
            return  # cut, or at the end of the run; asyncio's server takes it ill otherwise
        finally:
            for one in (writer, back_writer):
                if one is not None:
                    one.transport.abort()
            self._connections.discard(task)

    async def _dial(self) -> tuple[Web, asyncio.StreamReader, asyncio.StreamWriter]:
        while True:
            web = self._webs[next(self._turns) % len(self._webs)]
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(DIAL_SECONDS):
                    return web, *(await asyncio.open_connection("127.0.0.1", web.port))
            await asyncio.sleep(TURN_SECONDS)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Until one side has said everything; then the other is told so."""
        with suppress(OSError):
            while data := await reader.read(65_536):
                if self.delay_seconds:
                    await asyncio.sleep(self.delay_seconds)
                writer.write(data)
                await writer.drain()
            writer.write_eof()
