"""Reading the journal: heads, entries, and where an answer stands in its topic."""

import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

import structlog

from clinic.crypto import DecryptionError, decrypt
from clinic.models import Entry, Epoch, TopicHead
from clinic.models.encrypted import binding
from clinic.rows import fetch
from clinic.shapes.base import Stream
from clinic.topics import Topic

log = structlog.get_logger(__name__)

# Asked at every watch and at every delivery: the ORM needs 3 to 10 times as long to put them together.
_POSITION: Final = """
    SELECT epoch.value, head.seq, (SELECT MIN(seq) FROM clinic_entry WHERE topic = %s)
    FROM clinic_epoch epoch LEFT JOIN clinic_topichead head ON head.topic = %s
"""
_ENTRIES: Final = "SELECT topic, seq, seal, body FROM clinic_entry"
_ENTRIES_AFTER: Final = f"{_ENTRIES} WHERE topic = %s AND seq > %s ORDER BY seq LIMIT %s"
_OF_A_TOPIC: Final = "(topic = %s AND seq > %s AND seq <= %s)"


@dataclass(frozen=True, slots=True)
class Position:
    """Where a topic is: its last number and the first one that is still kept (head + 1 if none is)."""

    epoch: str
    head: int
    first_kept: int


@dataclass(frozen=True, slots=True)
class Frame:
    """One event frame as text, encoded once for everyone who watches."""

    seq: int
    text: str


def epoch() -> str:
    return str(Epoch.objects.get_or_create(id=Epoch.THE_ONE)[0].value)


def heads_of(topics: Collection[str]) -> dict[str, int]:
    """The last numbers of these topics, in one query; a topic that never had an event is at 0."""
    known = dict(TopicHead.objects.filter(topic__in=topics).values_list("topic", "seq"))
    return {topic: known.get(topic, 0) for topic in topics}


def head_of(topic: Topic) -> int:
    return heads_of([str(topic)])[str(topic)]


def position_of(topic: Topic) -> Position:
    """In one statement: what is written meanwhile must not look as if it were not kept."""
    found = fetch(_POSITION, [str(topic), str(topic)])
    if not found:
        epoch()  # the first question ever asked of this journal
        return position_of(topic)
    [(value, head, first)] = found
    last = head or 0
    return Position(str(uuid.UUID(str(value))), last, last + 1 if first is None else first)


def stream_of(topic: Topic) -> Stream:
    """Read this before the data it goes with: then watching from its `seq` misses nothing."""
    place = position_of(topic)
    return Stream(topic=str(topic), seq=place.head, epoch=place.epoch)


def frames_after(topic: str, seq: int, *, limit: int) -> list[Frame]:
    """The next events of a topic, in order, ready to be sent: up to one that cannot be decrypted."""
    return _frames(fetch(_ENTRIES_AFTER, [topic, seq, limit]))


def frames_of_topics(after: Mapping[str, int], *, limit: int) -> dict[str, list[Frame]]:
    """The next `limit` numbers of each of these topics after the one named with it, in one query."""
    if not after:
        return {}
    branches = " OR ".join([_OF_A_TOPIC] * len(after))
    rows = fetch(
        f"{_ENTRIES} WHERE {branches} ORDER BY topic, seq",
        [value for topic, seq in after.items() for value in (topic, seq, seq + limit)],
    )
    return {topic: _frames(theirs) for topic, theirs in groupby(rows, key=itemgetter(0))}


def _frames(rows: Iterable[tuple[Any, ...]]) -> list[Frame]:
    frames: list[Frame] = []
    for topic, seq, seal, body in rows:
        try:
            frames.append(Frame(seq, frame_text(topic, seq, _opened(seal, body))))
        except DecryptionError:
            # To its watchers it is no longer kept; whoever runs the service must hear of it.
            log.error("entry_unreadable", topic=topic, seq=seq)
            break
    return frames


def _opened(seal: Any, body: Any) -> str:
    bound_to = binding(Entry._meta.db_table, "body", Entry._meta.get_field("seal").to_python(seal))
    # A column of SQLite holds any type; text was never sealed.
    return decrypt(body.encode() if isinstance(body, str) else bytes(body), bound_to=bound_to)


def frame_text(topic: str, seq: int, body: str) -> str:
    """The event frame: what was written with the entry, behind its topic and number."""
    return f'{{"op":"event","topic":"{topic}","seq":{seq},{body[1:]}'
