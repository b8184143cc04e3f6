"""Makes a clinic to measure in: doctors with hours, patients, staff, and tokens for all of them."""

from datetime import datetime, time, timedelta
from typing import Any, Final

import django

django.setup()

from django.db import transaction  # noqa: E402

from clinic import clock  # noqa: E402
from clinic.events import NotificationRead  # noqa: E402
from clinic.journal import record  # noqa: E402
from clinic.models import Doctor, Person, Role, Session, WorkingWindow  # noqa: E402
from clinic.rules.hours import Weekday  # noqa: E402
from clinic.tokens import mint  # noqa: E402

OPENS, CLOSES, VISIT_MINUTES = time(8), time(18), 20
SLOTS_A_DAY: Final = 30
FIRST_DAY_AHEAD: Final = 2
TOPICS_AT_ONCE: Final = 100


def make_clinic(
    *, doctors: int, patients: int, receptionists: int, missed: int = 0, missed_by: int = 0
) -> Any:
    """People as `[id, access token]` per role, and `starts`: enough free times of every doctor.

    `missed` events are written into the own topics of the first `missed_by` patients.
    """
    with transaction.atomic():
        people = {
            role: _people(role, count)
            for role, count in (
                (Role.DOCTOR, doctors),
                (Role.PATIENT, patients),
                (Role.RECEPTIONIST, receptionists),
            )
        }
        _hours(people[Role.DOCTOR])
        signed_in = {role.lower() + "s": _sign_in(everyone) for role, everyone in people.items()}
    for first in range(0, missed_by, TOPICS_AT_ONCE):
        _write_events(people[Role.PATIENT][:missed_by][first : first + TOPICS_AT_ONCE], missed)
    return {**signed_in, "starts": [start.isoformat() for start in _starts(days=30)]}


def _people(role: Role, count: int) -> list[Person]:
    return Person.objects.bulk_create(
        Person(
            username=f"{role.lower()}{number}",
            email=f"{role.lower()}{number}@example.org",
            first_name=role.title(),
            last_name=f"Number {number}",
            role=role,
        )
        for number in range(count)
    )


def _hours(doctors: list[Person]) -> None:
    rows = Doctor.objects.bulk_create(
        Doctor(person=person, specialization="Cardiology", appointment_duration=VISIT_MINUTES)
        for person in doctors
    )
    WorkingWindow.objects.bulk_create(
        WorkingWindow(doctor=doctor, weekday=day, start_time=OPENS, end_time=CLOSES)
        for doctor in rows
        for day in Weekday
    )


def _sign_in(people: list[Person]) -> list[tuple[int, str]]:
    now = clock.now()
    sessions = Session.objects.bulk_create(
        Session(
            person=person,
            rotated_at=now,
            created_at=now,
            last_seen_at=now,
            expires_at=now + timedelta(days=1),
        )
        for person in people
    )
    return [(session.person_id, mint(session).access) for session in sessions]


def _write_events(people: list[Person], count: int) -> None:
    now = clock.now()
    with transaction.atomic():
        record(
            *(
                NotificationRead(person_id=person.pk, up_to=number, ids=(), unread=0, read_at=now)
                for person in people
                for number in range(count)
            ),
            actor=None,
        )


def _starts(days: int) -> list[datetime]:
    """Every start of the grid, day by day: what is booked first is nearest."""
    first = clock.now().replace(hour=OPENS.hour, minute=0, second=0, microsecond=0)
    return [
        first + timedelta(days=FIRST_DAY_AHEAD + day, minutes=VISIT_MINUTES * number)
        for day in range(days)
        for number in range(SLOTS_A_DAY)
    ]
