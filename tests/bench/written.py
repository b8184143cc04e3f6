"""Events of the clinic as its journal writes them: many in one transaction, or each with one statement of its own."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import Model

from clinic import journal
from clinic.clock import now
from clinic.events import Event, HoursChanged, NotificationRead
from clinic.journal import Announcement, record
from clinic.models import journal as models
from clinic.rows import _given, fetch
from realtime import fast_line

FIRST_DATE: Final = date(2026, 1, 1)
DATES: Final = tuple(FIRST_DATE + timedelta(days=number) for number in range(24))
LINES: Final = tuple(range(100_000, 100_033))
"""So many that a frame has about EVENT_BYTES, as the others' have."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """An event of one topic that lacks only its number."""

    topic: str
    values: list[Any]


def an_event(topic: str) -> Event:
    """Of the kind that everyone who watches this topic is told of."""
    kind, _, number = topic.partition(".")
    if kind == "slots":
        return HoursChanged(doctor_id=int(number), dates=DATES)
    return NotificationRead(person_id=int(number), up_to=None, ids=LINES, unread=0, read_at=now())


def record_together(topic: str, count: int) -> None:
    with transaction.atomic():
        record(*[an_event(topic)] * count, actor=None)


def prepared(topics: Iterable[str]) -> list[Prepared]:
    return [_prepared(topic) for topic in topics]


class Writer:
    """One thread's connections, to the database and to Redis."""

    def __init__(self) -> None:
        connection.ensure_connection()
        self._loop = asyncio.new_event_loop()

    def commit(self, event: Prepared) -> int:
        """Write it in a transaction of its own; its number."""
        [(seq,)] = fetch(_statement(), event.values)
        return int(seq)

    def tell(self, topic: str, seq: int) -> None:
        """What the journal's sink does after a commit, without its hop to another thread."""
        self._loop.run_until_complete(fast_line.publish_commit("", Announcement({topic: seq})))


def _prepared(name: str) -> Prepared:
    event = an_event(name)
    row = journal._event_row(event, None, now())
    [topic] = event.topics()
    entry = journal._draft(event, row, topic, None).row
    entry.at = row.at
    return Prepared(name, [*_values(row), name, *_values(entry, but="seq")])


def _values(row: Model, but: str = "") -> list[Any]:
    return [
        field.get_db_prep_save(field.pre_save(row, add=True), connection)
        for field, *_ in _given(type(row))
        if field.name != but
    ]


@cache
def _statement() -> str:
    """The event, the next number of its topic and its entry there, with the values of `Prepared`."""
    head = models.TopicHead._meta.db_table
    event = _insertion(models.Event, {})
    entry = _insertion(models.Entry, {"seq": "(SELECT seq FROM head)"})
    return (
        f"WITH event AS ({event}), head AS ("
        f"INSERT INTO {head} (topic, seq) VALUES (%s, 1) "
        f"ON CONFLICT (topic) DO UPDATE SET seq = {head}.seq + 1 RETURNING seq) "
        f"{entry} RETURNING seq"
    )


def _insertion(model: type[Model], given: dict[str, str]) -> str:
    fields = [column.field for column in _given(model)]
    names = ", ".join(f'"{field.column}"' for field in fields)
    values = ", ".join(given.get(field.name, "%s") for field in fields)
    return f"INSERT INTO {model._meta.db_table} ({names}) VALUES ({values})"
