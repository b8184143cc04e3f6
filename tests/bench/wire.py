"""A load client that does as little as it can per frame: websocket and HTTP/1.1 by hand.

The tests' own client checks every frame against the protocol's models: it would be the bottleneck.
"""

import asyncio
import base64
import json
import os
import time
from typing import Any, Final

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
_FINAL: Final = 0x80
_NO_MASK: Final = b"\0\0\0\0"  # a mask of zeros leaves the payload as it is


class Refused(Exception):
    """The server did not open the socket, closed it, or refused a command."""


class WebSocket(asyncio.Protocol):
    """A socket that hands on the text frames it gets, as bytes, with the moment they came."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.closed_because: str | None = None

    def text_received(self, text: bytes, at_ns: int) -> None:
        raise NotImplementedError

    def lost(self, why: str) -> None:
        """The socket is gone."""

    def send(self, frame: dict[str, Any]) -> None:
        self.say(json.dumps(frame, separators=(",", ":")).encode())

    def say(self, text: bytes) -> None:
        self._write(TEXT, text)

    def let_go(self) -> int:
        """From here on somebody else reads and writes: the file descriptor, which closes with this socket."""
        assert self._transport is not None
        assert not self._buffer, "part of a frame would be lost"
        self._transport.pause_reading()
        return int(self._transport.get_extra_info("socket").fileno())

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    # -- asyncio.Protocol --------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        key = base64.b64encode(os.urandom(16)).decode()
        transport.write(
            f"GET {self._path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
            "Sec-WebSocket-Version: 13\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        at_ns = time.monotonic_ns()
        self._buffer += data
        if not self.opened.done() and not self._take_handshake():
            return
        offset = 0
        while (frame := frame_at(self._buffer, offset)) is not None:
            opcode, start, offset = frame
            self._take(opcode, bytes(self._buffer[start:offset]), at_ns)
        del self._buffer[:offset]

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed_because = self.closed_because or "the connection was lost"
        if not self.opened.done():
            self.opened.set_exception(Refused(self.closed_because))
        self.lost(self.closed_because)

    # -- frames ------------------------------------------------------------------------------------

    def _take_handshake(self) -> bool:
        head, end, rest = self._buffer.partition(b"\r\n\r\n")
        if not end:
            return False
        self._buffer = rest
        status = bytes(head[:32]).decode("latin-1").split("\r\n")[0]
        if " 101 " in status:
            self.opened.set_result(None)
            return True
        self.opened.set_exception(Refused(status))
        self.abort()
        return False

    def _take(self, opcode: int, payload: bytes, at_ns: int) -> None:
        if opcode == TEXT:
            self.text_received(payload, at_ns)
        elif opcode == PING:
            self._write(PONG, payload)
        elif opcode == CLOSE:
            self.closed_because = f"closed with {int.from_bytes(payload[:2], 'big')}"
            self.abort()

    def _write(self, opcode: int, payload: bytes) -> None:
        assert self._transport is not None
        self._transport.write(client_frame(opcode, payload))


def client_frame(opcode: int, payload: bytes) -> bytes:
    """A whole frame as clients send it."""
    size = len(payload)
    masked = 0x80
    length = bytes([masked | size]) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
    return bytes([_FINAL | opcode]) + length + _NO_MASK + payload


def frame_at(
    buffer: bytearray | bytes, offset: int, known: int | None = None
) -> tuple[int, int, int] | None:
    """Opcode, start and end of the payload of the frame that begins here, once it is complete.

    `known` says how long the buffer is where only its beginning is given.
    """
    if len(buffer) < offset + 2:
        return None
    size, start = buffer[offset + 1] & 0x7F, offset + 2
    if size > 125:
        width = 2 if size == 126 else 8
        if len(buffer) < start + width:
            return None
        size, start = int.from_bytes(buffer[start : start + width], "big"), start + width
    end = start + size
    complete = end <= (len(buffer) if known is None else known)
    return (buffer[offset] & 0x0F, start, end) if complete else None


class HttpConnection:
    """One kept-alive connection, for calls one after the other."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def get(self, path: str, *, token: str) -> tuple[int, bytes]:
        """Status and body of the answer."""
        return await self._ask(f"GET {path}", token, "", b"")

    async def post(
        self, path: str, body: dict[str, Any], *, token: str, key: str
    ) -> tuple[int, bytes]:
        """Status and body of the answer; `key` is the Idempotency-Key."""
        content = json.dumps(body).encode()
        more = (
            f"Content-Type: application/json\r\nIdempotency-Key: {key}\r\n"
            f"Content-Length: {len(content)}\r\n"
        )
        return await self._ask(f"POST {path}", token, more, content)

    async def _ask(self, what: str, token: str, more: str, content: bytes) -> tuple[int, bytes]:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        writer.write(
            f"{what} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
            f"{more}\r\n".encode()
            + content
        )
        head = await reader.readuntil(b"\r\n\r\n")
        answer = await reader.readexactly(_content_length(head))
        return int(head.split(b" ", 2)[1]), answer

    def close(self) -> None:
        """Close it; the next call opens a new one."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


def _content_length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    raise Refused("an answer without Content-Length")
