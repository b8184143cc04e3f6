"""What the real server makes of bad manners on the wire: it refuses, and nobody else notices."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import Frame, Opcode
from websockets.typing import Origin

from tests import world
from tests.clients import PATIENCE_SECONDS
from tests.realtime.stage import in_db
from tests.realtime.test_fuzz import Mutator
from tests.servers.web import Web

# By the transport: its close frame may be lost with the connection.
DROPPED = (1006, 1007, 1009)
Dial = Callable[..., Awaitable[ClientConnection]]


@pytest.fixture
async def dial(web: Web) -> AsyncIterator[Dial]:
    """Opens sockets that have signed in, and closes what is left of them."""
    token = await in_db(lambda: world.tokens(world.a_patient()).access)
    async with AsyncExitStack() as stack:

        async def open_one(origin: str | None = None) -> ClientConnection:
            wire = await _open(web, token, origin)
            stack.push_async_callback(wire.close)
            return wire

        yield open_one


async def _open(web: Web, token: str, origin: str | None) -> ClientConnection:
    wire = await connect(
        web.ws_url, origin=Origin(origin) if origin else None, proxy=None, ping_interval=None, max_queue=None
    )  # fmt: skip
    await wire.recv()
    await wire.send(json.dumps({"id": 1, "op": "auth", "token": token}))
    assert json.loads(await wire.recv())["ok"]
    return wire


async def close_code(wire: ClientConnection) -> int:
    async with asyncio.timeout(PATIENCE_SECONDS):
        try:
            while True:
                await wire.recv()
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else 1006


async def test_the_wire_is_policed_and_nothing_ends_1011(web: Web, dial: Dial) -> None:
    bystander = await dial()

    with pytest.raises(InvalidStatus, match="403"):
        await dial(origin="https://evil.example")
    with pytest.raises(InvalidStatus, match="400"):
        await dial(origin="http://[")

    too_big = await dial()
    await too_big.send("x" * 70_000)
    assert await close_code(too_big) in DROPPED

    fragments = await dial()
    await fragments.send(["x" * 16_000] * 5)
    assert await close_code(fragments) in DROPPED

    no_text = await dial()
    no_text.transport.write(Frame(Opcode.TEXT, b"\xff\xfe").serialize(mask=True, extensions=[]))
    assert await close_code(no_text) in DROPPED

    await bystander.send(json.dumps({"id": 2, "op": "ping"}))
    assert json.loads(await bystander.recv()) == {"re": 2, "ok": True}
    assert "Traceback" not in web.last_words(lines=100_000)


async def test_nonsense_over_the_network_never_ends_1011(web: Web, dial: Dial) -> None:
    mutator, codes = Mutator(random.Random(7)), set[int]()
    for _ in range(25):
        wire = await dial()
        try:
            for _ in range(40):
                await wire.send(_encodable(mutator.frame()))
        except ConnectionClosed:
            pass
        else:
            await wire.send("nonsense")
        codes.add(await close_code(wire) if wire.close_code is None else wire.close_code)

    assert codes <= {4400, 4401, 4429}
    assert "Traceback" not in web.last_words(lines=100_000)


def _encodable(frame: str | bytes) -> str | bytes:
    return frame if isinstance(frame, bytes) else frame.encode(errors="replace").decode()
