"""Booking and cancelling."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from django.db import IntegrityError, transaction

from clinic import clock
from clinic.actions.records import new_reference, told_by_mail
from clinic.actions.reminders import plan_reminders, void_reminders
from clinic.actions.schedules import lock_schedule
from clinic.errors import (
    AlreadyStarted,
    DoctorNotBookable,
    FieldError,
    NotFound,
    Overlap,
    PatientBusy,
    SlotTaken,
    VersionConflict,
)
from clinic.events import (
    AppointmentBooked,
    AppointmentCancelled,
    DoctorAssigned,
    Event,
    HoursChanged,
    RecordCreated,
    RecordVoided,
)
from clinic.events import SlotFreed as SlotFreedEvent
from clinic.events import SlotTaken as SlotTakenEvent
from clinic.journal import record
from clinic.models import Appointment, Doctor, HealthRecord, Person, RecordType, Role
from clinic.models.appointments import DOCTOR_OVERLAP, PATIENT_OVERLAP
from clinic.policy import Operation, require, require_thing
from clinic.queries.appointments import appointment_for, appointments_with_everything
from clinic.queries.assignments import doctors_assigned_to
from clinic.queries.people import doctor_account
from clinic.queries.records import reading_doctors
from clinic.queries.schedules import Calendar, calendar_of, free_starts
from clinic.rows import insert, lock_row
from clinic.rules.reminders import Reason
from clinic.rules.slots import SlotState, Span, is_full, require_bookable
from clinic.rules.statuses import Status, Step, require_step
from clinic.rules.zones import instant_at

ALTERNATIVES: Final = 3
ALTERNATIVES_WITHIN: Final = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class WallClock:
    """A time as people say it: date and time in the doctor's zone."""

    day: date
    time: time


@dataclass(frozen=True, slots=True)
class Booking:
    appointment: Appointment
    health_record: HealthRecord


def book_appointment(
    *,
    actor: Person,
    doctor_id: int,
    when: datetime | WallClock,
    patient_id: int | None = None,
    notes: str = "",
) -> Booking:
    """Book a visit and open its record, in one transaction.

    Patients book for themselves, staff for `patient_id`. Raises DoctorNotBookable, a TimeNotBookable
    naming the rule, SlotTaken or PatientBusy with the next free starts.
    """
    require(actor, Operation.BOOK)
    patient = _patient_to_book(actor, patient_id)
    with _overlaps_refused(doctor_id, when), transaction.atomic():
        doctor = _bookable_doctor(doctor_id)
        # Two doctors' bookings of one patient take turns, too, instead of waiting for each other.
        lock_row(Person, patient.pk)
        start = _instant(when, doctor)
        span = Span(start, start + timedelta(minutes=doctor.appointment_duration))
        calendar = _calendar_around(doctor, span)
        now = clock.now()
        require_bookable(calendar.schedule, calendar.busy, span, now=now)
        appointment = _insert(doctor, patient, span, notes, now)
        plan_reminders(appointment, now=now)
        readers, known = doctors_assigned_to(patient.pk, besides=doctor.pk)
        visit = _open_visit_record(appointment, now)
        record(
            AppointmentBooked(appointment=appointment),
            *_slot_events(doctor, calendar, [*calendar.busy, span], span, now=now),
            *_visit_record_events(visit, doctor, known=known, readers=readers),
            actor=actor,
        )
    return Booking(appointment, visit)


def cancel_appointment(
    *, actor: Person, appointment_id: int, reason: str = "", version: int | None = None
) -> Appointment:
    """Cancel for good; the time is free again. Cancelling once more changes nothing.

    Raises NotFound, InvalidTransition, AlreadyStarted (a patient after the start), VersionConflict when
    `version` is given and no longer the newest.
    """
    doctor_id = appointment_for(actor, appointment_id).doctor_id
    with transaction.atomic():
        doctor = lock_schedule(doctor_id)
        appointment = _locked(appointment_id)
        require_thing(actor, Operation.CANCEL_APPOINTMENT, appointment)
        if appointment.status == Status.CANCELLED:
            return appointment
        if version is not None and version != appointment.version:
            raise VersionConflict
        require_step(Step.CANCEL, Status(appointment.status))
        now = clock.now()
        if actor.role == Role.PATIENT and appointment.start <= now:
            raise AlreadyStarted
        span = Span(appointment.start, appointment.end)
        calendar = _calendar_around(doctor, span)
        _mark_cancelled(appointment, reason, now)
        void_reminders(appointment, Reason.CANCELLED, now=now)
        voided = _void_unwritten_record(appointment, now)
        left = [busy for busy in calendar.busy if busy != span]
        record(
            AppointmentCancelled(appointment=appointment),
            *_slot_events(doctor, calendar, left, span, now=now),
            *voided,
            actor=actor,
        )
    return appointment


def _patient_to_book(actor: Person, patient_id: int | None) -> Person:
    if patient_id is None:
        if actor.role != Role.PATIENT:
            raise FieldError("patient_id", "Say for which patient.", code="required")
        return actor
    require_thing(actor, Operation.BOOK_FOR, patient_id)
    patient = Person.objects.filter(pk=patient_id, role=Role.PATIENT, is_active=True).first()
    if patient is None:
        raise NotFound
    return patient


def _bookable_doctor(doctor_id: int) -> Doctor:
    # An unknown doctor and one who cannot be booked are answered alike.
    try:
        doctor = lock_schedule(doctor_id)
    except NotFound:
        raise DoctorNotBookable from None
    if not doctor.is_bookable:
        raise DoctorNotBookable
    return doctor


def _instant(when: datetime | WallClock, doctor: Doctor) -> datetime:
    if isinstance(when, datetime):
        return when
    return instant_at(when.day, when.time, doctor.person.time_zone)


def _calendar_around(doctor: Doctor, span: Span) -> Calendar:
    day = timedelta(days=1)
    return calendar_of(doctor, (span.start - day).date(), (span.end + day).date())


def _insert(doctor: Doctor, patient: Person, span: Span, notes: str, now: datetime) -> Appointment:
    appointment = Appointment(
        doctor=doctor,
        patient=patient,
        start=span.start,
        end=span.end,
        notes=notes,
        created_at=now,
        updated_at=now,
    )
    insert([appointment])
    return appointment


@contextmanager
def _overlaps_refused(doctor_id: int, when: datetime | WallClock) -> Iterator[None]:
    """Turn a violated overlap rule into its refusal, with other times; looked for outside the locks."""
    reasons: dict[str, type[Overlap]] = {DOCTOR_OVERLAP: SlotTaken, PATIENT_OVERLAP: PatientBusy}
    try:
        yield
    except IntegrityError as error:
        for name, reason in reasons.items():
            if name in str(error):
                raise reason(_alternatives(doctor_id, when)) from None
        raise


def _alternatives(doctor_id: int, when: datetime | WallClock) -> list[datetime]:
    doctor = doctor_account(doctor_id)
    start = _instant(when, doctor)
    first = start.date() - timedelta(days=1)
    last = (start + ALTERNATIVES_WITHIN).date()
    calendar = calendar_of(doctor, first, last)
    return free_starts(calendar, first, last, now=max(clock.now(), start), limit=ALTERNATIVES)


def _open_visit_record(appointment: Appointment, now: datetime) -> HealthRecord:
    visit = HealthRecord(
        reference=new_reference(),
        record_type=RecordType.CONSULTATION,
        title=f"Visit with {appointment.doctor.person.name}",
        patient=appointment.patient,
        doctor=appointment.doctor,
        appointment=appointment,
        created_at=now,
        updated_at=now,
    )
    insert([visit])
    appointment.health_record = visit
    return visit


def _visit_record_events(
    visit: HealthRecord, doctor: Doctor, *, known: bool, readers: tuple[int, ...]
) -> list[Event]:
    """The record; and, the first time a patient comes to this doctor, that they may read it."""
    events: list[Event] = [
        RecordCreated(record=visit, readers=tuple(sorted({*readers, doctor.pk})))
    ]
    if not known:
        news = DoctorAssigned(doctor=doctor, patient=visit.patient, why="booking", record=visit)
        events.append(told_by_mail(news))
    return events


def _locked(appointment_id: int) -> Appointment:
    Appointment.objects.select_for_update(no_key=True).get(pk=appointment_id)
    return appointments_with_everything().get(pk=appointment_id)


def _mark_cancelled(appointment: Appointment, reason: str, now: datetime) -> None:
    appointment.status = Status.CANCELLED
    appointment.reason = reason
    appointment.version += 1
    appointment.sequence += 1
    appointment.updated_at = now
    appointment.save()


def _void_unwritten_record(appointment: Appointment, now: datetime) -> list[Event]:
    """Void the visit's record unless somebody has written in it since it was opened."""
    # Whoever writes in it at this moment is waited for: what they wrote must not vanish with it.
    locked = HealthRecord.objects.select_for_update(no_key=True)
    visit = locked.filter(appointment=appointment).first()
    if visit is None or visit.voided_at or visit.version > 1 or visit.annotations.exists():
        return []
    visit.voided_at = visit.updated_at = now
    visit.save()
    appointment.health_record = visit
    return [RecordVoided(record=visit, readers=reading_doctors(visit))]


def _slot_events(
    doctor: Doctor, before: Calendar, busy_after: list[Span], span: Span, *, now: datetime
) -> list[Event]:
    """What the watchers of the doctor's slots see of a change within `span`.

    Each slot of the grid that it touches; or the whole day, where the doctor's daily limit was
    reached or left by it, or is still exceeded: a slot that is freed then is gone, not free.
    """
    schedule = before.schedule
    day = schedule.date_of(span.start)
    if is_full(schedule, before.busy, day) or is_full(schedule, busy_after, day):
        return [HoursChanged(doctor_id=doctor.pk, dates=(day,))]
    after = Calendar(schedule, busy_after)
    kinds = {SlotState.TAKEN: SlotTakenEvent, SlotState.FREE: SlotFreedEvent}
    return [
        kinds[slot.state](doctor_id=doctor.pk, time_zone=schedule.time_zone, slot=slot)
        for slot in after.slots([day], now=now)
        if slot.span.overlaps(span) and slot.state in kinds
    ]
