"""What the real server makes of bad manners on the wire: it refuses, and nobody else notices."""

import asyncio
import itertools
import json
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import Frame, Opcode
from websockets.typing import Origin

from tests import world
from tests.clients import PATIENCE_SECONDS
from tests.realtime import raw
from tests.realtime.stage import in_db, lasting
from tests.realtime.test_fuzz import LONG_SECONDS, Mutator
from tests.servers.web import Web

pytestmark = pytest.mark.engine("sqlite")
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


async def test_no_token_is_written_to_the_log(web: Web) -> None:
    """Not even that of a client which puts it where it does not belong."""
    pair = await in_db(lambda: world.tokens(world.a_patient()))
    async with connect(f"{web.ws_url}?token={pair.access}", proxy=None) as wire:
        await wire.recv()
        for token in (pair.access, pair.refresh):
            await wire.send(json.dumps({"id": 1, "op": "auth", "token": token}))
        assert await close_code(wire) == 4401

    said = web.last_words(lines=100_000)
    assert "socket_closed" in said
    assert pair.access not in said
    assert pair.refresh not in said


# By the rules of RFC 6455, by ours, or by the client itself.
ENDS = {1000, 1002, 1006, 1007, 1009, 4400, 4401, 4429}
SAID_BY_CLIENTS = (0, 999, 1000, 1001, 1005, 1006, 1011, 1015, 2999, 3000, 4401, 65535)


class Framer:
    """Frames of RFC 6455: most as they should be, whatever they say, and some that break a rule."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self._mutator = Mutator(chance)
        self.may_hang = False
        """Whether one promised more than it had, so that whoever reads it waits for the rest."""

    def frames(self, count: int) -> list[bytes]:
        self.may_hang = False
        made: list[bytes] = []
        while len(made) < count:
            broken = self.chance.random() < 0.02
            made += [self._broken()] if broken else self._sound()
        return made

    def _sound(self) -> list[bytes]:
        message = _encodable(self._mutator.frame())
        opcode = raw.TEXT if isinstance(message, str) else raw.BINARY
        data = message.encode() if isinstance(message, str) else message
        ways = (self._whole, self._in_pieces, self._control)
        return self.chance.choices(ways, (6, 3, 2))[0](opcode, data)

    def _whole(self, opcode: int, data: bytes) -> list[bytes]:
        return [raw.frame(opcode, data)]

    def _in_pieces(self, opcode: int, data: bytes) -> list[bytes]:
        """With pings in between, and pieces of nothing."""
        cuts = sorted(self.chance.choices(range(len(data) + 1), k=self.chance.randint(1, 6)))
        pieces = [data[a:b] for a, b in itertools.pairwise([0, *cuts, len(data)])]
        made = []
        for number, piece in enumerate(pieces):
            final = number == len(pieces) - 1
            made.append(raw.frame(raw.MORE if number else opcode, piece, final=final))
            if not final and self.chance.random() < 0.2:
                made += self._control(opcode, piece)
        return made

    def _control(self, opcode: int, data: bytes) -> list[bytes]:
        return [raw.frame(self.chance.choice((raw.PING, raw.PONG)), data[:125])]

    def _broken(self) -> bytes:
        chance = self.chance
        opcode = chance.choice((raw.TEXT, raw.BINARY, raw.MORE, raw.CLOSE, raw.PING, raw.PONG))
        data = chance.randbytes(chance.randint(0, 125))
        match chance.randrange(11):
            case 0:
                return raw.frame(opcode, data, reserved=chance.randint(1, 7))
            case 1:
                return raw.frame(chance.choice((3, 4, 5, 6, 7, 11, 12, 13, 14, 15)), data)
            case 2:
                return raw.frame(opcode, data, masked=False)
            case 3:
                return raw.frame(opcode, data, final=False)
            case 4:
                return raw.frame(opcode, data * 2, wide=True)
            case 5:
                return raw.frame(raw.TEXT, b"\xff\xfe" + data)
            case 6:
                return raw.frame(raw.TEXT, b"x" * 70_000)
            case 7:
                said = chance.choice(SAID_BY_CLIENTS).to_bytes(2, "big")
                return raw.frame(raw.CLOSE, said + data[: chance.randint(0, 123)])
            case 8:
                return raw.frame(raw.CLOSE, data[:1])
            case 9:
                self.may_hang = True
                return raw.frame(
                    opcode, data, says=chance.choice((200, 70_000, 2**40, 2**63, 2**64 - 1))
                )
            case _:
                self.may_hang = True
                return chance.randbytes(chance.randint(1, 300))


async def fuzz(web: Web, count: int, seed: int) -> None:
    chance = random.Random(seed)
    framer, sent, ends = Framer(chance), 0, Counter[int]()
    token = lasting(await in_db(lambda: world.tokens(world.a_patient()).access), LONG_SECONDS)
    while sent < count:
        async with raw.open_raw(web, address=f"127.0.3.{1 + sent % 200}") as wire:
            if chance.random() < 0.9:
                await wire.sign_in(token)
            some = framer.frames(25)
            sent += len(some)
            listening = asyncio.create_task(wire.rest())
            # One by one they are read past autobahn, in one piece by it.
            for data in some if chance.random() < 0.3 else [b"".join(some)]:
                await wire.send(data)
                await asyncio.sleep(0.002)
            await asyncio.sleep(0.01)  # so that it is not answered last what it said first
            await wire.send(raw.frame(raw.CLOSE, b"\x03\xe8"))
            if framer.may_hang:
                await wire.hang_up()
            ends[(await listening)[1]] += 1
    print(f"{sent} raw frames sent, sockets closed with {dict(sorted(ends.items()))}")
    assert ends.keys() <= ENDS
    assert ends.keys() >= {1000, 1002, 4400}


async def test_no_frame_of_any_kind_ends_1011(web: Web, dial: Dial) -> None:
    bystander = await dial()
    await fuzz(web, 2500, seed=7)
    await bystander.send(json.dumps({"id": 2, "op": "ping"}))
    assert json.loads(await bystander.recv()) == {"re": 2, "ok": True}
    assert "Traceback" not in web.last_words(lines=100_000)


@pytest.mark.proof
@pytest.mark.timeout(3600)
async def test_none_of_very_many_does(web: Web) -> None:
    await fuzz(web, 100_000, seed=20261122)
    assert "Traceback" not in web.last_words(lines=1_000_000)


def _encodable(frame: str | bytes) -> str | bytes:
    return frame if isinstance(frame, bytes) else frame.encode(errors="replace").decode()
