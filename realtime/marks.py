"""Leased marks: who watches what through which web process, kept where all of them can see it."""

import asyncio
import time
from collections.abc import Collection
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final, NamedTuple, Protocol

import redis.asyncio
import structlog
from django.conf import settings
from django.db import DatabaseError
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from clinic import clock
from clinic.actions.presence import renew_viewings
from clinic.queries.presence import viewings_elsewhere
from realtime.reads import Pool

log = structlog.get_logger(__name__)
TIMEOUT_SECONDS: Final = 0.5
# After a failure Redis is left alone for so long.
PAUSE_SECONDS: Final = 5.0


class Mark(NamedTuple):
    topic: str
    person_id: int


class StoreAway(Exception):
    """The marks cannot be read or written at present."""


class Store(Protocol):
    """Marks of this process, and those of the others; each stands until its lease runs out.

    Everything here may raise StoreAway.
    """

    async def write(self, kept: Collection[Mark], gone: Collection[Mark]) -> None:
        """Lease these anew, and end those, in one go."""
        ...

    async def elsewhere(self, topics: Collection[str]) -> dict[Mark, float]:
        """What other processes say of these topics, with the time (since 1970) until when it stands."""
        ...

    async def close(self) -> None: ...


class InDatabase:
    def __init__(self, process: str) -> None:
        self._process = process
        # Its own thread: a database that is busy writing must not hold up who reads events.
        self._thread = Pool(1, "marks")

    async def write(self, kept: Collection[Mark], gone: Collection[Mark]) -> None:
        until = clock.now() + timedelta(seconds=settings.PRESENCE_LEASE_SECONDS)
        await self._ask(renew_viewings, self._process, kept=kept, gone=gone, until=until)

    async def elsewhere(self, topics: Collection[str]) -> dict[Mark, float]:
        found = await self._ask(viewings_elsewhere, topics, self._process)
        marks: dict[Mark, float] = {}
        for topic, person_id, until in found:
            mark = Mark(topic, person_id)
            marks[mark] = max(until.timestamp(), marks.get(mark, 0.0))
        return marks

    async def close(self) -> None:
        await asyncio.to_thread(self._thread.close)

    async def _ask(self, question: Any, *args: Any, **named: Any) -> Any:
        try:
            return await self._thread.run(question, *args, **named)
        except DatabaseError as error:
            log.warning("presence_without_database", error=type(error).__name__)
            raise StoreAway from None


class InRedis:
    """A sorted set per topic: members are processes and people by number, scores are ends of leases."""

    def __init__(self, process: str) -> None:
        assert settings.REDIS_URL is not None
        self._process = process
        self._client = redis.asyncio.Redis.from_url(
            settings.REDIS_URL,
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 1),  # for a connection that died while it was idle
            decode_responses=True,
        )
        self._silent_until = 0.0

    async def write(self, kept: Collection[Mark], gone: Collection[Mark]) -> None:
        now, lease = clock.now().timestamp(), settings.PRESENCE_LEASE_SECONDS
        pipe = self._client.pipeline(transaction=False)
        for mark in gone:
            pipe.zrem(self._key(mark.topic), self._member(mark))
        for mark in kept:
            pipe.zadd(self._key(mark.topic), {self._member(mark): now + lease})
        for topic in {mark.topic for mark in kept}:
            pipe.zremrangebyscore(self._key(topic), "-inf", now)
            pipe.pexpire(self._key(topic), int(lease * 1000))
        await self._ask(pipe)

    async def elsewhere(self, topics: Collection[str]) -> dict[Mark, float]:
        now, names = clock.now().timestamp(), list(topics)
        pipe = self._client.pipeline(transaction=False)
        for topic in names:
            pipe.zrangebyscore(self._key(topic), f"({now}", "+inf", withscores=True)
        marks: dict[Mark, float] = {}
        for topic, members in zip(names, await self._ask(pipe), strict=True):
            for member, until in members:
                process, _, person_id = member.partition(":")
                if process != self._process:
                    mark = Mark(topic, int(person_id))
                    marks[mark] = max(until, marks.get(mark, 0.0))
        return marks

    async def close(self) -> None:
        with suppress(redis.RedisError, OSError):
            await self._client.aclose()

    def _key(self, topic: str) -> str:
        return f"{settings.REDIS_PREFIX}:presence:{topic}"

    def _member(self, mark: Mark) -> str:
        return f"{self._process}:{mark.person_id}"

    async def _ask(self, pipe: Any) -> list[Any]:
        if time.monotonic() < self._silent_until:
            raise StoreAway
        try:
            answers: list[Any] = await pipe.execute()
        except (redis.RedisError, OSError) as error:
            self._silent_until = time.monotonic() + PAUSE_SECONDS
            log.warning("presence_without_redis", error=type(error).__name__)
            raise StoreAway from None
        return answers


def shared_store(process: str) -> Store:
    return InDatabase(process) if settings.REDIS_URL is None else InRedis(process)
