"""Who is watching the records that sockets of this process watch: told on every change, never kept.

Each process leases marks of its own viewers, all at once and never per socket, and reads those of the
others when it is nudged and at every sweep. What cannot be read leaves the lists as they were until the
leases run out; events never wait for any of this.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress

import structlog
from django.db import DatabaseError

from clinic import clock
from clinic.models import Person, Role
from clinic.queries.presence import present_people
from clinic.topics import Topic
from realtime import frames
from realtime.marks import Mark, StoreAway, shared_store
from realtime.pump import Feed, Subscription
from realtime.reads import Pool

log = structlog.get_logger(__name__)
TellOthers = Callable[[str, Collection[str]], Awaitable[None]]


class Presence:
    def __init__(
        self, feeds: Mapping[str, Feed], reads: Pool, *, tell_others: TellOthers | None
    ) -> None:
        self.process = secrets.token_hex(8)
        self._feeds = feeds
        self._reads = reads
        self._tell_others = tell_others
        self._marks = shared_store(self.process)
        self._viewed: set[str] = set()
        self._written: set[Mark] = set()
        self._elsewhere: dict[Mark, float] = {}
        self._shown: dict[str, frozenset[int]] = {}
        self._due: set[str] = set()
        self._turn = asyncio.Lock()
        self._work: asyncio.Task[None] | None = None

    # -- what makes it look -----------------------------------------------------------------------

    def changed(self, topic: str) -> None:
        """Somebody has come to this topic or left it."""
        self._due.add(topic)
        if self._work is None:
            self._work = asyncio.create_task(self._work_on())

    def hear(self, process: str, topics: Collection[str]) -> None:
        """Another process says so."""
        if process != self.process:
            for topic in topics:
                if topic in self._feeds:
                    self.changed(topic)

    def recheck_person(self, person_id: int) -> None:
        """Somebody's rights have changed: wherever they are shown may be wrong."""
        for topic, people in self._shown.items():
            if person_id in people:
                self.changed(topic)

    async def look(self) -> None:
        """What no nudge has told of: marks that came, went or ran out, and what failed before."""
        async with self._turn:
            with suppress(StoreAway):
                await self._say({mark.topic for mark in self._written} | self._viewed)
                await self._look_elsewhere(set(self._viewed))
        for topic in self._viewed:
            if self._shown.get(topic) != self._people(topic):
                self.changed(topic)

    async def renew(self) -> None:
        """One lease for all that this process has, whether it is known elsewhere or was lost there."""
        async with self._turn:
            here = {mark for topic in self._viewed for mark in self._here(topic)}
            if here or self._written:
                with suppress(StoreAway):
                    await self._marks.write(here, self._written - here)
                    self._written = here

    async def close(self) -> None:
        if self._work is not None:
            self._work.cancel()
            await asyncio.wait([self._work])
        with suppress(StoreAway):
            if self._written:
                await self._marks.write((), self._written)
        await self._marks.close()

    # -- what it does -----------------------------------------------------------------------------

    async def _work_on(self) -> None:
        try:
            while self._due:
                topics, self._due = self._due, set()
                async with self._turn:
                    await self._settle(topics)
        finally:
            self._work = None

    async def _settle(self, topics: set[str]) -> None:
        self._viewed = (self._viewed - topics) | {topic for topic in topics if self._here(topic)}
        with suppress(StoreAway):
            await self._say(topics)
            await self._look_elsewhere(topics & self._viewed)
        try:
            await self._show(topics)
        except DatabaseError as error:
            log.warning("presence_failed", error=type(error).__name__)
            for topic in topics:
                self._shown.pop(topic, None)  # the next look tries again

    async def _say(self, topics: set[str]) -> None:
        """Mark who is here, where the others look, and tell them to; nothing where that is known."""
        here = {mark for topic in topics for mark in self._here(topic)}
        before = {mark for mark in self._written if mark.topic in topics}
        if here != before:
            await self._marks.write(here - before, before - here)
            self._written = (self._written - before) | here
            if self._tell_others is not None:
                await self._tell_others(self.process, topics)

    async def _look_elsewhere(self, topics: set[str]) -> None:
        if topics:
            found = await self._marks.elsewhere(topics)
            self._elsewhere = {
                mark: until
                for mark, until in self._elsewhere.items()
                if mark.topic in self._viewed and mark.topic not in topics
            } | found

    async def _show(self, topics: set[str]) -> None:
        for topic in topics - self._viewed:
            self._shown.pop(topic, None)
        watchers = {
            feed: feed.watchers()
            for topic in topics & self._viewed
            if (feed := self._feeds.get(topic)) is not None
        }
        watching = {feed.topic: self._people(str(feed.topic)) for feed in watchers}
        if not watching:
            return
        sessions = {one.socket.session_id for each in watchers.values() for one in each}
        present = await self._reads.run(present_people, watching, sessions)
        for feed, audience in watchers.items():
            self._shown[str(feed.topic)] = watching[feed.topic]
            text = _frame(feed.topic, present.people[feed.topic])
            for one in audience:
                if present.rights.may_watch(one.socket.session_id, feed.topic):
                    await one.show_present(text)

    # -- what it knows ----------------------------------------------------------------------------

    def _here(self, topic: str) -> set[Mark]:
        feed = self._feeds.get(topic)
        watchers: list[Subscription] = [] if feed is None else feed.watchers()
        return {Mark(topic, one.socket.viewer.pk) for one in watchers}

    def _people(self, topic: str) -> frozenset[int]:
        now = clock.now().timestamp()
        there = {
            mark.person_id
            for mark, until in self._elsewhere.items()
            if mark.topic == topic and until > now
        }
        return frozenset(there | {mark.person_id for mark in self._here(topic)})


def _frame(topic: Topic, people: Collection[Person]) -> str:
    watching = [frames.User(id=each.pk, name=each.name, role=Role(each.role)) for each in people]
    return frames.Presence(topic=str(topic), watching=watching).text()
