"""The journal: events are numbered in their topics in the change's own transaction, told after commit."""

import json
import uuid
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, Final

from django.conf import settings
from django.db import connection, transaction
from django.utils.module_loading import import_string

from clinic.clock import now
from clinic.context import current_request
from clinic.events import Event
from clinic.models import journal as rows
from clinic.models.people import Person
from clinic.rows import fetch, insert
from clinic.shapes.notifications import notification_shape, words_for
from clinic.shapes.payloads import payload
from clinic.shapes.people import person_ref
from clinic.topics import Topic, TopicKind, user_topic

_MARK: Final = "journal_of"


class RecordedTwice(Exception):
    """record() ran before in this transaction: whatever came between was done under the topics' locks."""


@dataclass(frozen=True, slots=True)
class Fact:
    """An event as others may know of it: when, by whom, and whom it is about, as ids."""

    type: str
    id: uuid.UUID
    at: datetime
    actor_id: int | None
    ids: Mapping[str, int | str | None]


@dataclass(frozen=True, slots=True)
class Announcement:
    """What the sinks are told after a commit: names and numbers, never content.

    `heads` are topics and their new last numbers; `people` are those whose sessions or rights changed;
    `facts` are those of the events that say something to others.
    """

    heads: Mapping[str, int] = field(default_factory=dict)
    people: frozenset[int] = frozenset()
    facts: tuple[Fact, ...] = ()


Sink = Callable[[Announcement], None]


@dataclass(frozen=True, slots=True)
class _Numbered:
    event: Event
    row: rows.Event
    topic: Topic
    seq: int


def record(*events: Event, actor: Person | None, rights_of: Sequence[int] = ()) -> None:
    """Number these events in all their topics, write the inbox lines, tell the sinks after commit.

    The last statement of an action, once per transaction, with everything that happened in it: from
    here to the commit the heads of the topics are locked, which is what makes their numbers gapless.
    `rights_of` names people whose sessions or rights this change touches.
    """
    _require_first_call()
    at = now()
    written = [_event_row(event, actor, at) for event in events]
    insert(written)
    heads = _advance(_topic_counts(events))
    numbered = _number(events, written, heads)
    inbox = _write_notifications(numbered, actor, at)
    # Read under the lock: entries expire in the order of their numbers, and never leave a hole.
    numbered_at = now()
    insert(
        [
            _entry(item, actor, inbox.get((item.row.pk, item.topic.owner)), numbered_at)
            for item in numbered
        ]
    )
    _tell_after_commit(
        Announcement(
            {str(topic): seq for topic, seq in heads.items()},
            frozenset(rights_of),
            tuple(
                Fact(event.type, row.pk, at, row.actor_id, ids)
                for event, row in zip(events, written, strict=True)
                if (ids := event.public_ids())
            ),
        )
    )


def announce_rights(*person_ids: int) -> None:
    """Tell the sinks after commit that sessions or rights of these people changed, and nothing else."""
    _tell_after_commit(Announcement(people=frozenset(person_ids)))


def _event_row(event: Event, actor: Person | None, at: datetime) -> rows.Event:
    request = current_request.get()
    kind, subject_id = event.subject()
    return rows.Event(
        id=uuid.uuid4(),
        type=event.type,
        at=at,
        actor=actor,
        subject_kind=kind,
        subject_id=subject_id,
        cause=request.cause,
        request_id=request.request_id,
    )


def _topic_counts(events: Sequence[Event]) -> dict[str, int]:
    counts: dict[str, int] = defaultdict(int)
    for event in events:
        for topic in event.topics():
            counts[str(topic)] += 1
    return counts


def _advance(counts: Mapping[str, int]) -> dict[str, int]:
    """Lock the topics' heads in sorted order and move them on, in one statement; the new numbers."""
    if not counts:
        return {}
    table = rows.TopicHead._meta.db_table
    values = ", ".join(["(%s, %s)"] * len(counts))
    moved = fetch(
        f"INSERT INTO {table} (topic, seq) VALUES {values} "  # noqa: S608  (our own table name)
        f"ON CONFLICT (topic) DO UPDATE SET seq = {table}.seq + excluded.seq "
        "RETURNING topic, seq",
        [value for pair in sorted(counts.items()) for value in pair],
    )
    return dict(moved)


def _number(
    events: Sequence[Event], written: Sequence[rows.Event], heads: Mapping[str, int]
) -> list[_Numbered]:
    left = _topic_counts(events)
    numbered: list[_Numbered] = []
    for event, row in zip(events, written, strict=True):
        for topic in event.topics():
            name = str(topic)
            left[name] -= 1
            numbered.append(_Numbered(event, row, topic, heads[name] - left[name]))
    return numbered


def _write_notifications(
    numbered: Sequence[_Numbered], actor: Person | None, at: datetime
) -> dict[tuple[uuid.UUID, int | None], rows.Notification]:
    lines: dict[tuple[uuid.UUID, int | None], rows.Notification] = {}
    for item in numbered:
        reader = item.topic.owner
        if item.topic.kind is not TopicKind.USER or reader is None:
            continue
        if reader not in item.event.notifies() or (actor is not None and reader == actor.pk):
            continue
        title, message = words_for(item.event, reader_id=reader)
        kind, subject_id = item.event.subject()
        lines[(item.row.pk, reader)] = rows.Notification(
            person_id=reader,
            seq=item.seq,
            type=item.event.type,
            title=title,
            message=message,
            subject_kind=kind,
            subject_id=subject_id,
            created_at=at,
        )
    insert(list(lines.values()))
    return lines


def _entry(
    item: _Numbered,
    actor: Person | None,
    notification: rows.Notification | None,
    numbered_at: datetime,
) -> rows.Entry:
    body = _body(item, actor)
    if notification is not None and item.topic.kind is TopicKind.USER:
        body["notification"] = notification_shape(notification).wire()
    return rows.Entry(
        topic=str(item.topic),
        seq=item.seq,
        event=item.row,
        at=numbered_at,
        body=json.dumps(body, separators=(",", ":"), ensure_ascii=False),
    )


def _body(item: _Numbered, actor: Person | None) -> dict[str, Any]:
    # Who looks at a doctor's slots must not learn who takes them.
    shown_actor = None if item.topic.kind is TopicKind.SLOTS else actor
    body: dict[str, Any] = {
        "id": str(item.row.pk),
        "type": item.row.type,
        "at": item.row.at.isoformat(),
        "actor": person_ref(shown_actor).wire() if shown_actor else None,
        "data": payload(item.event, item.topic, actor=actor).wire(),
    }
    if item.row.cause and actor is not None and item.topic == user_topic(actor.pk):
        body["cause"] = item.row.cause
    return body


# -- after the commit -------------------------------------------------------------------------------------


def _require_first_call() -> None:
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError(
            "record() belongs into the change's transaction"
        )
    here = _transaction_mark()
    for registered in connection.run_on_commit:
        if getattr(registered[1], _MARK, None) == here:
            raise RecordedTwice


def _transaction_mark() -> tuple[str, ...]:
    """What tells this transaction from others on the same connection.

    On commit and rollback Django forgets its callbacks, so outside a test nothing more is needed.
    Django's TestCase wraps every "transaction" of a test into one: there the savepoint tells them apart.
    """
    wrapped = sum(getattr(block, "_from_testcase", False) for block in connection.atomic_blocks)
    return ("transaction", *map(str, connection.savepoint_ids[:wrapped]))


def _tell_after_commit(announcement: Announcement) -> None:
    def tell() -> None:
        for sink in _sinks(tuple(settings.EVENT_SINKS)):
            sink(announcement)

    if announcement.heads:
        setattr(tell, _MARK, _transaction_mark())
    # robust: a sink that fails must not undo or delay what has been committed.
    transaction.on_commit(tell, robust=True)


@cache
def _sinks(paths: tuple[str, ...]) -> list[Sink]:
    return [import_string(path) for path in paths]
