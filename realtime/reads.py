"""The database as the sockets read it: in bounded pools of threads of their own."""

import asyncio
import threading
import uuid
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, ParamSpec, TypeVar

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from clinic.errors import TokenInvalid
from clinic.queries.journal import (
    Frame,
    Position,
    frames_after,
    frames_of_topics,
    heads_of,
    position_of,
)
from clinic.queries.journal import epoch as journal_epoch
from clinic.queries.rights import Rights, rights_now
from clinic.queries.sessions import Viewer, person_signed_in, viewer_of
from clinic.tokens import read_access
from clinic.topics import NoSuchTopic, Topic
from realtime.frames import ReadyFrame

P = ParamSpec("P")
T = TypeVar("T")
LIVE_THREADS: Final = 4


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose token this is, until when, and in which epoch the journal counts."""

    session_id: uuid.UUID
    viewer: Viewer
    name: str
    expires_at: datetime
    epoch: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """The next events of a topic, and whom the sessions that stand at this moment belong to."""

    topic: Topic
    frames: list[ReadyFrame]
    rights: Rights

    def is_for(self, session_id: uuid.UUID) -> bool:
        return self.rights.may_watch(session_id, self.topic)


class Pool:
    """A bounded pool of threads, each with its own database connection that it keeps."""

    def __init__(self, threads: int, name: str) -> None:
        self._size = threads
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self.waiting = 0

    async def run(self, read: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        self.waiting += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, lambda: _call(read, *args, **kwargs))
        finally:
            self.waiting -= 1

    def close(self) -> None:
        """Let the threads end, each closing its connection first."""
        everyone = threading.Barrier(self._size)

        def leave() -> None:
            everyone.wait()  # or one thread would leave twice, and another not at all
            connection.close()

        for _ in range(self._size):
            self._threads.submit(leave)
        self._threads.shutdown(wait=True)


def _call(read: Callable[..., T], *args: Any, **kwargs: Any) -> T:
    try:
        return read(*args, **kwargs)
    except (OperationalError, InterfaceError):
        # The connection may have died while it was idle: a new one, once.
        connection.close()
        try:
            return read(*args, **kwargs)
        except (OperationalError, InterfaceError):
            connection.close()
            raise


def identify(token: str) -> Identity:
    """Raises TokenInvalid."""
    claims = read_access(token)
    person = person_signed_in(claims)
    return Identity(
        claims.session_id, viewer_of(person), person.name, claims.expires_at, journal_epoch()
    )


def position(topic: Topic, session_id: uuid.UUID) -> Position:
    """Where a topic stands, for a session that may watch it. Raises NoSuchTopic, TokenInvalid."""
    rights = rights_now([session_id], [topic])
    viewer = rights.viewers.get(session_id)
    if viewer is None or not viewer.is_active:
        raise TokenInvalid
    if not rights.may_watch(session_id, topic):
        raise NoSuchTopic
    return position_of(topic)


def next_delivery(topic: Topic, after: int, session_id: uuid.UUID) -> Delivery:
    """One page of a topic for one session: its right to it is asked in the same breath."""
    frames = frames_after(str(topic), after, limit=settings.REPLAY_PAGE)
    return Delivery(topic, _ready(frames), rights_now([session_id], [topic]))


def next_page(
    topic: Topic, after: int, session_id: uuid.UUID, *, limit: int
) -> tuple[list[Frame], bool]:
    """The same for who asks without a socket, and whether it is for them."""
    frames = frames_after(str(topic), after, limit=limit)
    return frames, rights_now([session_id], [topic]).may_watch(session_id, topic)


def next_deliveries(
    after: Mapping[Topic, int], sessions: Collection[uuid.UUID]
) -> dict[Topic, Delivery]:
    """One page of each of these topics, and everyone's rights in the same breath: two queries."""
    frames = frames_of_topics(
        {str(topic): seq for topic, seq in after.items()}, limit=settings.REPLAY_PAGE
    )
    rights = rights_now(sessions, after)
    return {topic: Delivery(topic, _ready(frames.get(str(topic), [])), rights) for topic in after}


def _ready(frames: list[Frame]) -> list[ReadyFrame]:
    return [ReadyFrame.of(frame) for frame in frames]


def heads(topics: Collection[str]) -> dict[str, int]:
    return heads_of(topics)
