"""Reading the journal: heads, entries, and where an answer stands in its topic."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

import structlog
from django.db import connection

from clinic.crypto import DecryptionError
from clinic.models import Entry, Epoch, TopicHead
from clinic.shapes.base import Stream
from clinic.topics import Topic

log = structlog.get_logger(__name__)

# Asked at every watch and at every delivery: the ORM needs 3 to 10 times as long to put them together.
_POSITION: Final = """
    SELECT epoch.value, head.seq, (SELECT MIN(seq) FROM clinic_entry WHERE topic = %s)
    FROM clinic_epoch epoch LEFT JOIN clinic_topichead head ON head.topic = %s
"""
_ENTRIES_AFTER: Final = """
    SELECT id, topic, seq, seal, body FROM clinic_entry
    WHERE topic = %s AND seq > %s ORDER BY seq LIMIT %s
"""


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
    with connection.cursor() as cursor:
        cursor.execute(_POSITION, [str(topic), str(topic)])
        row = cursor.fetchone()
    if row is None:
        epoch()  # the first question ever asked of this journal
        return position_of(topic)
    value, head, first = row
    last = head or 0
    return Position(str(uuid.UUID(str(value))), last, last + 1 if first is None else first)


def stream_of(topic: Topic) -> Stream:
    """Read this before the data it goes with: then watching from its `seq` misses nothing."""
    place = position_of(topic)
    return Stream(topic=str(topic), seq=place.head, epoch=place.epoch)


def frames_after(topic: str, seq: int, *, limit: int) -> list[Frame]:
    """The next events of a topic, in order, ready to be sent: up to one that cannot be decrypted."""
    frames: list[Frame] = []
    for entry in Entry.objects.raw(_ENTRIES_AFTER, [topic, seq, limit]):
        try:
            frames.append(Frame(entry.seq, frame_text(entry)))
        except DecryptionError:
            # To its watchers it is no longer kept; whoever runs the service must hear of it.
            log.error("entry_unreadable", topic=topic, seq=entry.seq)
            break
    return frames


def frame_text(entry: Entry) -> str:
    """The event frame: what was written with the entry, behind its topic and number."""
    return f'{{"op":"event","topic":"{entry.topic}","seq":{entry.seq},{entry.body[1:]}'
