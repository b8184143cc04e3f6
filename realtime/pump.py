"""Feeds and subscriptions: what is read once is sent to each of its watchers, in order, once."""

import asyncio
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, Protocol, Self

import structlog
from django.db import DatabaseError

from clinic import metrics
from clinic.queries.sessions import Viewer
from clinic.topics import Topic
from realtime.frames import Live, ReadyFrame, Reset, Revoked
from realtime.reads import Delivery, Pool, next_deliveries, next_delivery

log = structlog.get_logger(__name__)
TOPICS_PER_READ: Final = 64


class Socket(Protocol):
    """What a subscription needs of its socket."""

    session_id: uuid.UUID
    viewer: Viewer

    async def send_text(self, text: str) -> None: ...
    async def send_event(self, event: ReadyFrame) -> None: ...
    def has_room(self) -> bool: ...
    def sent_events(self, count: int) -> None: ...
    def drop(self, subscription: "Subscription") -> None: ...


class Subscription:
    """One socket watching one topic.

    It only ever sends the event numbered `cursor + 1`, so order and uniqueness do not depend on who calls
    it, how often, or when. Either it is live, and its feed hands it what the feed has just read; or it
    catches up from the database by itself, as after a resume or while its socket does not acknowledge.
    Until `begin` it only keeps its feed awake.
    """

    def __init__(self, socket: Socket, feed: "Feed") -> None:
        self.socket = socket
        self.feed = feed
        self.cursor = 0
        self.acked = 0
        self.live = False
        self.closed = False
        self.begun = False
        self._said_live = False
        self._shown_present = ""
        self._catching_up: asyncio.Task[None] | None = None

    @property
    def topic(self) -> Topic:
        return self.feed.topic

    def begin(self, cursor: int) -> None:
        """The client has its answer: from here on it gets what comes after `cursor`."""
        self.cursor = self.acked = cursor
        self.begun = True
        self.catch_up()
        self.feed.viewers_changed()

    def catch_up(self) -> None:
        """Read on from the cursor until nothing is missing, then go live. Does nothing if under way."""
        if self.begun and self._lags and self._catching_up is None:
            self._catching_up = asyncio.create_task(self._catch_up())

    async def push(self, frames: list[ReadyFrame]) -> None:
        """Send what comes next of these; whatever cannot be sent now is read again later."""
        for frame in frames:
            if self.closed or frame.seq <= self.cursor:
                continue
            if frame.seq != self.cursor + 1 or not self.socket.has_room():
                metrics.ACK_PAUSES.inc(frame.seq == self.cursor + 1)
                self.live = False
                return
            self.cursor = frame.seq
            self.socket.sent_events(1)
            await self.socket.send_event(frame)

    async def revoke(self) -> None:
        """The right has ended: say so, and send nothing of this topic from here on."""
        if not self.closed:
            self.close()
            self.socket.drop(self)
            metrics.REVOKED.inc()
            await self.socket.send_text(Revoked(topic=str(self.topic)).text())

    async def reset(self) -> None:
        """What comes next is no longer kept: never a partial replay."""
        if not self.closed:
            self.close()
            self.socket.drop(self)
            metrics.RESETS.inc()
            await self.socket.send_text(Reset(topic=str(self.topic)).text())

    async def show_present(self, text: str) -> None:
        """Say who is watching, unless that was the last that was said."""
        if not self.closed and text != self._shown_present:
            self._shown_present = text
            await self.socket.send_text(text)

    def close(self) -> None:
        self.closed = True
        self.live = False
        self.feed.leave(self)
        self.feed.viewers_changed()
        task, self._catching_up = self._catching_up, None
        if task is not None and task is not asyncio.current_task():
            task.cancel()

    @property
    def _lags(self) -> bool:
        return not self.closed and not self.live and self.socket.has_room()

    async def _catch_up(self) -> None:
        try:
            while self._lags:
                if self.feed.take_live(self):
                    await self._say_live()
                else:
                    await self._replay_page()
        except DatabaseError as error:
            # The sweep finds this subscription behind and starts again.
            log.warning("replay_failed", topic=str(self.topic), error=type(error).__name__)
        finally:
            if self._catching_up is asyncio.current_task():
                self._catching_up = None

    async def _say_live(self) -> None:
        if not self._said_live:
            self._said_live = True
            await self.socket.send_text(Live(topic=str(self.topic), seq=self.cursor).text())

    async def _replay_page(self) -> None:
        delivery = await self.feed.replays.run(
            next_delivery, self.topic, self.cursor, self.socket.session_id
        )
        if not delivery.is_for(self.socket.session_id):
            await self.revoke()
        elif not delivery.frames or delivery.frames[0].seq != self.cursor + 1:
            await self.reset()
        else:
            before = self.cursor
            await self.push(delivery.frames)
            metrics.EVENTS_DELIVERED.inc(self.cursor - before)


class Reader:
    """Reads for all feeds of a hub what is due, together: one commit is one read, and so are many."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._due: set[Feed] = set()
        self._reading: asyncio.Task[None] | None = None

    def want(self, feed: "Feed") -> None:
        self._due.add(feed)
        if self._reading is None:
            self._reading = asyncio.create_task(self._read_on())

    async def _read_on(self) -> None:
        try:
            while self._due:
                due = [self._due.pop() for _ in range(min(len(self._due), TOPICS_PER_READ))]
                # Who was woken twice, as by a nudge that came over Redis too, may have been served.
                if feeds := [feed for feed in due if feed.is_due]:
                    await self._read(feeds)
        except DatabaseError as error:
            # The sweep finds these feeds behind and asks again.
            self._due.clear()
            log.warning("feed_read_failed", error=type(error).__name__)
        finally:
            self._reading = None

    async def _read(self, feeds: list["Feed"]) -> None:
        sessions = {session for feed in feeds for session in feed.live_sessions()}
        after = {feed.topic: feed.tail for feed in feeds}
        deliveries = await self._pool.run(next_deliveries, after, sessions)
        for feed in feeds:
            await feed.hand_on(deliveries[feed.topic])
            if feed.is_due:
                self._due.add(feed)


class Feed:
    """One topic that sockets of this process watch: read once for all that are live.

    `tail` is the last number handed to the live ones, `head` the last one known to exist.
    """

    def __init__(
        self,
        topic: Topic,
        *,
        reader: Reader,
        replays: Pool,
        empty: Callable[["Feed"], None],
        changed: Callable[[str], None] | None = None,
    ) -> None:
        self.topic = topic
        self.head = 0
        self.tail = 0
        self.reader = reader
        self.replays = replays
        self.subscriptions: set[Subscription] = set()
        self._holders = 0
        self._waiting: set[asyncio.Event] = set()
        self._empty = empty
        self._changed = changed

    def join(self, subscription: Subscription) -> None:
        self.subscriptions.add(subscription)

    def leave(self, subscription: Subscription) -> None:
        self.subscriptions.discard(subscription)
        self._leave_if_empty()

    def take_live(self, subscription: Subscription) -> bool:
        """Let a subscription that misses nothing join the live ones; False if it must read on."""
        live = self._live()
        if not live and subscription.cursor >= self.head:
            self.tail = subscription.cursor
        elif subscription.cursor < self.tail or not live:
            return False
        subscription.live = True
        self.wake(self.head)
        return True

    def wake(self, head: int) -> None:
        """The topic is known to be at `head`: read and hand on what is new. Never lowers the head."""
        self.head = max(self.head, head)
        for event in self._waiting:
            event.set()
        for subscription in self.subscriptions:
            if not subscription.live and subscription.cursor < self.head:
                subscription.catch_up()
        if self.is_due:
            self.reader.want(self)

    @property
    def is_due(self) -> bool:
        return self.tail < self.head and any(one.live for one in self.subscriptions)

    def live_sessions(self) -> set[uuid.UUID]:
        return {one.socket.session_id for one in self._live()}

    @contextmanager
    def held(self) -> Iterator[Self]:
        """Awake for as long as somebody needs it who is no subscription."""
        self._holders += 1
        try:
            yield self
        finally:
            self._holders -= 1
            self._leave_if_empty()

    async def wait_beyond(self, seq: int, seconds: float) -> None:
        """Until the topic is known to be beyond `seq`, or the time is over."""
        moved = asyncio.Event()
        self._waiting.add(moved)
        try:
            async with asyncio.timeout(seconds):
                while self.head <= seq:
                    moved.clear()
                    await moved.wait()
        except TimeoutError:
            return
        finally:
            self._waiting.discard(moved)

    async def hand_on(self, delivery: Delivery) -> None:
        """Give the live ones what has been read after the tail."""
        live = self._live()
        # The tail moves before the first send: who becomes live from here on has read this page.
        self.tail = max(self.tail, delivery.frames[-1].seq if delivery.frames else self.head)
        self.head = max(self.head, self.tail)
        given = 0
        for subscription in live:
            before = subscription.cursor
            await self._give(subscription, delivery)
            given += subscription.cursor - before
        if given:
            metrics.delivered(given, delivery.frames[0].text)

    def watchers(self) -> list[Subscription]:
        """Those who have their answer, and so the right."""
        return [one for one in self.subscriptions if one.begun]

    def viewers_changed(self) -> None:
        if self._changed is not None:
            self._changed(str(self.topic))

    def _live(self) -> list[Subscription]:
        return [one for one in self.subscriptions if one.live]

    def _leave_if_empty(self) -> None:
        if not self.subscriptions and not self._holders:
            self._empty(self)

    async def _give(self, one: Subscription, delivery: Delivery) -> None:
        """Whoever these frames are not for, or do not follow on, goes and reads for itself."""
        if delivery.frames and delivery.is_for(one.socket.session_id):
            await one.push(delivery.frames)
        else:
            one.live = False
        one.catch_up()
