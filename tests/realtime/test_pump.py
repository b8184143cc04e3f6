"""The pump alone, under thousands of seeded schedules: never twice, never out of order, nothing missing.

The database is a list, whose reads see it at one moment and answer at another; a socket is a list,
whose sends may take their time. Wakes are lost, late and doubled; sockets come and go, stop
acknowledging, lose their right; old entries expire; reads fail.
"""

import asyncio
import random
import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import OperationalError

from clinic.queries.journal import Frame
from clinic.queries.rights import Rights
from clinic.queries.sessions import Viewer
from clinic.topics import slots_topic
from realtime.frames import ReadyFrame
from realtime.pump import Feed, Reader, Subscription
from realtime.reads import Delivery, Pool, next_delivery

TOPIC = slots_topic(1)
PAGE = 5
WINDOW = 7
ANYONE = Viewer(1, "PATIENT", is_active=True, is_approved=True)


@dataclass
class Journal:
    """What is committed. Reading takes two steps: looking, and telling."""

    head: int = 0
    first_kept: int = 1
    rights: set[uuid.UUID] = field(default_factory=set)
    reading: list[tuple[asyncio.Future[None], Callable[[], None]]] = field(default_factory=list)

    def look(self, after: int, sessions: Collection[uuid.UUID]) -> Delivery:
        seqs = range(max(after + 1, self.first_kept), self.head + 1)[:PAGE]
        frames = [ReadyFrame.of(Frame(seq, str(seq))) for seq in seqs]
        viewers = dict.fromkeys(self.rights & set(sessions), ANYONE)
        return Delivery(TOPIC, frames, Rights(viewers, {}))


class SlowPool(Pool):
    """Reads of the journal that begin, look and end when the schedule says so."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.waiting = 0

    async def run(self, read: Any, *args: Any, **kwargs: Any) -> Any:
        if read is next_delivery:
            _topic, after, session = args
            return await self._page(after, {session})
        [[topic, after]], sessions = args[0].items(), args[1]
        return {topic: await self._page(after, sessions)}

    async def _page(self, after: int, sessions: Collection[uuid.UUID]) -> Delivery:
        looked: list[Delivery] = []
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def look() -> None:
            looked.append(self.journal.look(after, sessions))

        self.journal.reading.append((done, look))
        await done
        return looked[0]


class ListSocket:
    """As ClinicSocket keeps its accounts, with a list for a wire."""

    def __init__(self, chance: random.Random) -> None:
        self.session_id = uuid.uuid4()
        self.viewer = ANYONE
        self.heard: list[str] = []
        self.unacked = 0
        self.subscription: Subscription | None = None
        self.most_unacked = 0
        self._chance = chance

    async def send_event(self, event: ReadyFrame) -> None:
        await self.send_text(event.text)

    async def send_text(self, text: str) -> None:
        self.heard.append(text)
        while self._chance.random() < 0.2:  # noqa: ASYNC110
            await asyncio.sleep(0)

    def has_room(self) -> bool:
        return self.unacked < WINDOW

    def sent_events(self, count: int) -> None:
        self.unacked += count
        self.most_unacked = max(self.most_unacked, self.unacked)

    def drop(self, subscription: Subscription) -> None:
        if self.subscription is subscription:
            self.subscription = None
            self.unacked -= subscription.cursor - subscription.acked

    # -- what its client does ---------------------------------------------------------------------

    def acknowledge(self) -> None:
        one = self.subscription
        if one is None or one.acked == one.cursor:
            return
        seq = self._chance.randint(one.acked + 1, one.cursor)
        self.unacked -= seq - one.acked
        one.acked = seq
        one.catch_up()

    def events(self) -> list[int]:
        return [int(text) for text in self.heard if text.isdigit()]


class Schedule:
    """One seeded run. Every action is one that may happen at any time."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.journal = Journal(head=self.chance.choice([0, 3, 12]))
        pool = SlowPool(self.journal)
        self.dropped = 0
        self.feed = Feed(TOPIC, reader=Reader(pool), replays=pool, empty=self._empty)
        self.anchor = Subscription(
            ListSocket(self.chance), self.feed
        )  # holds the feed, never begins
        self.feed.join(self.anchor)
        self.sockets: list[ListSocket] = []
        self.starts: dict[ListSocket, int] = {}
        self.left: dict[ListSocket, int] = {}

    def _empty(self, feed: Feed) -> None:
        self.dropped += 1

    # -- what may happen ----------------------------------------------------------------------------

    def commit(self) -> None:
        self.journal.head += self.chance.choice([1, 1, 1, 2, 9])

    def wake(self) -> None:
        self.feed.wake(self.chance.randint(0, self.journal.head))

    def wake_exactly(self) -> None:
        self.feed.wake(self.journal.head)

    def watch(self) -> None:
        if len(self.sockets) >= 6:
            return
        socket = ListSocket(self.chance)
        self.journal.rights.add(socket.session_id)
        subscription = socket.subscription = Subscription(socket, self.feed)
        self.feed.join(subscription)
        self.sockets.append(socket)
        since = self.chance.randint(self.journal.first_kept - 1, self.journal.head)
        self.starts[socket] = since
        self.feed.head = max(self.feed.head, self.journal.head)
        subscription.begin(since)

    def leave(self) -> None:
        if self.sockets and self.chance.random() < 0.3:
            socket = self.sockets.pop(self.chance.randrange(len(self.sockets)))
            if socket.subscription is not None:
                socket.subscription.close()
                self.left[socket] = len(socket.heard)

    def acknowledge(self) -> None:
        if self.sockets:
            self.chance.choice(self.sockets).acknowledge()

    def lose_right(self) -> None:
        if self.sockets and self.chance.random() < 0.1:
            self.journal.rights.discard(self.chance.choice(self.sockets).session_id)

    def expire(self) -> None:
        if self.chance.random() < 0.1:
            self.journal.first_kept = self.chance.randint(
                self.journal.first_kept, self.journal.head + 1
            )

    def read(self) -> None:
        """One read that is under way looks at the database, and ends now or a moment later."""
        if not self.journal.reading:
            return
        place = self.chance.randrange(len(self.journal.reading))
        done, look = self.journal.reading.pop(place)
        look()
        if self.chance.random() < 0.5:
            self._end(done)
        else:
            later = self.chance.randint(1, 20)
            asyncio.get_running_loop().call_soon(self._end_later, done, later)

    def fail(self) -> None:
        if self.journal.reading and self.chance.random() < 0.2:
            done, _look = self.journal.reading.pop()
            if not done.done():
                done.set_exception(OperationalError("away"))

    def _end_later(self, done: asyncio.Future[None], turns: int) -> None:
        if turns:
            asyncio.get_running_loop().call_soon(self._end_later, done, turns - 1)
        else:
            self._end(done)

    def _end(self, done: asyncio.Future[None]) -> None:
        if not done.done():
            done.set_result(None)

    # -- a run ---------------------------------------------------------------------------------------

    async def run(self, steps: int) -> None:
        actions = [
            self.commit, self.commit, self.wake, self.wake_exactly, self.watch, self.leave,
            self.acknowledge, self.acknowledge, self.lose_right, self.expire, self.fail,
            self.read, self.read, self.read, self.read,
        ]  # fmt: skip
        for _ in range(steps):
            self.chance.choice(actions)()
            for _ in range(self.chance.choice([0, 0, 1, 1, 3, 8])):
                await asyncio.sleep(0)
            for socket in self.sockets:
                self.check(socket)
        await self.come_to_rest()

    async def come_to_rest(self) -> None:
        """Reads end, everything is acknowledged, and the sweep comes round."""
        for _ in range(400):
            self.feed.wake(self.journal.head)
            while self.journal.reading:
                done, look = self.journal.reading.pop()
                look()
                self._end(done)
            for socket in self.sockets:
                socket.acknowledge()
            await asyncio.sleep(0)
        for socket in self.sockets:
            self.check(socket)
            if socket.subscription is not None:
                got = socket.events()
                want = list(range(self.starts[socket] + 1, self.journal.head + 1))
                assert got == want, f"{want} expected, {got} sent"
                assert socket.subscription.live
            else:
                assert socket.heard[-1].startswith(('{"op":"revoked"', '{"op":"reset"'))
        for socket, count in self.left.items():
            assert len(socket.heard) == count, "nothing comes after the client has left"
        assert all(one.socket in self.sockets for one in self.feed.subscriptions - {self.anchor})

    def check(self, socket: ListSocket) -> None:
        """What holds at every moment."""
        got = socket.events()
        start = self.starts[socket]
        assert got == list(range(start + 1, start + 1 + len(got))), f"after {start}: {got}"
        assert socket.most_unacked <= WINDOW
        one = socket.subscription
        assert socket.unacked == (0 if one is None else one.cursor - one.acked)
        ends = [i for i, text in enumerate(socket.heard) if "revoked" in text or "reset" in text]
        assert ends in ([], [len(socket.heard) - 1]), "nothing comes after the end"
        lives = sum('"live"' in text for text in socket.heard)
        assert lives <= 1


async def rehearse(seeds: range, steps: int) -> None:
    for seed in seeds:
        schedule = Schedule(seed)
        try:
            await schedule.run(steps)
        except AssertionError as failure:
            raise AssertionError(f"seed {seed}: {failure}") from failure
        for socket in schedule.sockets:
            if socket.subscription is not None:
                socket.subscription.close()
        assert schedule.feed.subscriptions == {schedule.anchor}
        schedule.anchor.close()
        assert schedule.dropped == 1


async def test_no_schedule_sends_twice_out_of_order_or_too_little() -> None:
    await rehearse(range(150), steps=120)


@pytest.mark.proof
async def test_no_schedule_of_very_many_does() -> None:
    await rehearse(range(1000, 30_000), steps=200)


async def test_a_right_that_ends_during_a_read_is_found_by_that_read() -> None:
    schedule = Schedule(1)
    schedule.journal.head = 3
    schedule.watch()
    socket = schedule.sockets[0]
    await schedule.come_to_rest()
    before = len(socket.events())

    schedule.journal.head += 1
    schedule.wake_exactly()
    await asyncio.sleep(0)
    schedule.journal.rights.clear()  # after the event, before the read has looked
    schedule.journal.head += 1
    await schedule.come_to_rest()

    assert len(socket.events()) == before
    assert "revoked" in socket.heard[-1]
