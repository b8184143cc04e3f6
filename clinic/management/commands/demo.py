"""Make the demo clinic: six doctors, forty patients, a full day around now. Once."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.management.base import BaseCommand
from django.db import IntegrityError, transaction

from clinic import clock
from clinic.actions.annotations import annotate_record
from clinic.actions.assignments import assign_doctor
from clinic.actions.records import create_record
from clinic.models import (
    Appointment,
    Clinic,
    Doctor,
    HealthRecord,
    Message,
    MessageKind,
    Person,
    Preferences,
    RecordType,
    Reminder,
    Role,
    Room,
    WorkingWindow,
)
from clinic.rules.hours import Weekday, Window
from clinic.rules.messages import Channel
from clinic.rules.reminders import ReminderState, moments_before
from clinic.rules.slots import Schedule, Span, grid_of_day
from clinic.rules.statuses import Status
from clinic.rules.zones import days_between, local_date, zone_names

PATIENTS: Final = 40
DAYS_AHEAD: Final = 6
NOTES: Final = (
    "Follow-up after last month",
    "Headaches in the morning",
    "Asks for the lab results",
    "",
    "First visit",
    "",
)


@dataclass(frozen=True, slots=True)
class DemoDoctor:
    first_name: str
    last_name: str
    specialization: str
    minutes: int


DOCTORS: Final = (
    DemoDoctor("Kwame", "Osei", "General practice", 30),
    DemoDoctor("Elena", "Ruiz", "Cardiology", 30),
    DemoDoctor("Mei", "Tanaka", "Dermatology", 20),
    DemoDoctor("Jonas", "Lind", "Paediatrics", 20),
    DemoDoctor("Amira", "Haddad", "Neurology", 45),
    DemoDoctor("Tomas", "Novak", "Orthopaedics", 30),
)
PENDING: Final = DemoDoctor("Priya", "Nair", "General practice", 30)


@dataclass(frozen=True, slots=True)
class DemoRecord:
    """What a demo patient wrote, and the notes of doctors in it, by user name."""

    record_type: RecordType
    title: str
    description: str
    doctor: str | None = None
    notes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class DemoChart:
    patient: str
    looked_after_by: tuple[str, ...]
    records: tuple[DemoRecord, ...]


CHARTS: Final = (
    DemoChart(
        "demo.ana",
        ("demo.osei",),
        (
            DemoRecord(
                RecordType.VACCINATION,
                "Demo: tetanus booster",
                "Given at the demo pharmacy. The next one is due in ten years.",
            ),
            DemoRecord(
                RecordType.LAB_RESULT,
                "Demo: blood count from the lab",
                "Haemoglobin 13.9 g/dl, ferritin 18 µg/l.\nThe lab marked ferritin as low.",
                notes=(
                    (
                        "demo.osei",
                        "Ferritin is low, the rest is as it should be. Iron for 12 weeks.",
                    ),
                    ("demo.osei", "Please have it measured again in March."),
                ),
            ),
            DemoRecord(
                RecordType.OTHER,
                "Demo: palpitations in the evening",
                "Twice last week, for about five minutes, while sitting.",
                doctor="demo.ruiz",
                notes=(("demo.ruiz", "A 24-hour ECG is planned. Come sooner if you feel faint."),),
            ),
        ),
    ),
    DemoChart(
        "demo.ben",
        ("demo.osei", "demo.lind"),
        (
            DemoRecord(
                RecordType.PRESCRIPTION,
                "Demo: cream for the elbow",
                "Twice a day, thinly.",
                notes=(("demo.osei", "Stop it when the skin has healed."),),
            ),
        ),
    ),
)
# What became of messages that were never really sent: kind, way, end and reason, in turn.
TOLD: Final = 24
SAMPLES: Final = (
    (MessageKind.VISIT_BOOKED, Channel.EMAIL, "sent_at", ""),
    (MessageKind.VISIT_MOVED, Channel.PUSH, "sent_at", ""),
    (MessageKind.VISIT_BOOKED, Channel.EMAIL, "sent_at", ""),
    (MessageKind.VISIT_MOVED, Channel.EMAIL, "dropped_at", "overtaken"),
    (MessageKind.VISIT_BOOKED, Channel.EMAIL, "sent_at", ""),
    (MessageKind.VISIT_MOVED, Channel.EMAIL, "dropped_at", "read"),
    (MessageKind.VISIT_BOOKED, Channel.EMAIL, "failed_at", "unreachable"),
    (MessageKind.VISIT_BOOKED, Channel.EMAIL, "dropped_at", "bounced"),
)
WISHES: Final[dict[str, dict[str, Any]]] = {
    "demo.ana": {"quiet_from": time(22), "quiet_until": time(7)},
    "demo.ben": {"push": False, "lead_times": "1d,2h"},
    "demo.chris": {"sms": False},
}
FIRST_NAMES: Final = tuple(
    "Ana Ben Chris Dana Emil Fara Goran Hana Ivo Jana".split()  # noqa: SIM905 (reads better)
    + "Kofi Lea Milo Nora Otis Pia Quinn Rosa Sami Tess".split()  # noqa: SIM905
)
LAST_NAMES: Final = ("Demo-Adler", "Demo-Brook")


class Command(BaseCommand):
    help = "Make the demo clinic, unless there already is one or the database holds people."

    def handle(self, *args: Any, **options: Any) -> None:
        if Person.objects.exists():
            return
        with transaction.atomic():
            _make_clinic()
        for chart in CHARTS:
            _write(chart)
        # Their addresses lead nowhere: no mail server is to hear of them.
        Message.objects.filter(person__is_demo=True).delete()
        _tell_of_visits(clock.now())


def _make_clinic() -> None:
    now = clock.now()
    zone = _machine_zone()
    password = make_password(settings.DEMO_PASSWORD)
    Clinic.objects.update_or_create(
        id=Clinic.THE_ONE,
        defaults={"name": "Demo Clinic", "time_zone": zone},
    )
    Room.objects.bulk_create(Room(name=str(number), position=number) for number in (1, 2, 3))
    _person("demo.admin", "Alex", "Demo-Admin", Role.ADMIN, zone, password)
    _person("demo.desk", "Dora", "Demo-Desk", Role.RECEPTIONIST, zone, password)
    window = _hours_around(now, zone)
    doctors = [_doctor(each, window, zone, password) for each in DOCTORS]
    patients = _patients(zone, password)
    _doctor(PENDING, window, zone, password, approved=False)
    today = local_date(now, zone)
    for day in days_between(today, today + timedelta(days=DAYS_AHEAD)):
        for position, doctor in enumerate(doctors):
            _fill_day(doctor, position, day, window, patients, now)


def _tell_of_visits(now: datetime) -> None:
    """Reminders of the visits, in the app alone; some messages as if sent before, and wishes of their patients."""
    visits = list(
        Appointment.objects.filter(patient__is_demo=True)
        .select_related("doctor__person", "patient")
        .defer("notes", "reason")
        .order_by("start", "pk")
    )
    Reminder.objects.bulk_create(
        reminder for visit in visits for reminder in _reminders(visit, now)
    )
    coming = [visit for visit in visits if now < visit.start]
    Message.objects.bulk_create(
        _message(visit, now, *SAMPLES[number % len(SAMPLES)])
        for number, visit in enumerate(coming[:TOLD])
    )
    people = Person.objects.filter(username__in=WISHES).in_bulk(field_name="username")
    Preferences.objects.bulk_create(
        Preferences(person=people[name], **wishes) for name, wishes in WISHES.items()
    )


def _reminders(visit: Appointment, now: datetime) -> Iterator[Reminder]:
    zone = visit.doctor.person.time_zone
    for moment in moments_before(settings.REMINDERS, visit.start, zone, now=visit.created_at):
        has_passed = moment.due_at <= now
        yield Reminder(
            appointment=visit,
            sequence=visit.sequence,
            kind=moment.kind,
            channel=Channel.IN_APP,
            due_at=moment.due_at,
            until=moment.until,
            state=ReminderState.SENT if has_passed else ReminderState.WAITING,
            ended_at=moment.due_at if has_passed else None,
        )


def _message(
    visit: Appointment, now: datetime, kind: MessageKind, channel: Channel, end: str, reason: str
) -> Message:
    at = now - timedelta(minutes=7 * (visit.pk % TOLD) + 1)
    return Message(
        kind=kind,
        channel=channel,
        person=visit.patient,
        address=visit.patient.email if channel is Channel.EMAIL else "",
        subject_kind="appointment",
        subject_id=visit.pk,
        created_at=at,
        due_at=at,
        attempts=8 if reason == "unreachable" else 1,
        reason=reason,
        **{end: at},
    )


def _write(chart: DemoChart) -> None:
    """By the actions, so that inboxes, topics and histories hold what they would in a real clinic."""
    person = {each.username: each for each in Person.objects.filter(is_demo=True)}
    patient = person[chart.patient]
    for doctor in chart.looked_after_by:
        assign_doctor(actor=person["demo.desk"], patient_id=patient.pk, doctor_id=person[doctor].pk)
    for record in chart.records:
        made = create_record(
            actor=patient,
            record_type=record.record_type,
            title=record.title,
            description=record.description,
            doctor_id=person[record.doctor].pk if record.doctor else None,
        )
        for doctor, note in record.notes:
            annotate_record(actor=person[doctor], record_id=made.pk, content=note)


def _machine_zone() -> str:
    """The zone this machine lives in, where it says so; UTC otherwise."""
    name = str(Path("/etc/localtime").resolve()).partition("zoneinfo/")[2]
    return name if name in zone_names() and not name.startswith("Etc/") else "UTC"


def _hours_around(now: datetime, zone: str) -> Window:
    """Working hours that have now in their middle, as far as the day allows."""
    hour = now.astimezone(ZoneInfo(zone)).hour
    first, last = max(0, hour - 5), min(23, hour + 6)
    return Window(time(first), time(23, 59) if last == 23 else time(last))


def _person(
    username: str,
    first_name: str,
    last_name: str,
    role: Role,
    zone: str,
    password: str,
    *,
    approved: bool = True,
) -> Person:
    return Person.objects.create(
        username=username,
        email=f"{username}@demo.example",
        first_name=first_name,
        last_name=last_name,
        role=role,
        time_zone=zone,
        password=password,
        is_approved=approved,
        is_demo=True,
    )


def _patients(zone: str, password: str) -> list[Person]:
    names = [(first, last) for last in LAST_NAMES for first in FIRST_NAMES]
    return [
        _person(_username(first, position), first, last, Role.PATIENT, zone, password)
        for position, (first, last) in enumerate(names[:PATIENTS])
    ]


def _username(first_name: str, position: int) -> str:
    number = "" if position < len(FIRST_NAMES) else "2"
    return f"demo.{first_name.lower()}{number}"


def _doctor(
    demo: DemoDoctor, window: Window, zone: str, password: str, *, approved: bool = True
) -> Doctor:
    person = _person(
        f"demo.{demo.last_name.lower()}",
        f"Dr {demo.first_name}",
        demo.last_name,
        Role.DOCTOR,
        zone,
        password,
        approved=approved,
    )
    doctor = Doctor.objects.create(
        person=person, specialization=demo.specialization, appointment_duration=demo.minutes
    )
    WorkingWindow.objects.bulk_create(
        WorkingWindow(doctor=doctor, weekday=day, start_time=window.start, end_time=window.end)
        for day in Weekday
    )
    return doctor


def _fill_day(
    doctor: Doctor,
    position: int,
    day: date,
    window: Window,
    patients: list[Person],
    now: datetime,
) -> None:
    """Book most of the day; the further ahead, the more is still free."""
    schedule = Schedule(
        time_zone=doctor.person.time_zone,
        hours={weekday: [window] for weekday in Weekday},
        visit_minutes=doctor.appointment_duration,
    )
    days_ahead = (day - local_date(now, schedule.time_zone)).days
    for number, span in enumerate(grid_of_day(schedule, day)):
        if (number * 7 + position * 3 + days_ahead) % 10 < 3 + days_ahead:
            continue
        patient = patients[(number * len(DOCTORS) + position + days_ahead * 11) % len(patients)]
        _seat(doctor, patient, span, NOTES[(number + position) % len(NOTES)], now)


def _seat(doctor: Doctor, patient: Person, span: Span, notes: str, now: datetime) -> None:
    booked_at = min(now, span.start - timedelta(days=2))
    status = Status.COMPLETED if span.end <= now else Status.SCHEDULED
    try:
        with transaction.atomic():
            appointment = Appointment.objects.create(
                doctor=doctor,
                patient=patient,
                start=span.start,
                end=span.end,
                status=status,
                notes=notes,
                created_at=booked_at,
                updated_at=booked_at,
            )
    except IntegrityError:
        return  # the patient is elsewhere at this time
    HealthRecord.objects.create(
        reference=f"HR-DEMO-{appointment.pk:05d}",
        record_type=RecordType.CONSULTATION,
        title=f"Visit with {doctor.person.name}",
        patient=patient,
        doctor=doctor,
        appointment=appointment,
        created_at=booked_at,
        updated_at=booked_at,
    )
