"""A socket by hand, one frame of RFC 6455 at a time: for what no library would send."""

import asyncio
import base64
import itertools
import json
import os
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

from tests.clients import PATIENCE_SECONDS
from tests.servers.web import Web

TEXT, BINARY, MORE, CLOSE, PING, PONG = 1, 2, 0, 8, 9, 10
SMALL_BUFFER: Final = 4096
_MASK: Final = b"\x5a\x0f\xc3\x99"


def frame(
    opcode: int,
    payload: bytes = b"",
    *,
    final: bool = True,
    reserved: int = 0,
    masked: bool = True,
    says: int | None = None,
    wide: bool = False,
) -> bytes:
    """One frame as a client sends it. It may say another length than it has, or say it too broadly."""
    size = len(payload) if says is None else says
    first = (0x80 if final else 0) | reserved << 4 | opcode
    mask = 0x80 if masked else 0
    if size < 126 and not wide:
        head = struct.pack("!BB", first, mask | size)
    elif size < 1 << 16:
        head = struct.pack("!BBH", first, mask | 126, size)
    else:
        head = struct.pack("!BBQ", first, mask | 127, size)
    if not masked:
        return head + payload
    key = itertools.cycle(_MASK)
    return head + _MASK + bytes(byte ^ bit for byte, bit in zip(payload, key, strict=False))


def text(message: Any) -> bytes:
    return frame(TEXT, json.dumps(message).encode())


class Raw:
    """An open socket. What is not read stays where it is: with the server."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def send(self, data: bytes) -> None:
        """Raises TimeoutError when the server does not take it, and nothing when it has hung up."""
        try:
            self._writer.write(data)
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._writer.drain()
        except ConnectionError:
            pass

    async def sign_in(self, token: str) -> None:
        await self.send(text({"id": 1, "op": "auth", "token": token}))
        while (said := await self.next_text()).get("re") != 1:
            assert said["op"] == "welcome"
        assert said["ok"]

    async def next_text(self) -> dict[str, Any]:
        opcode, payload = await self.next_frame()
        assert opcode == TEXT, (opcode, payload)
        said: dict[str, Any] = json.loads(payload)
        return said

    async def next_frame(self) -> tuple[int, bytes]:
        """Raises IncompleteReadError or ConnectionError at the end."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            first, size = await self._reader.readexactly(2)
            assert first & 0x70 == 0, "a reserved bit"
            assert size < 128, "masked by the server"
            if size == 126:
                [size] = struct.unpack("!H", await self._reader.readexactly(2))
            elif size == 127:
                [size] = struct.unpack("!Q", await self._reader.readexactly(8))
            return first & 0x0F, await self._reader.readexactly(size)

    async def rest(self) -> tuple[list[dict[str, Any]], int]:
        """All that is still said, and the code of the close: 1006 where the connection was cut."""
        said: list[dict[str, Any]] = []
        try:
            while True:
                opcode, payload = await self.next_frame()
                if opcode == CLOSE:
                    return said, struct.unpack("!H", payload[:2])[0] if payload else 1005
                if opcode == TEXT:
                    said.append(json.loads(payload))
        except (asyncio.IncompleteReadError, ConnectionError):
            return said, 1006

    async def hang_up(self) -> None:
        """Nothing more is said; what the server says can still be heard."""
        with suppress(OSError):
            self._writer.write_eof()

    def abort(self) -> None:
        self._writer.transport.abort()


class _Patient(asyncio.StreamReader):
    """Gives all that has come before it says that the connection was cut; asyncio's own forgets it."""

    def set_exception(self, exc: Exception) -> None:
        self.feed_eof()


@asynccontextmanager
async def open_raw(
    web: Web, *, address: str = "127.0.0.1", small_buffer: bool = False
) -> AsyncIterator[Raw]:
    """From one of this machine's many addresses; with a small buffer, little is on its way unread."""
    wire = socket.socket()
    if small_buffer:
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
    wire.setblocking(False)
    wire.bind((address, 0))
    loop = asyncio.get_running_loop()
    await loop.sock_connect(wire, ("127.0.0.1", web.port))
    reader = _Patient(limit=SMALL_BUFFER, loop=loop)
    protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
    transport, _ = await loop.create_connection(lambda: protocol, sock=wire)
    writer = asyncio.StreamWriter(transport, protocol, reader, loop)
    key = base64.b64encode(os.urandom(16)).decode()
    writer.write(
        "GET /ws/ HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n".encode()
    )
    async with asyncio.timeout(PATIENCE_SECONDS):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
    assert head.startswith("HTTP/1.1 101 "), head
    # What is not compressed cannot be blown up.
    assert "extensions" not in head.lower()
    raw = Raw(reader, writer)
    try:
        yield raw
    finally:
        raw.abort()
