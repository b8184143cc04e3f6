"""The journal: events are numbered in their topics in the change's own transaction, told after commit."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any, Final, NamedTuple

from django.conf import settings
from django.db import connection, transaction
from django.utils.module_loading import import_string

from clinic.clock import now
from clinic.context import current_request
from clinic.events import Event
from clinic.models import journal as rows
from clinic.models.people import Person
from clinic.rows import fetch, insert
from clinic.rules.messages import OUTGOING, is_near
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
_waiting: ContextVar[list[_Waiting] | None] = ContextVar("waiting", default=None)


@dataclass(frozen=True, slots=True)
class _Draft:
    """An event as one of its topics will have it: everything but its number."""

    body: dict[str, Any]
    row: rows.Entry
    notification: rows.Notification | None


@dataclass(slots=True)
class _Announcing:
    """What becomes an Announcement; the heads are known when the events have their numbers."""

    people: frozenset[int]
    facts: tuple[Fact, ...] = ()
    heads: Mapping[str, int] = field(default_factory=dict)


class _Waiting(NamedTuple):
    tell: Callable[[], None]
    announcing: _Announcing
    drafts: list[_Draft]


def record(*events: Event, actor: Person | None, rights_of: Sequence[int] = ()) -> None:
    """Number these events in all their topics, write the inbox lines, tell the sinks after commit.

    The last statement of an action, once per transaction, with everything that happened in it: from
    here (or the end of `numbered_last`) to the commit the heads of the topics are locked, which is what
    makes their numbers gapless. Everybody else's changes to these topics wait meanwhile, so all that
    can be made before is made before.
    `rights_of` names people whose sessions or rights this change touches.
    """
    _require_first_call()
    at = now()
    written = [_event_row(event, actor, at) for event in events]
    insert(written)
    drafts = [
        _draft(event, row, topic, actor)
        for event, row in zip(events, written, strict=True)
        for topic in event.topics()
    ]
    announcing = _Announcing(frozenset(rights_of), _facts(events, written))
    tell = _tell_after_commit(announcing)
    setattr(tell, _MARK, _transaction_mark())
    waiting = _waiting.get()
    if waiting is None:
        announcing.heads = _number(drafts)
    else:
        waiting.append(_Waiting(tell, announcing, drafts))


@contextmanager
def numbered_last() -> Iterator[None]:
    """What is recorded within is numbered at the end: for a transaction that has more to do afterwards."""
    waiting: list[_Waiting] = []
    before = _waiting.set(waiting)
    try:
        yield
    finally:
        _waiting.reset(before)
    for each in waiting:
        # Django has forgotten it if the savepoint it was made in was rolled back.
        if any(registered[1] is each.tell for registered in connection.run_on_commit):
            each.announcing.heads = _number(each.drafts)


def announce_rights(*person_ids: int) -> None:
    """Tell the sinks after commit that sessions or rights of these people changed, and nothing else."""
    _tell_after_commit(_Announcing(frozenset(person_ids)))


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
        unsent=_unsent(event, at),
    )


def _unsent(event: Event, at: datetime) -> dict[str, Any] | None:
    """What the workers need for the messages of it; which ones, and to which addresses, they find out."""
    if event.type not in OUTGOING:
        return None
    return {"to": list(event.notifies()), "near": is_near(event.visit_starts(), now=at)}


def _facts(events: Sequence[Event], written: Sequence[rows.Event]) -> tuple[Fact, ...]:
    return tuple(
        Fact(event.type, row.pk, row.at, row.actor_id, ids)
        for event, row in zip(events, written, strict=True)
        if (ids := event.public_ids())
    )


def _draft(event: Event, row: rows.Event, topic: Topic, actor: Person | None) -> _Draft:
    notification = _notification(event, row, topic, actor)
    body = _body(event, row, topic, actor)
    entry = rows.Entry(topic=str(topic), event=row)
    if notification is None:
        _seal(entry, body)
    return _Draft(body, entry, notification)


def _notification(
    event: Event, row: rows.Event, topic: Topic, actor: Person | None
) -> rows.Notification | None:
    """The inbox line of the person whose own topic this is, if the event is worth one to them."""
    reader = topic.owner
    if topic.kind is not TopicKind.USER or reader is None or reader not in event.notifies():
        return None
    if actor is not None and reader == actor.pk:
        return None
    title, message = words_for(event, reader_id=reader)
    return rows.Notification(
        person_id=reader,
        type=event.type,
        title=title,
        message=message,
        subject_kind=row.subject_kind,
        subject_id=row.subject_id,
        created_at=row.at,
    )


def _body(event: Event, row: rows.Event, topic: Topic, actor: Person | None) -> dict[str, Any]:
    # Who looks at a doctor's slots must not learn who takes them.
    shown_actor = None if topic.kind is TopicKind.SLOTS else actor
    body: dict[str, Any] = {
        "id": str(row.pk),
        "type": row.type,
        "at": row.at.isoformat(),
        "actor": person_ref(shown_actor).wire() if shown_actor else None,
        "data": payload(event, topic, actor=actor).wire(),
    }
    if row.cause and actor is not None and topic == user_topic(actor.pk):
        body["cause"] = row.cause
    return body


def _seal(entry: rows.Entry, body: dict[str, Any]) -> None:
    entry.body = json.dumps(body, separators=(",", ":"), ensure_ascii=False)
    entry.encrypt_now()


# -- under the lock ---------------------------------------------------------------------------------------


def _number(drafts: Sequence[_Draft]) -> dict[str, int]:
    """Lock the heads, give out the numbers and write; the new last number of each topic."""
    heads = _advance(Counter(draft.row.topic for draft in drafts))
    left = Counter(draft.row.topic for draft in drafts)
    # Read under the lock: entries expire in the order of their numbers, and never leave a hole.
    at = now()
    for draft in drafts:
        name = draft.row.topic
        left[name] -= 1
        draft.row.seq, draft.row.at = heads[name] - left[name], at
    told = [draft for draft in drafts if draft.notification is not None]
    _write_notifications(told)
    insert([draft.row for draft in drafts])
    return heads


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


def _write_notifications(drafts: Sequence[_Draft]) -> None:
    """The inbox lines, under the numbers of their events; those carry them, with their ids."""
    lines = []
    for draft in drafts:
        assert draft.notification is not None
        draft.notification.seq = draft.row.seq
        lines.append(draft.notification)
    insert(lines)
    for draft, line in zip(drafts, lines, strict=True):
        _seal(draft.row, {**draft.body, "notification": notification_shape(line).wire()})


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


def _tell_after_commit(announcing: _Announcing) -> Callable[[], None]:
    def tell() -> None:
        announcement = Announcement(announcing.heads, announcing.people, announcing.facts)
        for sink in _sinks(tuple(settings.EVENT_SINKS)):
            sink(announcement)

    # robust: a sink that fails must not undo or delay what has been committed.
    transaction.on_commit(tell, robust=True)
    return tell


@cache
def _sinks(paths: tuple[str, ...]) -> list[Sink]:
    return [import_string(path) for path in paths]
