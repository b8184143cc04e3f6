"""A socket and its wire: what it does not take is not sent, and a socket may last as long as it likes."""

import asyncio
from typing import Any

import pytest

from realtime import hub as hubs
from realtime.wire import Listener
from tests import world
from tests.clients import Socket
from tests.realtime.stage import connect, goodbye, in_db, move

pytestmark = [pytest.mark.engine("sqlite"), pytest.mark.usefixtures("hub")]
TOPIC = "slots.1"


class ListWire:
    """A wire that keeps what it is given."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.listener: Listener

    def report_to(self, listener: Listener) -> None:
        self.listener = listener

    def write_ready(self, frame: bytes) -> None:
        self.frames.append(frame)

    async def holds(self, count: int) -> None:
        async with asyncio.timeout(10):
            while len(self.frames) < count:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        assert len(self.frames) == count


async def watching(socket: Socket) -> None:
    await socket.auth(await in_db(lambda: world.tokens(world.a_patient()).access))
    await socket.watch(TOPIC)


async def test_a_full_wire_gets_no_events_and_all_of_them_once_it_is_free() -> None:
    wire = ListWire()
    async with connect(wire=wire) as socket:
        await watching(socket)
        await in_db(move, 1, 2)
        await wire.holds(2)
        wire.listener.wire_is_full()
        await in_db(move, 1, 3)
        await wire.holds(2)
        wire.listener.wire_is_free()
        await wire.holds(5)


async def test_all_who_watch_are_written_the_very_same_bytes() -> None:
    """Encoded once: on the way of an event there is nothing per socket but its write."""
    one, two = ListWire(), ListWire()
    async with connect(wire=one) as first, connect(wire=two) as second:
        for socket in (first, second):
            await watching(socket)
            await socket.until(lambda frame: frame.get("op") == "live")
        await in_db(move, 1, 2)
        await one.holds(2)
        await two.holds(2)

    assert all(mine is theirs for mine, theirs in zip(one.frames, two.frames, strict=True))


async def test_a_wire_that_stays_full_is_let_go(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Although nothing on it waits to be acknowledged."""
    monkeypatch.setattr(hubs, "TICK_SECONDS", 0.05)
    settings.SOCKET_ACK_STALL_SECONDS = 0.5
    wire = ListWire()
    async with connect(wire=wire) as socket:
        await watching(socket)
        await asyncio.sleep(0.6)  # what was before does not count
        wire.listener.wire_is_full()
        begun = asyncio.get_running_loop().time()
        code, why = await goodbye(socket)

    assert (code, why["code"]) == (4410, "not_acknowledging")
    assert asyncio.get_running_loop().time() - begun > 0.4


async def test_a_flooded_wire_is_closed_4429() -> None:
    wire = ListWire()
    async with connect(wire=wire) as socket:
        await watching(socket)
        wire.listener.wire_is_flooded()
        code, why = await goodbye(socket)

    assert (code, why["code"], why["reconnect"]) == (4429, "too_many_frames", "after")


async def test_an_acknowledgement_is_taken_where_it_arrives_and_makes_room(settings: Any) -> None:
    settings.SOCKET_ACK_WINDOW = 2
    wire = ListWire()
    async with connect(wire=wire) as socket:
        await watching(socket)
        await in_db(move, 1, 5)
        await wire.holds(2)
        assert wire.listener.takes('{"op": "ack", "topics": {"slots.1": 2}}')
        await wire.holds(4)


@pytest.mark.parametrize(
    "text",
    [
        '{"op": "ack", "topics": {"slots.1": 0}}',  # acknowledges nothing: it is counted
        '{"op": "ack", "topics": 7}',
        '{"op": "ack"',
        '{"id": 1, "op": "ping"}',
        '{"id": 1, "op": "watch", "topic": "ack"}',
    ],
)
async def test_everything_else_comes_as_a_message(text: str) -> None:
    wire = ListWire()
    async with connect(wire=wire) as socket:
        await watching(socket)
        assert not wire.listener.takes(text)


async def test_nothing_is_taken_from_who_has_not_signed_in() -> None:
    wire = ListWire()
    async with connect(wire=wire):
        assert not wire.listener.takes('{"op": "ack", "topics": {"slots.1": 2}}')
