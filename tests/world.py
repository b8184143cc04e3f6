"""People, doctors with hours and appointments: what most tests begin with, as plain functions."""

import itertools
import json
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from django.db import transaction

from clinic import clock
from clinic.actions import records
from clinic.actions.annotations import annotate_record
from clinic.actions.appointments import book_appointment, cancel_appointment
from clinic.actions.assignments import assign_doctor, end_assignment
from clinic.actions.calendar import WallClock
from clinic.actions.records import create_record
from clinic.actions.sessions import open_session
from clinic.events import WaitlistOffered
from clinic.journal import record
from clinic.models import (
    Annotation,
    Appointment,
    Assignment,
    Doctor,
    Entry,
    HealthRecord,
    Notification,
    Person,
    Role,
    TimeOff,
    WorkingWindow,
)
from clinic.queries.schedules import calendar_of, free_starts
from clinic.rules.hours import Weekday, parse_available_days
from clinic.rules.slots import Span
from clinic.tokens import TokenPair

PASSWORD: Final = "correct-horse-battery-7"
LONG_DAY: Final = {"is_available": True, "start_time": "08:00", "end_time": "18:00"}
EVERY_DAY: Final = {day.name: LONG_DAY for day in Weekday}

_numbers = itertools.count(1)


def a_patient(username: str = "", **fields: Any) -> Person:
    return _person(Role.PATIENT, username, fields)


def a_receptionist(username: str = "", **fields: Any) -> Person:
    return _person(Role.RECEPTIONIST, username, fields)


def an_admin(username: str = "", **fields: Any) -> Person:
    return _person(Role.ADMIN, username, fields)


def a_doctor(
    username: str = "",
    *,
    hours: Any = EVERY_DAY,
    zone: str = "UTC",
    minutes: int = 30,
    limit: int | None = None,
    specialization: str = "Cardiology",
    **fields: Any,
) -> Doctor:
    """A doctor who can be booked. `hours` is `available_days` in either form, `limit` patients a day."""
    person = _person(Role.DOCTOR, username, {"time_zone": zone, **fields})
    doctor = Doctor.objects.create(
        person=person,
        specialization=specialization,
        appointment_duration=minutes,
        max_patients_per_day=limit,
    )
    WorkingWindow.objects.bulk_create(
        WorkingWindow(doctor=doctor, weekday=day, start_time=window.start, end_time=window.end)
        for day, windows in parse_available_days(hours).items()
        for window in windows
    )
    return doctor


def a_pending_doctor(username: str = "", **fields: Any) -> Doctor:
    """Registered, not yet approved."""
    return a_doctor(username, is_approved=False, **fields)


def an_appointment(
    doctor: Doctor, patient: Person, start: datetime, *, minutes: int = 30, **fields: Any
) -> Appointment:
    """A row as it is, past ones too: no rules, no record, no events. `book` goes the usual way."""
    now = clock.now()
    return Appointment.objects.create(
        doctor=doctor,
        patient=patient,
        start=start,
        end=start + timedelta(minutes=minutes),
        created_at=now,
        updated_at=now,
        **fields,
    )


def book(
    doctor: Doctor,
    patient: Person,
    when: datetime | WallClock | None = None,
    *,
    actor: Person | None = None,
    notes: str = "",
) -> Appointment:
    """Book as patients do, or as `actor` for the patient; without `when`, the doctor's next free time."""
    return book_appointment(
        actor=actor or patient,
        doctor_id=doctor.pk,
        when=when or next_free_start(doctor),
        patient_id=patient.pk,
        notes=notes,
    ).appointment


def cancel(appointment: Appointment, *, actor: Person | None = None) -> Appointment:
    """Cancel as its patient does, or as `actor`."""
    return cancel_appointment(actor=actor or appointment.patient, appointment_id=appointment.pk)


def next_free_start(doctor: Doctor) -> datetime:
    return next_free_starts(doctor, 1)[0]


def next_free_starts(doctor: Doctor, count: int) -> list[datetime]:
    """The doctor's next free times within a month, from tomorrow on: none passes while a test runs."""
    first = clock.now().date() + timedelta(days=1)
    last = first + timedelta(days=31)
    calendar = calendar_of(doctor, first, last)
    starts = free_starts(calendar, first, last, now=clock.now(), limit=count)
    assert len(starts) == count, f"{doctor} has only {len(starts)} free times"
    return starts


def an_offer(patient: Person, doctor: Doctor, *, stands: timedelta) -> WaitlistOffered:
    """The doctor's next free time, offered to who waits for one; nothing of it is written."""
    start, now = next_free_start(doctor), clock.now()
    span = Span(start, start + timedelta(minutes=30))
    return WaitlistOffered(
        entry_id=7, patient=patient, doctor=doctor, span=span, expires_at=now + stands
    )


def offer(patient: Person, doctor: Doctor, *, stands: timedelta) -> None:
    """As the waiting list will: told in the transaction that keeps the time."""
    with transaction.atomic():
        record(an_offer(patient, doctor, stands=stands), actor=None)


def time_off(doctor: Doctor, start: datetime, end: datetime) -> TimeOff:
    return TimeOff.objects.create(doctor=doctor, start=start, end=end)


def a_record(patient: Person, doctor: Doctor | None = None, **says: Any) -> HealthRecord:
    return create_record(
        actor=patient,
        doctor_id=doctor.pk if doctor else None,
        **{"record_type": "OTHER", "title": "Knee", "description": "It hurts.", **says},
    )


def annotate(record: HealthRecord, doctor: Doctor, content: str = "Rest.") -> Annotation:
    return annotate_record(actor=doctor.person, record_id=record.pk, content=content)


def remove_record(record: HealthRecord) -> None:
    records.remove_record(actor=record.patient, record_id=record.pk)


def assign(patient: Person, doctor: Doctor, *, actor: Person | None = None) -> Assignment:
    done = assign_doctor(actor=actor or patient, patient_id=patient.pk, doctor_id=doctor.pk)
    return done.assignment


def end(assignment: Assignment, *, actor: Person | None = None) -> Assignment:
    return end_assignment(actor=actor or assignment.patient, assignment_id=assignment.pk)


def tokens(person: Person, *, device: str = "a test") -> TokenPair:
    """The tokens of a new session."""
    return open_session(person, device=device)


def entries(topic: object) -> list[Entry]:
    """What a topic holds, in the order of its numbers."""
    return list(Entry.objects.filter(topic=str(topic)).select_related("event").order_by("seq"))


def types_in(topic: object) -> list[str]:
    return [entry.event.type for entry in entries(topic)]


def body_of(entry: Entry) -> Any:
    return json.loads(entry.body)


def bodies_in(topic: object) -> list[Any]:
    return [body_of(entry) for entry in entries(topic)]


def inbox(person: Person) -> list[Notification]:
    """The newest line first."""
    return list(Notification.objects.filter(person=person).order_by("-seq"))


def wall(day: str, clock_time: str) -> WallClock:
    """`wall("2027-03-01", "09:30")`: what a doctor's clock shows."""
    return WallClock(date.fromisoformat(day), time.fromisoformat(clock_time))


def utc(text: str) -> datetime:
    """`utc("2027-03-01 09:30")`."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _person(role: Role, username: str, fields: dict[str, Any]) -> Person:
    number = next(_numbers)
    name = username or f"{role.lower()}-{number}"
    defaults = {
        "first_name": name.split("-")[0].title(),
        "last_name": f"Test{number:04}",
        "email": f"{name}@example.org",
        "password": PASSWORD,
        "role": role,
    }
    return Person.objects.create_user(name, **{**defaults, **fields})
