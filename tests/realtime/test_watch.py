"""Watching a topic: from where, what is told, and that nothing is missing, doubled or out of order."""

import asyncio
import random
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from clinic import clock
from clinic.models import Entry, Epoch, Session
from realtime import hub as hubs
from tests import world
from tests.clients import Socket
from tests.realtime.stage import (
    away,
    cut_connections,
    everything_sent,
    hub_here,
    in_db,
    in_thread,
    move,
    signed_in,
)

pytestmark = pytest.mark.usefixtures("hub")
TOPIC = "slots.1"


def forget_up_to(seq: int) -> None:
    Entry.objects.filter(topic=TOPIC, seq__lte=seq).delete()


async def live(socket: Socket, topic: str = TOPIC) -> int:
    frame = await socket.until(lambda one: one.get("op") == "live" and one["topic"] == topic)
    seq = frame["seq"]
    assert isinstance(seq, int)
    return seq


def order(socket: Socket) -> list[Any]:
    """What came after the sign-in, in short."""
    return [frame.get("seq", frame.get("mode", frame.get("op"))) for frame in socket.frames[2:]]


# -- from where ----------------------------------------------------------------------------------------


async def test_a_fresh_watch_begins_at_the_head() -> None:
    await in_db(move, 1, 3)
    async with signed_in() as socket:
        reply = await socket.watch(TOPIC)
        assert await live(socket) == 3
        await in_db(move, 1, 2)
        await everything_sent(socket, TOPIC, 5)

    epoch = await in_db(lambda: str(Epoch.objects.get().value))
    assert (reply["topic"], reply["head"], reply["mode"]) == (TOPIC, 3, "fresh")
    assert reply["epoch"] == epoch
    assert order(socket) == ["fresh", 3, 4, 5]


async def test_a_resumed_watch_tells_what_is_missing_then_says_so_then_goes_on() -> None:
    await in_db(move, 1, 5)
    async with signed_in() as socket:
        reply = await socket.watch(TOPIC, since=2)
        assert await live(socket) == 5
        await in_db(move, 1)
        await everything_sent(socket, TOPIC, 6)

    assert (reply["head"], reply["mode"]) == (5, "resumed")
    assert order(socket) == ["resumed", 3, 4, 5, 5, 6]
    assert socket.frames[6]["op"] == "live"


async def test_resuming_at_the_head_misses_nothing() -> None:
    await in_db(move, 1, 5)
    async with signed_in() as socket:
        assert (await socket.watch(TOPIC, since=5))["mode"] == "resumed"
        assert await live(socket) == 5
        await in_db(move, 1)
        assert await everything_sent(socket, TOPIC, 6) == [6]


async def test_a_topic_that_never_had_an_event_can_be_watched_from_its_beginning() -> None:
    async with signed_in() as socket:
        assert (await socket.watch(TOPIC, since=0))["mode"] == "resumed"
        assert await live(socket) == 0
        await in_db(move, 1)
        assert await everything_sent(socket, TOPIC, 1) == [1]


async def test_replayed_and_live_events_are_identical() -> None:
    async with signed_in() as first, signed_in() as second:
        await first.watch(TOPIC)
        await in_db(move, 1, 3)
        await everything_sent(first, TOPIC, 3)
        await second.watch(TOPIC, since=0)
        await everything_sent(second, TOPIC, 3)

    assert first.events() == second.events()


async def test_the_same_fact_in_two_topics_has_the_same_id() -> None:
    doctor = await in_db(world.a_doctor)
    patient = await in_db(world.a_patient)
    async with signed_in(doctor.person) as socket, signed_in(patient) as other:
        await socket.watch(f"calendar.{doctor.pk}")
        await other.watch(f"user.{patient.pk}")
        await in_db(world.book, doctor, patient)
        one = await socket.next_event(type="appointment.booked")
        two = await other.next_event(type="appointment.booked")

    assert one["id"] == two["id"]
    assert one["data"]["id"] == two["data"]["id"]


async def test_what_is_no_longer_kept_is_a_reset_and_never_a_partial_replay() -> None:
    await in_db(move, 1, 5)
    await in_db(forget_up_to, 2)
    async with signed_in() as socket:
        for since in (0, 1):
            reply = await socket.watch(TOPIC, since=since)
            assert (reply["mode"], reply["reason"], reply["head"]) == ("reset", "too_old", 5)
        await in_db(move, 1)
        await socket.ping()
        await asyncio.sleep(0.1)
        assert socket.events() == []
        assert not hub_here().feeds  # it is not watched


async def test_the_oldest_number_that_can_be_resumed_from() -> None:
    await in_db(move, 1, 5)
    await in_db(forget_up_to, 2)
    async with signed_in() as socket:
        assert (await socket.watch(TOPIC, since=2))["mode"] == "resumed"
        assert await everything_sent(socket, TOPIC, 5) == [3, 4, 5]


async def test_a_topic_of_which_nothing_is_kept_resumes_at_its_head_only() -> None:
    await in_db(move, 1, 5)
    await in_db(forget_up_to, 5)
    async with signed_in() as socket:
        assert (await socket.watch(TOPIC, since=4))["reason"] == "too_old"
        assert (await socket.watch(TOPIC, since=5))["mode"] == "resumed"
        await in_db(move, 1)
        assert await everything_sent(socket, TOPIC, 6) == [6]


async def test_a_number_beyond_the_head_is_a_reset() -> None:
    await in_db(move, 1, 3)
    async with signed_in() as socket:
        for since in (4, 10**15, 10**30):
            reply = await socket.watch(TOPIC, since=since)
            assert (reply["mode"], reply["reason"]) == ("reset", "ahead")


async def test_another_epoch_is_a_reset_whatever_the_number() -> None:
    await in_db(move, 1, 3)
    async with signed_in() as socket:
        for since in (None, 0, 3, 99):
            reply = await socket.watch(TOPIC, since=since, epoch="00000000-aaaa")
            assert (reply["mode"], reply["reason"]) == ("reset", "other_epoch")


async def test_after_a_reset_one_loads_and_watches_again() -> None:
    await in_db(move, 1, 5)
    await in_db(forget_up_to, 4)
    async with signed_in() as socket:
        reply = await socket.watch(TOPIC, since=1)
        assert reply["mode"] == "reset"
        again = await socket.watch(TOPIC, since=reply["head"], epoch=reply["epoch"])
        assert again["mode"] == "resumed"
        await in_db(move, 1)
        assert await everything_sent(socket, TOPIC, 6) == [6]


async def test_what_expires_during_a_long_replay_is_told_as_a_reset(settings: Any) -> None:
    settings.REPLAY_PAGE = 10
    settings.SOCKET_ACK_WINDOW = 10
    await in_db(move, 1, 30)
    async with signed_in() as socket:
        await socket.watch(TOPIC, since=0)
        await everything_sent(socket, TOPIC, 10)
        await in_db(forget_up_to, 15)
        await socket.ack()
        reset = await socket.until(lambda frame: frame.get("op") == "reset")
        assert (reset["topic"], reset["reason"]) == (TOPIC, "too_old")
        await in_db(move, 1)
        await socket.silence(0.1)
        assert [one["seq"] for one in socket.events()] == list(range(1, 11))
        assert (await socket.watch(TOPIC, since=31))["mode"] == "resumed"
        await in_db(move, 1)
        assert (await everything_sent(socket, TOPIC, 32))[-1] == 32


# -- what may be watched -----------------------------------------------------------------------------------


async def test_what_one_may_not_watch_and_what_does_not_exist_are_the_same_answer() -> None:
    doctor = await in_db(world.a_doctor)
    other = await in_db(world.a_patient)
    names = [
        f"user.{other.pk}", "user.999999", f"calendar.{doctor.pk}", "calendar.999999", "desk",
        "record.1", "records.1", "user", "user.", "user.0", "user.01", "user.-1", "user.1.1", "user. 1",
        "USER.1", "", " ", "*", "user.*", "slots.*", "slots.", "user.\x00", "desk.1", "user.1\n",
        "slots." + "9" * 50,
    ]  # fmt: skip
    async with signed_in() as socket:
        refusals = [(await socket.command("watch", topic=name))["error"] for name in names]
        assert not hub_here().feeds

    assert {refusal["code"] for refusal in refusals} == {"no_such_topic"}
    assert len({str(refusal) for refusal in refusals}) == 1


async def test_a_topic_has_one_name() -> None:
    """Other digits are numbers to Python; to us a topic spelled with them is none."""
    async with signed_in() as socket:
        for _ in range(3):
            reply = await socket.command("watch", topic="slots.1\u0662")
            assert reply["error"]["code"] == "no_such_topic"


async def test_one_unwatches_and_hears_no_more() -> None:
    async with signed_in() as socket:
        await socket.watch(TOPIC)
        await in_db(move, 1)
        await everything_sent(socket, TOPIC, 1)
        await socket.unwatch(TOPIC)
        assert not hub_here().feeds
        await in_db(move, 1)
        await socket.silence(0.1)


async def test_what_is_not_watched_cannot_be_unwatched() -> None:
    async with signed_in() as socket:
        for name in (TOPIC, "user.1", "nonsense"):
            assert (await socket.command("unwatch", topic=name))["error"]["code"] == "no_such_topic"


@pytest.mark.parametrize("since", [None, 2])
async def test_watching_again_starts_over_and_goes_on(since: int | None) -> None:
    """The first watch's feed is the second's: leaving the one must not silence the other."""
    await in_db(move, 1, 3)
    async with signed_in() as socket:
        await socket.watch(TOPIC)
        assert await live(socket) == 3
        await socket.watch(TOPIC, since=since)
        assert await live(socket) == 3
        await in_db(move, 1)
        await everything_sent(socket, TOPIC, 4)
        assert list(hub_here().feeds) == [TOPIC]
        assert len(hub_here().feeds[TOPIC].subscriptions) == 1


async def test_a_socket_watches_so_many_topics_and_no_more(settings: Any) -> None:
    settings.SOCKET_TOPICS = 3
    async with signed_in() as socket:
        for number in (1, 2, 3):
            await socket.watch(f"slots.{number}")
        refusal = await socket.command("watch", topic="slots.4")
        assert refusal["error"]["code"] == "too_many_topics"
        await socket.watch("slots.3")  # once more is not one more
        await socket.unwatch("slots.1")
        await socket.watch("slots.4")


async def test_too_many_replays_at_once_are_told_to_come_back(settings: Any) -> None:
    settings.REPLAYS_WAITING = 0
    async with signed_in() as socket:
        error = (await socket.command("watch", topic=TOPIC))["error"]

    assert (error["code"], error["retryable"]) == ("overloaded", True)
    assert error["retry_after_ms"] > 0


# -- nothing missing, doubled or out of order -----------------------------------------------------------------


async def test_events_committed_while_a_watch_begins_come_after_its_answer(settings: Any) -> None:
    """The feed is woken before the database says where the topic stands: nothing may be sent yet."""
    settings.SOCKET_COMMAND_BURST = 100
    await in_db(move, 1, 20)
    async with signed_in() as socket, signed_in() as other:
        await other.watch(TOPIC)
        for turn in range(20):
            since = None if turn % 2 else 5
            commits = asyncio.create_task(in_thread(move, 1))
            for _ in range(5):
                hub_here().wake(TOPIC, 20 + turn)  # as a nudge of another process would
                await asyncio.sleep(0)
            watch = asyncio.create_task(socket.watch(TOPIC, since=since))
            for _ in range(20):
                hub_here().wake(TOPIC, 20 + turn)
                await asyncio.sleep(0.0005)
            await watch
            await commits
            await everything_sent(socket, TOPIC, 21 + turn)
            await socket.ack()
            await socket.unwatch(TOPIC)


async def test_a_long_replay_misses_nothing_that_is_written_meanwhile(settings: Any) -> None:
    settings.REPLAY_PAGE = 20
    settings.SOCKET_ACK_WINDOW = 50
    chance = random.Random(20261121)
    await in_db(move, 1, 250)
    total = 250

    async def write(count: int) -> None:
        for _ in range(count):
            await in_thread(move, 1, 2)
            await asyncio.sleep(chance.random() / 200)

    async with signed_in() as one, signed_in() as two, signed_in() as three:
        writers = asyncio.gather(write(30), write(30))
        total += 2 * 2 * 30
        await one.watch(TOPIC, since=0)
        await two.watch(TOPIC, since=200)
        await three.watch(TOPIC)
        start = three.last_seq[TOPIC]

        async def read(socket: Socket) -> list[int]:
            acknowledged = 0
            while socket.last_seq[TOPIC] < total:
                await socket.next_event(TOPIC)
                behind = socket.last_seq[TOPIC] - acknowledged
                if behind > 25 or (behind and chance.random() < 0.1):
                    acknowledged = socket.last_seq[TOPIC]
                    await socket.ack()
            return [event["seq"] for event in socket.events(TOPIC)]

        seqs = await asyncio.gather(read(one), read(two), read(three))
        await writers

    assert seqs[0] == list(range(1, total + 1))
    assert seqs[1] == list(range(201, total + 1))
    assert seqs[2] == list(range(start + 1, total + 1))


async def test_a_page_is_read_once_for_all_who_watch(monkeypatch: pytest.MonkeyPatch) -> None:
    async with signed_in() as one, signed_in() as two, signed_in() as three:
        for socket in (one, two, three):
            await socket.watch(TOPIC)
            await live(socket)
        reads: list[Any] = []
        pool = hub_here().reads
        run = pool.run

        async def counted(read: Any, *args: Any) -> Any:
            reads.append(read.__name__)
            return await run(read, *args)

        monkeypatch.setattr(pool, "run", counted)
        await in_db(move, 1, 3)
        for socket in (one, two, three):
            assert await everything_sent(socket, TOPIC, 3) == [1, 2, 3]

    assert reads.count("next_deliveries") == 1


async def test_a_watch_says_live_once_even_when_its_window_filled_first(settings: Any) -> None:
    settings.SOCKET_ACK_WINDOW = 4
    await in_db(move, 1, 10)
    async with signed_in() as socket:
        await socket.watch(TOPIC, since=0)
        for seq in (4, 8, 10):
            await everything_sent(socket, TOPIC, seq)
            await socket.ack()
        assert await live(socket) == 10
        await in_db(move, 1, 6)
        await everything_sent(socket, TOPIC, 14)
        await socket.ack()
        await everything_sent(socket, TOPIC, 16)
        assert [frame.get("op") for frame in socket.frames].count("live") == 1


# -- heartbeats -----------------------------------------------------------------------------------------------


async def test_an_idle_socket_is_told_the_heads(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hubs, "TICK_SECONDS", 0.05)
    settings.SOCKET_HEARTBEAT_SECONDS = 1
    await in_db(move, 1, 3)
    async with signed_in() as socket:
        await socket.watch(TOPIC, since=3)
        await socket.watch("slots.2")
        await live(socket, "slots.2")
        begun = asyncio.get_running_loop().time()
        beat = await socket.until(lambda frame: frame.get("op") == "hb")
        assert beat["heads"] == {TOPIC: 3, "slots.2": 0}
        assert 0.8 < asyncio.get_running_loop().time() - begun < 2
        await socket.until(lambda frame: frame.get("op") == "hb")


async def test_a_busy_socket_has_no_heartbeats(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hubs, "TICK_SECONDS", 0.05)
    settings.SOCKET_HEARTBEAT_SECONDS = 1
    settings.SOCKET_COMMAND_BURST = 100
    async with signed_in() as socket:
        for _ in range(6):
            await asyncio.sleep(0.25)
            await socket.ping()
        assert all(frame.get("op") != "hb" for frame in socket.frames)


# -- without nudges ---------------------------------------------------------------------------------------------


async def test_without_nudges_the_sweep_delivers_in_order_once(settings: Any) -> None:
    settings.EVENT_SINKS = []
    settings.SWEEP_SECONDS = 0.3
    async with signed_in() as one, signed_in() as two:
        await one.watch(TOPIC)
        await two.watch(TOPIC)
        for turn in range(3):
            await in_db(move, 1, 5)
            committed = clock.now()
            for socket in (one, two):
                await everything_sent(socket, TOPIC, 5 * (turn + 1))
            assert clock.now() - committed < timedelta(seconds=1.5)
        for socket in (one, two):
            assert [event["seq"] for event in socket.events()] == list(range(1, 16))


async def test_reads_that_fail_are_made_up_for(settings: Any) -> None:
    settings.SWEEP_SECONDS = 0.2
    async with signed_in() as one, signed_in() as two:
        await one.watch(TOPIC)
        await live(one)
        async with away(Session):
            await in_db(move, 1, 3)
            await in_db(move, 2, 3)
            refused = await two.command("watch", topic="slots.2", since=0)
            assert refused["error"]["code"] == "unavailable"
            assert refused["error"]["retryable"]
            await one.silence(0.5)
        assert await everything_sent(one, TOPIC, 3) == [1, 2, 3]
        await two.watch("slots.2", since=0)
        assert await everything_sent(two, "slots.2", 3) == [1, 2, 3]


@pytest.fixture
def own_connection_after(transactional_db: None) -> Iterator[None]:
    """The test's own connection is cut with the others, and so are those that rest in the pool."""
    yield
    connection.close()
    connection.pool.check()  # type: ignore[attr-defined]


@pytest.mark.engine("postgres")
async def test_connections_that_died_are_replaced(
    settings: Any, own_connection_after: None
) -> None:
    settings.SWEEP_SECONDS = 0.2
    async with signed_in() as socket:
        await socket.watch(TOPIC)
        await live(socket)
        for turn in range(3):
            await in_db(move, 1, 3)
            await everything_sent(socket, TOPIC, 3 * (turn + 1), seconds=40)
            await in_db(cut_connections)
        await in_db(move, 1)
        # The pool gives itself five seconds to find one that lives, and is asked twice.
        assert await everything_sent(socket, TOPIC, 10, seconds=40) == list(range(1, 11))
    await hubs.close_hub()  # its dead connections go back into the pool before that is checked


async def test_an_event_that_cannot_be_read_is_a_gap_and_a_gap_is_a_reset(
    errors: list[str],
) -> None:
    await in_db(move, 1, 6)
    entries = Entry.objects.filter(topic=TOPIC)
    await in_db(entries.filter(seq=4).update, seal=uuid.uuid4())
    async with signed_in() as socket:
        await socket.watch(TOPIC, since=1)
        reset = await socket.until(lambda frame: frame.get("op") == "reset")
        assert reset["topic"] == TOPIC
        assert [event["seq"] for event in socket.events()] == [2, 3]
        await socket.watch(TOPIC, since=6)
        await in_db(move, 1)
        assert (await everything_sent(socket, TOPIC, 7))[-1] == 7
    assert all("entry_unreadable" in error for error in errors)
    assert errors
    errors.clear()
