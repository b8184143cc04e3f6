"""What is counted of sockets: each count moves when what it counts has happened, and not before."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from clinic import metrics
from clinic.actions.sessions import end_session
from clinic.models import Entry, Role
from tests import world
from tests.realtime.stage import (
    connect,
    everything_sent,
    goodbye,
    hub_here,
    in_db,
    move,
    session_of,
    signed_in,
)
from tests.realtime.test_rights import DESK, change_role
from tests.servers.redis import Redis

pytestmark = pytest.mark.usefixtures("hub")
TOPIC = "slots.1"


def counted(name: str, **labels: str) -> float:
    return metrics.REGISTRY.get_sample_value(f"clinic_{name}", labels) or 0.0


@contextmanager
def counts(name: str, times: int, **labels: str) -> Iterator[None]:
    before = counted(name, **labels)
    yield
    assert counted(name, **labels) - before == times, name


@pytest.mark.engine("sqlite")
async def test_what_the_sweep_finds_and_nothing_else_is_a_lost_nudge(settings: Any) -> None:
    async with signed_in() as one:
        with counts("sweep_hits_total", 0), counts("nudges_heard_total", 1):
            await one.watch(TOPIC)
            await in_db(move, 1)
            await everything_sent(one, TOPIC, 1)
            await hub_here().wake_all()
        settings.EVENT_SINKS = []
        await in_db(move, 1, 5)
        with counts("sweep_hits_total", 1):
            await hub_here().wake_all()
            await everything_sent(one, TOPIC, 6)
            await hub_here().wake_all()


@pytest.mark.engine("sqlite")
async def test_a_socket_that_waits_to_be_acknowledged_is_counted_once(settings: Any) -> None:
    settings.SOCKET_ACK_WINDOW = 3
    async with signed_in() as socket:
        await socket.watch(TOPIC)
        with counts("ack_pauses_total", 1), counts("events_delivered_total", 5):
            await in_db(move, 1, 5)
            await everything_sent(socket, TOPIC, 3)
            await socket.ack()
            await everything_sent(socket, TOPIC, 5)


@pytest.mark.engine("sqlite")
async def test_how_watches_end_is_counted(settings: Any) -> None:
    settings.SOCKET_ACK_WINDOW = settings.REPLAY_PAGE = 3
    await in_db(move, 1, 9)
    async with signed_in() as socket:
        with counts("watches_total", 1, outcome="resumed", reason=""), counts("resets_total", 1):
            await socket.watch(TOPIC, since=0)
            await everything_sent(socket, TOPIC, 3)
            await in_db(Entry.objects.filter(topic=TOPIC, seq__lte=6).delete)
            await socket.ack()
            await socket.until(lambda frame: frame.get("op") == "reset")
        with counts("watches_total", 1, outcome="reset", reason="too_old"):
            await socket.watch(TOPIC, since=3)
        settings.REPLAYS_WAITING = 0
        with counts("watches_total", 1, outcome="refused", reason="overloaded"):
            await socket.command("watch", topic=TOPIC)


@pytest.mark.engine("sqlite")
async def test_who_waits_for_a_replay_is_counted_until_it_is_there() -> None:
    async with signed_in() as socket:
        held = threading.Event()
        busy = [asyncio.create_task(hub_here().replays.run(held.wait)) for _ in range(2)]
        await socket.send({"id": 5, "op": "watch", "topic": TOPIC})
        async with asyncio.timeout(10):
            while counted("replays_waiting") < 3:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        with counts("watch_seconds_count", 1):
            held.set()
            await asyncio.gather(*busy)
            await socket.until(lambda frame: frame.get("re") == 5)
        assert counted("replays_waiting") == 0


@pytest.mark.engine("sqlite")
async def test_a_right_that_ends_is_counted_with_the_time_that_took() -> None:
    receptionist = await in_db(world.a_receptionist)
    async with signed_in(receptionist) as socket:
        await socket.watch(DESK)
        with counts("watches_revoked_total", 1), counts("rights_recheck_seconds_count", 1):
            await in_db(change_role, receptionist, Role.PATIENT)
            await socket.until(lambda frame: frame.get("op") == "revoked")
            await socket.ping()


@pytest.mark.engine("sqlite")
async def test_a_close_is_counted_by_who_closed_and_why() -> None:
    pair = await in_db(lambda: world.tokens(world.a_patient()))
    ended = {"by": "server", "code": "4401", "reason": "session_ended"}
    left = {"by": "client", "code": "1000", "reason": ""}
    with counts("socket_connects_total", 2), counts("socket_closes_total", 1, **ended):
        async with connect(token=pair.access) as socket:
            assert counted("sockets_signed_in") == 1
            await in_db(lambda: end_session(session_of(pair.access).pk))
            await goodbye(socket)
        with counts("socket_closes_total", 1, **left):
            async with connect():
                pass
    assert counted("sockets_signed_in") == 0


async def test_a_commit_that_others_cannot_be_told_of_is_counted(redis: Redis) -> None:
    async with signed_in() as socket:
        await socket.watch(TOPIC)
        redis.stop()
        before = counted("nudges_lost_total")
        await in_db(move, 1)
        await everything_sent(socket, TOPIC, 1)  # in this process, it is heard all the same
        async with asyncio.timeout(10):
            while counted("nudges_lost_total") == before:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
