"""Thousands of people want the same times at once: how many get one, and whether two get the same.

Beside it the same attempts on a table without rules, by the code everybody writes first: look whether
the time is free, then insert.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import django

django.setup()

from django.db import connection, connections  # noqa: E402

from clinic.actions.appointments import book_appointment  # noqa: E402
from clinic.errors import ClinicError  # noqa: E402
from clinic.models import Person  # noqa: E402
from clinic.rules.statuses import OCCUPYING  # noqa: E402
from tests.bench.seed import VISIT_MINUTES, make_clinic  # noqa: E402

DOCTORS: Final = 10
PATIENTS: Final = 60
WANT_THE_SAME: Final = 20
"""So many attempts per doctor and time; ten doctors at the same time share the patients."""


@dataclass(frozen=True, slots=True)
class Attempt:
    patient: Person
    doctor_id: int
    start: datetime


Outcome = str
Book = Callable[[Attempt], Outcome]


def race(*, attempts: int, threads: int, at_most_seconds: float) -> dict[str, Any]:
    world = make_clinic(doctors=DOCTORS, patients=PATIENTS, receptionists=0)
    wanted = list(_attempts(world, attempts))
    _make_naive_table()
    return {
        "engine": connection.vendor,
        "threads": threads,
        "clinic": {
            **_run(_book, wanted, threads, at_most_seconds),
            "overlaps": _overlaps_of_clinic(),
        },
        "naive": {
            **_run(_look_then_insert, wanted, threads, at_most_seconds),
            "overlaps": _overlaps("naive", "true"),
        },
    }


def _attempts(world: Any, count: int) -> Iterator[Attempt]:
    """Neighbours in this list run at the same moment: all doctors at one time, then the next time."""
    patients = list(Person.objects.filter(pk__in=[pk for pk, _token in world["patients"]]))
    doctors = [pk for pk, _token in world["doctors"]]
    for number in range(count):
        time_number, within = divmod(number, DOCTORS * WANT_THE_SAME)
        yield Attempt(
            patients[(number * 7 + number // PATIENTS) % PATIENTS],
            doctors[within % DOCTORS],
            datetime.fromisoformat(world["starts"][time_number]),
        )


def _run(book: Book, wanted: list[Attempt], threads: int, at_most_seconds: float) -> dict[str, Any]:
    """Real threads, each with a database connection of its own, taking the next attempt in turn."""
    outcomes: Counter[Outcome] = Counter()
    remaining = iter(wanted)
    turn = threading.Lock()
    gate = threading.Barrier(threads + 1)

    def work() -> None:
        mine: Counter[Outcome] = Counter()
        gate.wait()
        while True:
            with turn:
                attempt = next(remaining, None)
            if attempt is None or time.monotonic() - began > at_most_seconds:
                break
            mine[book(attempt)] += 1
        with turn:
            outcomes.update(mine)
        connections.close_all()

    everyone = [threading.Thread(target=work) for _ in range(threads)]
    began = time.monotonic()
    for thread in everyone:
        thread.start()
    gate.wait()
    for thread in everyone:
        thread.join()
    seconds = time.monotonic() - began
    return {
        "outcomes": dict(outcomes),
        "seconds": round(seconds, 1),
        "attempts": outcomes.total(),
        "attempts_per_second": round(outcomes.total() / seconds),
    }


def _book(attempt: Attempt) -> Outcome:
    try:
        book_appointment(actor=attempt.patient, doctor_id=attempt.doctor_id, when=attempt.start)
    except ClinicError as refusal:
        return refusal.code
    except Exception as error:  # noqa: BLE001 - every other outcome is counted and shown
        return type(error).__name__
    return "booked"


# -- the other way ----------------------------------------------------------------------------------------

_BUSY: Final = (
    "SELECT 1 FROM naive WHERE (doctor_id = %s OR patient_id = %s)"
    ' AND start < %s AND "end" > %s LIMIT 1'
)


def _make_naive_table() -> None:
    key = "bigserial" if connection.vendor == "postgresql" else "integer"
    instant = "timestamptz" if connection.vendor == "postgresql" else "text"
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TABLE naive (id {key} PRIMARY KEY, doctor_id bigint, patient_id bigint,"
            f' start {instant}, "end" {instant})'
        )
        cursor.execute("CREATE INDEX naive_doctor ON naive (doctor_id, start)")
        cursor.execute("CREATE INDEX naive_patient ON naive (patient_id, start)")


def _look_then_insert(attempt: Attempt) -> Outcome:
    start, end = attempt.start, attempt.start + timedelta(minutes=VISIT_MINUTES)
    who = [attempt.doctor_id, attempt.patient.pk]
    try:
        with connection.cursor() as cursor:
            cursor.execute(_BUSY, [*who, end, start])
            if cursor.fetchone():
                return "refused"
            cursor.execute(
                'INSERT INTO naive (doctor_id, patient_id, start, "end") VALUES (%s, %s, %s, %s)',
                [*who, start, end],
            )
    except Exception as error:  # noqa: BLE001 - every other outcome is counted and shown
        return type(error).__name__
    return "booked"


# -- counting -----------------------------------------------------------------------------------------------


def _overlaps_of_clinic() -> int:
    statuses = ", ".join(f"'{status}'" for status in OCCUPYING)
    return _overlaps(
        "clinic_appointment", f"one.status IN ({statuses}) AND other.status IN ({statuses})"
    )


def _overlaps(table: str, condition: str) -> int:
    """Pairs that overlap for the same doctor or the same patient, counted by plain SQL."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) FROM {table} one JOIN {table} other ON one.id < other.id"
            " AND (one.doctor_id = other.doctor_id OR one.patient_id = other.patient_id)"
            f' AND one.start < other."end" AND other.start < one."end" WHERE {condition}'
        )
        return int(cursor.fetchone()[0])
