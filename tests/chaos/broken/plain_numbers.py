"""Control: the numbers of a topic come from a sequence, as of a plain id: no lock, no way back."""

import os
import threading
from collections.abc import Mapping

import psycopg
from psycopg import sql

from clinic import journal
from clinic.models import TopicHead
from clinic.rows import fetch

_lock = threading.Lock()
_sequences: psycopg.Connection | None = None


def advance(counts: Mapping[str, int]) -> dict[str, int]:
    heads = {topic: _draw(topic, count) for topic, count in sorted(counts.items())}
    table = TopicHead._meta.db_table
    for topic, seq in heads.items():
        fetch(
            f"INSERT INTO {table} (topic, seq) VALUES (%s, %s) ON CONFLICT (topic) "
            f"DO UPDATE SET seq = GREATEST({table}.seq, excluded.seq) RETURNING seq",
            [topic, seq],
        )
    return heads


def _draw(topic: str, count: int) -> int:
    """The last of so many numbers, outside of any transaction."""
    global _sequences
    name = sql.Identifier("plain_" + topic.replace(".", "_"))
    with _lock:
        if _sequences is None or _sequences.closed:
            _sequences = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)
        head = TopicHead.objects.filter(topic=topic).values_list("seq", flat=True).first() or 0
        make = sql.SQL("CREATE SEQUENCE IF NOT EXISTS {} START WITH {}")
        _sequences.execute(make.format(name, sql.Literal(head + 1)))
        ask = sql.SQL("SELECT nextval({})").format(sql.Literal(name.as_string(_sequences)))
        for _ in range(count):
            row = _sequences.execute(ask).fetchone()
    assert row is not None
    return int(row[0])


def install() -> None:
    setattr(journal, "_advance", advance)  # noqa: B010
