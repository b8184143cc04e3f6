"""What only the engine itself can promise: no doctor and no patient is ever booked twice at one time.

PostgreSQL keeps it by exclusion constraints, SQLite by triggers. Both are put in place after every
`migrate`, because SQLite drops triggers whenever a migration rebuilds their table.
"""

import hashlib
from typing import Final

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

from clinic.models.appointments import DOCTOR_OVERLAP, PATIENT_OVERLAP
from clinic.rules.statuses import OCCUPYING

TABLE: Final = "clinic_appointment"
_STATUSES: Final = ", ".join(f"'{status}'" for status in OCCUPYING)
_WHOSE: Final = {DOCTOR_OVERLAP: "doctor_id", PATIENT_OVERLAP: "patient_id"}
# SQLite compares instants as text, which is only right when they are all written alike.
_FORMAT: Final = "appointment_instant_format"


def install(connection: BaseDatabaseWrapper) -> None:
    """Put the rules in place, or renew them where their definition has changed."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for name, column in _WHOSE.items():
                _install_exclusion(cursor, name, column)
        else:
            for name, statement in _triggers().items():
                cursor.execute(f"DROP TRIGGER IF EXISTS {name}")
                cursor.execute(statement)


def missing(connection: BaseDatabaseWrapper) -> list[str]:
    """The names of the rules the database does not keep at present."""
    if connection.vendor == "postgresql":
        query = "SELECT conname FROM pg_constraint WHERE contype = 'x'"
        wanted = set(_WHOSE)
    else:
        query = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        wanted = set(_triggers())
    with connection.cursor() as cursor:
        cursor.execute(query)
        present = {row[0] for row in cursor.fetchall()}
    return sorted(wanted - present)


def _install_exclusion(cursor: CursorWrapper, name: str, column: str) -> None:
    # A range over one id stands in for equality, so no extension is needed.
    definition = (
        f"EXCLUDE USING gist (int8range({column}, {column}, '[]') WITH &&, "
        f'tstzrange(start, "end") WITH &&) WHERE (status IN ({_STATUSES}))'
    )
    mark = hashlib.sha256(definition.encode()).hexdigest()
    cursor.execute(
        "SELECT obj_description(oid, 'pg_constraint') FROM pg_constraint "
        "WHERE conname = %s AND conrelid = %s::regclass",
        [name, TABLE],
    )
    found = cursor.fetchone()
    if found is not None and found[0] == mark:
        return
    cursor.execute(f"ALTER TABLE {TABLE} DROP CONSTRAINT IF EXISTS {name}")
    cursor.execute(f"ALTER TABLE {TABLE} ADD CONSTRAINT {name} {definition}")
    cursor.execute(f"COMMENT ON CONSTRAINT {name} ON {TABLE} IS '{mark}'")


def _triggers() -> dict[str, str]:
    triggers: dict[str, str] = {}
    for moment, of in (("insert", "INSERT"), ("update", "UPDATE")):
        for name, column in _WHOSE.items():
            triggers[f"{name}_{moment}"] = _overlap_trigger(f"{name}_{moment}", name, column, of)
        triggers[f"{_FORMAT}_{moment}"] = _format_trigger(f"{_FORMAT}_{moment}", of)
    return triggers


def _overlap_trigger(trigger: str, name: str, column: str, of: str) -> str:
    return f"""
        CREATE TRIGGER {trigger} BEFORE {of} ON {TABLE}
        WHEN NEW.status IN ({_STATUSES}) AND EXISTS (
            SELECT 1 FROM {TABLE} other
            WHERE other.{column} = NEW.{column}
              AND other.start < NEW."end" AND other."end" > NEW.start
              AND other.status IN ({_STATUSES})
              AND other.id IS NOT NEW.id
        )
        BEGIN SELECT RAISE(ABORT, '{name}'); END
    """  # noqa: S608 (our own constants)


def _format_trigger(trigger: str, of: str) -> str:
    def malformed(column: str) -> str:
        seconds, rest = f"substr(NEW.{column}, 1, 19)", f"substr(NEW.{column}, 20)"
        return (
            f"typeof(NEW.{column}) <> 'text' "
            # The modifier makes SQLite reckon: 30 February comes out as another day.
            f"OR {seconds} IS NOT strftime('%Y-%m-%d %H:%M:%S', {seconds}, '+0 days') "
            f"OR ({rest} <> '' AND {rest} NOT GLOB '.{'[0-9]' * 6}')"
        )

    return f"""
        CREATE TRIGGER {trigger} BEFORE {of} ON {TABLE}
        WHEN {malformed("start")} OR {malformed('"end"')}
        BEGIN SELECT RAISE(ABORT, '{_FORMAT}'); END
    """
