"""Whether people come: they say so beforehand, and somebody says so when they did not."""

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.db import transaction

from clinic import clock
from clinic.actions.calendar import calendar_around, locked_appointment, slot_events
from clinic.actions.reminders import ClaimedReminder, end_reminder, void_reminders
from clinic.actions.schedules import lock_schedule
from clinic.errors import AlreadyStarted, InvalidTransition, VersionConflict
from clinic.events import AppointmentConfirmed, AppointmentNoShow, Event
from clinic.journal import record
from clinic.models import Appointment, Doctor, Person
from clinic.policy import Operation, require
from clinic.queries.appointments import appointment_for
from clinic.rules.reminders import Reason, ReminderState, why_nobody_is_missing
from clinic.rules.slots import Span
from clinic.rules.statuses import Status, Step, require_step, steps_allowed


def confirm_appointment(
    *, actor: Person, appointment_id: int, version: int | None = None
) -> Appointment:
    """The patient says that they will come. Saying it once more changes nothing.

    Raises NotFound, Forbidden, InvalidTransition, AlreadyStarted, VersionConflict.
    """
    appointment_for(actor, appointment_id)
    with transaction.atomic():
        appointment = locked_appointment(appointment_id)
        require(actor, Operation.CONFIRM_APPOINTMENT, appointment)
        if version is not None and version != appointment.version:
            raise VersionConflict
        require_step(Step.CONFIRM, Status(appointment.status))
        now = clock.now()
        if appointment.start <= now:
            raise AlreadyStarted
        if appointment.confirmed_at is not None:
            return appointment
        appointment.confirmed_at = now
        _save(appointment, now)
        record(AppointmentConfirmed(appointment=appointment), actor=actor)
    return appointment


def mark_no_show(*, actor: Person, appointment_id: int, version: int | None = None) -> Appointment:
    """Nobody came to a visit that was to have begun; its time is free again. Once more changes nothing."""
    doctor_id = appointment_for(actor, appointment_id).doctor_id
    with transaction.atomic():
        doctor = lock_schedule(doctor_id)
        appointment = locked_appointment(appointment_id)
        require(actor, Operation.MARK_NO_SHOW, appointment)
        if appointment.status == Status.NO_SHOW:
            return appointment
        if version is not None and version != appointment.version:
            raise VersionConflict
        status, now = Status(appointment.status), clock.now()
        require_step(Step.NO_SHOW, status)
        if now < appointment.start:
            raise InvalidTransition(status, [s for s in steps_allowed(status) if s != Step.NO_SHOW])
        record(*_missed(doctor, appointment, now), actor=actor)
    return appointment


def judge_no_show(claimed: ClaimedReminder) -> ReminderState | None:
    """What a worker finds when a visit's patient should have been there long ago; as `remind` answers."""
    reminder = claimed.reminder
    if settings.NO_SHOW_AFTER is None:
        # Planned while the clinic wanted it: switched off, it holds for visits that are booked already.
        state = ReminderState.VOIDED
        return state if end_reminder(claimed, state, Reason.NOT_WANTED) else None
    doctor_id = Appointment.objects.values_list("doctor_id", flat=True).get(
        pk=reminder.appointment_id
    )
    with transaction.atomic():
        doctor = lock_schedule(doctor_id)
        appointment = locked_appointment(reminder.appointment_id)
        now = clock.now()
        found = why_nobody_is_missing(
            status=Status(appointment.status),
            was_moved=appointment.sequence != reminder.sequence,
            until=reminder.until,
            now=now,
        )
        state, reason = found or (ReminderState.SENT, "")
        if not end_reminder(claimed, state, reason):
            return None
        if state is ReminderState.SENT:
            record(*_missed(doctor, appointment, now), actor=None)
    return state


def _missed(doctor: Doctor, appointment: Appointment, now: datetime) -> Sequence[Event]:
    span = Span(appointment.start, appointment.end)
    calendar = calendar_around(doctor, span)
    appointment.status = Status.NO_SHOW
    _save(appointment, now)
    void_reminders(appointment, Reason.MISSED, now=now)
    left = [busy for busy in calendar.busy if busy != span]
    return [
        AppointmentNoShow(appointment=appointment),
        *slot_events(doctor, calendar, left, span, now=now),
    ]


def _save(appointment: Appointment, now: datetime) -> None:
    appointment.version += 1
    appointment.updated_at = now
    appointment.save()
