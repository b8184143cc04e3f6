"""One hub per process: which topics its sockets watch, and who wakes them when.

It is woken by nudges (fast, may be lost), and by the sweep, which every two seconds asks the database
for the heads of all watched topics in one query: with Redis dead, events are late and nothing else.
"""

import asyncio
import contextlib
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextvars import Context
from typing import TYPE_CHECKING, Final

import structlog
from channels.layers import get_channel_layer
from django.conf import settings
from django.db import DatabaseError

from clinic import metrics
from clinic.journal import Announcement
from clinic.queries.rights import rights_now
from clinic.topics import Topic, TopicKind
from realtime import fast_line
from realtime.presence import Presence
from realtime.pump import Feed, Reader
from realtime.reads import LIVE_THREADS, Pool, heads

if TYPE_CHECKING:
    from realtime.consumer import ClinicSocket

log = structlog.get_logger(__name__)
TICK_SECONDS: Final = 1.0
RETRY_SECONDS: Final = 1.0
# So many sockets are looked at before events have their turn.
AT_ONCE: Final = 50


class Hub:
    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.reads = Pool(LIVE_THREADS, "reads")
        self.replays = Pool(settings.REPLAYS_AT_ONCE, "replays")
        self._reader = Reader(self.reads)
        self.feeds: dict[str, Feed] = {}
        self.presence = Presence(
            self.feeds,
            self.reads,
            tell_others=fast_line.publish_presence if settings.REDIS_URL is not None else None,
        )
        self.sockets: set[ClinicSocket] = set()
        self._by_person: defaultdict[int, set[ClinicSocket]] = defaultdict(set)
        self.unauthenticated: Counter[str] = Counter()
        duties = [
            self._sweep_for_ever,
            self._tick_for_ever,
            self._look_for_ever,
            self._renew_for_ever,
        ]
        if settings.REDIS_URL is not None:
            duties.append(_FastLine(self).listen_for_ever)
        self._tasks = [self.loop.create_task(duty()) for duty in duties]

    # -- watching ---------------------------------------------------------------------------------

    def feed(self, topic: Topic) -> Feed:
        """The feed of a topic, which from now on is woken."""
        name = str(topic)
        if name not in self.feeds:
            self.feeds[name] = Feed(
                topic,
                reader=self._reader,
                replays=self.replays,
                empty=self._drop_feed,
                # Only who reads the same record learns of the others.
                changed=self.presence.changed if topic.kind is TopicKind.RECORD else None,
            )
        return self.feeds[name]

    def admit(self, socket: "ClinicSocket") -> list["ClinicSocket"]:
        """Count a signed-in socket; the oldest ones of its person that are too many are given back."""
        self.sockets.add(socket)
        self._by_person[socket.viewer.pk].add(socket)
        theirs = sorted(self._by_person[socket.viewer.pk], key=lambda one: one.authenticated_at)
        return theirs[: -settings.SOCKETS_PER_PERSON]

    def forget(self, socket: "ClinicSocket") -> None:
        self.sockets.discard(socket)
        theirs = self._by_person[socket.viewer.pk]
        theirs.discard(socket)
        if not theirs:
            del self._by_person[socket.viewer.pk]

    def _drop_feed(self, feed: Feed) -> None:
        name = str(feed.topic)
        if self.feeds.get(name) is feed:
            del self.feeds[name]

    # -- being woken ------------------------------------------------------------------------------

    def hear(self, announcement: Announcement) -> None:
        metrics.NUDGES_HEARD.inc()
        for topic, seq in announcement.heads.items():
            self.wake(topic, seq)
        for person in announcement.people:
            self.recheck_person(person)
            self.presence.recheck_person(person)

    def wake(self, topic: str, seq: int) -> None:
        feed = self.feeds.get(topic)
        if feed is not None:
            feed.wake(seq)

    def recheck_person(self, person_id: int) -> None:
        """Somebody's sessions or rights have changed: look at their sockets at once."""
        if person_id in self._by_person:
            recheck = self.loop.create_task(self._recheck(list(self._by_person[person_id])))
            recheck.add_done_callback(metrics.from_now_on(metrics.RIGHTS_RECHECK))

    async def wake_all(self) -> None:
        """Ask the database where everything stands."""
        if self.feeds:
            found = await self.reads.run(heads, list(self.feeds))
            metrics.SWEEP_HITS.inc(sum(self._is_behind(*head) for head in found.items()))
            for topic, seq in found.items():
                self.wake(topic, seq)

    def _is_behind(self, topic: str, seq: int) -> bool:
        """Whether no nudge has told of this. A feed that has just been made stands at 0, and expects none."""
        feed = self.feeds.get(topic)
        return feed is not None and 0 < feed.head < seq

    async def _recheck(self, sockets: list["ClinicSocket"]) -> None:
        with contextlib.suppress(DatabaseError):  # the sweep will ask again
            topics = {sub.topic for one in sockets for sub in one.subscriptions.values()}
            rights = await self.reads.run(rights_now, {one.session_id for one in sockets}, topics)
            async for socket in _unhurried(sockets):
                await socket.apply_rights(rights)

    async def _sweep_for_ever(self) -> None:
        await self._for_ever("sweep", settings.SWEEP_SECONDS, self._sweep)

    async def _sweep(self) -> None:
        await self.wake_all()
        if self.sockets:
            await self._recheck(list(self.sockets))

    async def _look_for_ever(self) -> None:
        await self._for_ever("presence", settings.SWEEP_SECONDS, self.presence.look)

    async def _renew_for_ever(self) -> None:
        await self._for_ever(
            "presence_renewal", settings.PRESENCE_RENEWAL_SECONDS, self.presence.renew
        )

    async def _tick_for_ever(self) -> None:
        await self._for_ever("tick", TICK_SECONDS, self._tick)

    async def _tick(self) -> None:
        async for socket in _unhurried(self.sockets):
            await socket.tick()

    async def _for_ever(
        self, name: str, seconds: float, duty: Callable[[], Awaitable[None]]
    ) -> None:
        while True:
            await asyncio.sleep(seconds)
            try:
                await duty()
            except DatabaseError as error:
                log.warning("hub_duty_failed", duty=name, error=type(error).__name__)
            except Exception:
                # A mistake in one round must not leave every socket without sweeps.
                log.exception("hub_duty_failed", duty=name)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.presence.close()
        await self.loop.run_in_executor(None, self.reads.close)
        await self.loop.run_in_executor(None, self.replays.close)


async def _unhurried(sockets: Iterable["ClinicSocket"]) -> AsyncIterator["ClinicSocket"]:
    """All of these, letting events pass in between."""
    for number, socket in enumerate(list(sockets), 1):
        yield socket
        if number % AT_ONCE == 0:
            await asyncio.sleep(0)


class _FastLine:
    """The Redis group in which all processes tell of their commits, joined until it works again."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def listen_for_ever(self) -> None:
        while True:
            try:
                await self._listen()
            except Exception as error:  # noqa: BLE001 (Redis may fail in any way it likes)
                log.warning("fast_line_down", error=type(error).__name__)
                await self._forget()
                await asyncio.sleep(RETRY_SECONDS)

    async def _forget(self) -> None:
        """A channel that nobody reads any more stays in its group, and all that is said there in memory."""
        layer = get_channel_layer()
        assert layer is not None
        with contextlib.suppress(Exception):
            async with asyncio.timeout(fast_line.PUBLISH_SECONDS):
                await layer.flush()

    async def _listen(self) -> None:
        layer = get_channel_layer()
        assert layer is not None
        channel = await layer.new_channel()
        await layer.group_add(fast_line.GROUP, channel)
        # What was published before we had joined reached nobody here.
        with contextlib.suppress(DatabaseError):
            await self._hub.wake_all()
        while True:
            message = await layer.receive(channel)
            if "viewed" in message:
                self._hub.presence.hear(message["process"], message["viewed"])
            elif message.get("process") != self._hub.presence.process:
                self._hub.hear(Announcement(message["heads"], frozenset(message["people"])))


class _Process:
    """What this process has one of."""

    hub: Hub | None = None


metrics.SOCKETS_SIGNED_IN.set_function(lambda: len(_Process.hub.sockets) if _Process.hub else 0)
metrics.REPLAYS_WAITING.set_function(lambda: _Process.hub.replays.waiting if _Process.hub else 0)


def this_hub() -> Hub:
    """The hub of the running loop, made on first use."""
    hub = _Process.hub
    if hub is None or hub.loop is not asyncio.get_running_loop():
        hub = _Process.hub = Hub()
    return hub


def running_loop() -> asyncio.AbstractEventLoop | None:
    """The loop of this process's hub, if there is one that runs."""
    hub = _Process.hub
    return hub.loop if hub is not None and hub.loop.is_running() else None


def wake_from_thread(announcement: Announcement) -> str:
    """Let this process's hub hear of a commit, from whatever thread it was made in.

    The process by the name that its hub goes by; empty if there is none that hears.
    """
    hub = _Process.hub
    if hub is not None and hub.loop.is_running():
        with contextlib.suppress(RuntimeError):  # the loop was closed between the two looks
            # An empty context: what the hub does from here on is no part of that request.
            hub.loop.call_soon_threadsafe(hub.hear, announcement, context=Context())
            return hub.presence.process
    return ""


async def close_hub() -> None:
    """Stop the hub of the running loop; for processes that end in good order, and for tests."""
    hub, _Process.hub = _Process.hub, None
    if hub is not None and hub.loop is asyncio.get_running_loop():
        await hub.close()
