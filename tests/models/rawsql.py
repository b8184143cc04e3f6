"""Appointments written past the ORM, as a script or a person at a database prompt would."""

from datetime import datetime
from typing import Any

from django.db import connection

from clinic.models import Appointment

TABLE = Appointment._meta.db_table
COLUMNS = [field.column for field in Appointment._meta.concrete_fields if not field.primary_key]


def stored(value: Any) -> Any:
    """An instant as Django writes it on this engine; anything else as it is."""
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return value


def raw_insert(model_row: Appointment, **changes: Any) -> None:
    """A copy of a row with some columns changed."""
    chosen = ", ".join("%s" if column in changes else f'"{column}"' for column in COLUMNS)
    names = ", ".join(f'"{column}"' for column in COLUMNS)
    values = [stored(changes[column]) for column in COLUMNS if column in changes]
    execute(
        f"INSERT INTO {TABLE} ({names}) SELECT {chosen} FROM {TABLE} WHERE id = %s",
        [*values, model_row.pk],
    )


def raw_update(row: Appointment, **changes: Any) -> None:
    sets = ", ".join(f'"{column}" = %s' for column in changes)
    execute(
        f"UPDATE {TABLE} SET {sets} WHERE id = %s",
        [*(stored(value) for value in changes.values()), row.pk],
    )


def execute(statement: str, values: list[Any] | None = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def count_overlaps() -> int:
    """Pairs of occupying appointments of one doctor or one patient that share some time."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT count(*) FROM {TABLE} a JOIN {TABLE} b
              ON a.id < b.id AND (a.doctor_id = b.doctor_id OR a.patient_id = b.patient_id)
             AND a.start < b."end" AND b.start < a."end"
            WHERE a.status NOT IN ('CANCELLED', 'NO_SHOW')
              AND b.status NOT IN ('CANCELLED', 'NO_SHOW')
            """
        )
        return int(cursor.fetchone()[0])
