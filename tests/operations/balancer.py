"""A proxy in small: sends each new connection to a web process that says it is ready."""

import asyncio
import itertools
from contextlib import suppress
from typing import Self

import httpx

from tests.servers.process import free_port
from tests.servers.web import Web

ASK_SECONDS = 0.1


class Balancer:
    def __init__(self, *webs: Web) -> None:
        self.port = free_port()
        self.base_url = f"http://127.0.0.1:{self.port}"
        self.ws_url = f"ws://127.0.0.1:{self.port}/ws/"
        self._webs = webs
        self._ready: set[Web] = set(webs)
        self._turns = itertools.count()
        self._connections: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self._asking = [asyncio.create_task(self._ask(web)) for web in self._webs]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        tasks = [*self._asking, *self._connections]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def sends_to(self, web: Web) -> bool:
        return web in self._ready

    async def _ask(self, web: Web) -> None:
        async with httpx.AsyncClient(trust_env=False, timeout=5) as client:
            while True:
                try:
                    answer = await client.get(f"{web.base_url}/readyz")
                except httpx.TransportError:
                    self._ready.discard(web)
                else:
                    (self._ready.add if answer.is_success else self._ready.discard)(web)
                await asyncio.sleep(ASK_SECONDS)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            with suppress(ConnectionError):
                back_reader, back_writer = await self._connect()
                await asyncio.gather(_pass(reader, back_writer), _pass(back_reader, writer))
        finally:
            self._connections.discard(task)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        while True:
            ready = sorted(self._ready, key=lambda web: web.port)
            if ready:
                web = ready[next(self._turns) % len(ready)]
                with suppress(ConnectionRefusedError):
                    return await asyncio.open_connection("127.0.0.1", web.port)
            await asyncio.sleep(0.01)


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Until one side has said everything; then the other is told so."""
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()
