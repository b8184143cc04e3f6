"""Booking, moving and cancelling."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from clinic import clock
from clinic.actions.calendar import (
    When,
    bookable_doctor,
    calendar_around,
    instant_of,
    locked_appointment,
    overlaps_refused,
    slot_events,
    slot_events_of_move,
)
from clinic.actions.records import name_visit_doctor, new_reference, told_by_mail, visit_title
from clinic.actions.reminders import plan_reminders, void_reminders
from clinic.actions.schedules import lock_schedule
from clinic.errors import AlreadyStarted, FieldError, Forbidden, NotFound, VersionConflict
from clinic.events import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentRescheduled,
    DoctorAssigned,
    Event,
    RecordCreated,
    RecordVoided,
)
from clinic.journal import record
from clinic.models import Appointment, Doctor, HealthRecord, Person, RecordType, Role
from clinic.policy import Operation, require, require_thing
from clinic.queries.appointments import appointment_for
from clinic.queries.assignments import doctors_assigned_to
from clinic.queries.records import reading_doctors
from clinic.rows import insert, lock_row
from clinic.rules.reminders import Reason
from clinic.rules.slots import Span, require_bookable
from clinic.rules.statuses import Status, Step, require_step


@dataclass(frozen=True, slots=True)
class Booking:
    appointment: Appointment
    health_record: HealthRecord


def book_appointment(
    *,
    actor: Person,
    doctor_id: int,
    when: When,
    patient_id: int | None = None,
    notes: str = "",
) -> Booking:
    """Book a visit and open its record, in one transaction.

    Patients book for themselves, staff for `patient_id`. Raises DoctorNotBookable, a TimeNotBookable
    naming the rule, SlotTaken or PatientBusy with the next free starts.
    """
    require(actor, Operation.BOOK)
    patient = _patient_to_book(actor, patient_id)
    with overlaps_refused(doctor_id, when), transaction.atomic():
        doctor = bookable_doctor(doctor_id)
        # Two doctors' bookings of one patient take turns, too, instead of waiting for each other.
        lock_row(Person, patient.pk)
        start = instant_of(when, doctor)
        span = Span(start, start + timedelta(minutes=doctor.appointment_duration))
        calendar = calendar_around(doctor, span)
        now = clock.now()
        require_bookable(calendar.schedule, calendar.busy, span, now=now)
        appointment = _insert(doctor, patient, span, notes, now)
        plan_reminders(appointment, now=now)
        readers, known = doctors_assigned_to(patient.pk, besides=doctor.pk)
        visit = _open_visit_record(appointment, now)
        record(
            AppointmentBooked(appointment=appointment),
            *slot_events(doctor, calendar, [*calendar.busy, span], span, now=now),
            *_visit_record_events(visit, doctor, known=known, readers=readers),
            actor=actor,
        )
    return Booking(appointment, visit)


def cancel_appointment(
    *, actor: Person, appointment_id: int, reason: str = "", version: int | None = None
) -> Appointment:
    """Cancel for good; the time is free again. Cancelling once more changes nothing.

    Raises NotFound, InvalidTransition, AlreadyStarted (a patient after the start), VersionConflict when
    `version` is given and no longer the newest, or the visit goes to another doctor at this moment.
    """
    doctor_id = appointment_for(actor, appointment_id).doctor_id
    with transaction.atomic():
        doctor = lock_schedule(doctor_id)
        appointment = locked_appointment(appointment_id)
        require_thing(actor, Operation.CANCEL_APPOINTMENT, appointment)
        if appointment.status == Status.CANCELLED:
            return appointment
        # Given to another doctor meanwhile: it is that one's calendar that would have to be locked.
        if appointment.doctor_id != doctor.pk or version not in (None, appointment.version):
            raise VersionConflict
        require_step(Step.CANCEL, Status(appointment.status))
        now = clock.now()
        if actor.role == Role.PATIENT and appointment.start <= now:
            raise AlreadyStarted
        span = Span(appointment.start, appointment.end)
        calendar = calendar_around(doctor, span)
        _mark_cancelled(appointment, reason, now)
        void_reminders(appointment, Reason.CANCELLED, now=now)
        voided = _void_unwritten_record(appointment, now)
        left = [busy for busy in calendar.busy if busy != span]
        record(
            AppointmentCancelled(appointment=appointment),
            *slot_events(doctor, calendar, left, span, now=now),
            *voided,
            actor=actor,
        )
    return appointment


def reschedule_appointment(
    *,
    actor: Person,
    appointment_id: int,
    when: When,
    doctor_id: int | None = None,
    version: int | None = None,
) -> Appointment:
    """Move a visit that is still to come; the same visit, and where it cannot be moved its old time stands.

    Only staff give it to another doctor. Moving it to where it is changes nothing. Raises what
    `cancel_appointment` and `book_appointment` raise, and Forbidden.
    """
    seen = appointment_for(actor, appointment_id)
    wanted = seen.doctor_id if doctor_id is None else doctor_id
    with overlaps_refused(wanted, when), transaction.atomic():
        doctor, before = _doctors_of_move(wanted, seen.doctor_id)
        lock_row(Person, seen.patient_id)
        appointment = locked_appointment(appointment_id)
        require_thing(actor, Operation.RESCHEDULE_APPOINTMENT, appointment)
        if appointment.doctor_id != before.pk:
            raise VersionConflict
        _require_movable(actor, appointment, doctor, version)
        now = clock.now()
        start = instant_of(when, doctor)
        old = Span(appointment.start, appointment.end)
        new = Span(start, start + timedelta(minutes=doctor.appointment_duration))
        if (old, before.pk) == (new, doctor.pk):
            return appointment
        calendar = calendar_around(doctor, new)
        taken = [busy for busy in calendar.busy if busy != old or doctor.pk != before.pk]
        require_bookable(calendar.schedule, taken, new, now=now)
        slots = _slots_of_move(doctor, before, old, new, now)
        _move(appointment, doctor, new, now)
        void_reminders(appointment, Reason.MOVED, now=now)
        plan_reminders(appointment, now=now)
        named, losers = name_visit_doctor(appointment, doctor, before, now)
        record(
            AppointmentRescheduled(appointment=appointment, old=old, doctor_before=before),
            *slots,
            *named,
            actor=actor,
            rights_of=losers,
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


def _doctors_of_move(wanted: int, current: int) -> tuple[Doctor, Doctor]:
    """The doctor it goes to and the one it comes from, both locked; two moves that cross take turns."""
    if wanted == current:
        doctor = bookable_doctor(wanted)
        return doctor, doctor
    lock_schedule(min(wanted, current))
    return bookable_doctor(wanted), lock_schedule(current)


def _require_movable(
    actor: Person, appointment: Appointment, doctor: Doctor, version: int | None
) -> None:
    if version is not None and version != appointment.version:
        raise VersionConflict
    if doctor.pk != appointment.doctor_id and actor.role not in (Role.RECEPTIONIST, Role.ADMIN):
        raise Forbidden
    require_step(Step.RESCHEDULE, Status(appointment.status))
    if actor.role == Role.PATIENT and appointment.start <= clock.now():
        raise AlreadyStarted


def _slots_of_move(
    doctor: Doctor, before: Doctor, old: Span, new: Span, now: datetime
) -> list[Event]:
    if doctor.pk == before.pk:
        return slot_events_of_move(doctor, old, new, now=now)
    left, taken = calendar_around(before, old), calendar_around(doctor, new)
    without = [busy for busy in left.busy if busy != old]
    return [
        *slot_events(before, left, without, old, now=now),
        *slot_events(doctor, taken, [*taken.busy, new], new, now=now),
    ]


def _move(appointment: Appointment, doctor: Doctor, span: Span, now: datetime) -> None:
    appointment.doctor = doctor
    appointment.start, appointment.end = span.start, span.end
    # Who said they would come said so of another time.
    appointment.confirmed_at = None
    appointment.version += 1
    appointment.sequence += 1
    appointment.updated_at = now
    appointment.save()


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


def _open_visit_record(appointment: Appointment, now: datetime) -> HealthRecord:
    visit = HealthRecord(
        reference=new_reference(),
        record_type=RecordType.CONSULTATION,
        title=visit_title(appointment.doctor),
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
