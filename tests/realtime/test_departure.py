"""What who comes, waits or watches is told by a process that is about to go."""

import asyncio

import pytest

from realtime import departure
from realtime.closing import GOING_AWAY, Closing
from realtime.departure import Departure
from tests.realtime.stage import connect, goodbye, signed_in

pytestmark = pytest.mark.usefixtures("hub")


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> Departure:
    """The departure of this process, which has not begun."""
    monkeypatch.setattr(departure, "here", Departure())
    return departure.here


async def test_every_socket_is_told_and_none_is_kept(here: Departure) -> None:
    async with signed_in() as known, connect() as stranger:
        await here.begin(0)
        for socket in (known, stranger):
            code, frame = await goodbye(socket)
            assert (code, frame["code"]) == (4412, "going_away")
    assert here.sockets == set()


async def test_a_socket_that_has_gone_is_not_remembered(here: Departure) -> None:
    async with signed_in():
        assert len(here.sockets) == 1
    assert here.sockets == set()


async def test_a_socket_that_comes_late_is_sent_on(here: Departure) -> None:
    await here.begin(0)
    async with connect() as socket:
        assert await goodbye(socket) == (4412, socket.frames[0])


class Recorder:
    def __init__(self, told: list[float]) -> None:
        self._told = told

    async def part(self, why: Closing) -> None:
        assert why is GOING_AWAY
        self._told.append(asyncio.get_running_loop().time())


async def test_sockets_are_closed_one_after_the_other(here: Departure) -> None:
    told: list[float] = []
    here.sockets.update(Recorder(told) for _ in range(4))
    await here.begin(0.4)
    assert len(told) == 4
    assert told[-1] - told[0] >= 0.29  # never sooner than its turn; later, on a busy machine


async def test_who_waits_is_let_go_when_it_begins_and_afterwards(here: Departure) -> None:
    never = asyncio.Event()
    waiting = asyncio.create_task(here.wait(wait_for(never)))
    await asyncio.sleep(0)
    await here.begin(0)
    await waiting
    await here.wait(wait_for(never))


async def test_what_a_wait_fails_with_is_not_lost(here: Departure) -> None:
    with pytest.raises(LookupError):
        await here.wait(fail())


async def wait_for(event: asyncio.Event) -> None:
    await event.wait()


async def fail() -> None:
    raise LookupError
