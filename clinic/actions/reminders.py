"""Reminders: planned and voided with their appointment, claimed by any number of workers, sent once."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction

from clinic import clock
from clinic.actions.messages import plan_message
from clinic.events import ReminderDue, Subject
from clinic.journal import record
from clinic.leases import take
from clinic.models import Appointment, MessageKind, Person, Reminder
from clinic.queries.preferences import lead_times_of, loud_from, preferences_of
from clinic.queries.reminders import due_reminders, waiting_reminders
from clinic.rows import insert, lock_row
from clinic.rules.messages import Channel
from clinic.rules.reminders import NO_SHOW, Moment, Reason, ReminderState, moments_before, why_not
from clinic.rules.statuses import Status

# When its worker was killed another takes it after this long. Sending is one short transaction.
LEASE: Final = timedelta(minutes=1)
# So long after a visit should have begun a worker that comes late does not judge it any more.
JUDGED_WITHIN: Final = timedelta(hours=24)


def plan_reminders(appointment: Appointment, *, now: datetime) -> None:
    """All reminders of this appointment as it stands; in the transaction that books or moves it."""
    zone = appointment.doctor.person.time_zone
    leads = lead_times_of(appointment.patient_id)
    planned = [
        _planned(appointment, moment, channel)
        for moment in moments_before(leads, appointment.start, zone, now=now)
        for channel in _offered()
    ]
    if settings.NO_SHOW_AFTER is not None:
        judged_at = appointment.start + settings.NO_SHOW_AFTER
        moment = Moment(NO_SHOW, judged_at, judged_at + JUDGED_WITHIN)
        planned.append(_planned(appointment, moment, Channel.IN_APP))
    insert(planned)


def _planned(appointment: Appointment, moment: Moment, channel: Channel) -> Reminder:
    return Reminder(
        appointment=appointment,
        sequence=appointment.sequence,
        kind=moment.kind,
        channel=channel,
        due_at=moment.due_at,
        until=moment.until,
    )


def _offered() -> list[Channel]:
    return [channel for channel in WAYS if channel is not Channel.SMS or settings.SMS]


def void_reminders(appointment: Appointment, reason: Reason, *, now: datetime) -> None:
    """Those that still wait; in the transaction that cancels or moves the appointment."""
    waiting_reminders().filter(appointment=appointment).update(
        state=ReminderState.VOIDED, reason=reason, ended_at=now, claim=None, claimed_until=None
    )


# -- the ways to a patient ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Way:
    """One channel: what is missing for it, if anything, and the handing over, in the marking transaction.

    `hand_over` only writes rows: what goes out of the house is carried from there by a worker of its own.
    """

    lacks: Callable[[Person], Reason | None]
    hand_over: Callable[[Reminder, Appointment], None]


def _nothing(patient: Person) -> Reason | None:
    return None


def _address(patient: Person) -> Reason | None:
    return None if patient.email else Reason.NO_ADDRESS


def _number(patient: Person) -> Reason | None:
    if not settings.SMS:
        return Reason.NO_GATEWAY
    return None if patient.phone_number else Reason.NO_ADDRESS


def _tell(reminder: Reminder, appointment: Appointment) -> None:
    record(ReminderDue(reminder=reminder, appointment=appointment), actor=None)


def _send_by(channel: Channel) -> Callable[[Reminder, Appointment], None]:
    def send(reminder: Reminder, appointment: Appointment) -> None:
        patient = appointment.patient
        plan_message(
            kind=MessageKind.VISIT_REMINDER,
            channel=channel,
            person=patient,
            subject=Subject("reminder", reminder.pk),
            due_at=loud_from(patient, clock.now()),
            once=f"reminder.{reminder.pk}",
        )

    return send


WAYS: Final[dict[Channel, Way]] = {
    Channel.IN_APP: Way(_nothing, _tell),
    Channel.EMAIL: Way(_address, _send_by(Channel.EMAIL)),
    Channel.SMS: Way(_number, _send_by(Channel.SMS)),
}


# -- what the workers do ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ClaimedReminder:
    """A reminder that is ours to send, until the lease ends."""

    reminder: Reminder
    claim: uuid.UUID


def claim_reminder() -> ClaimedReminder | None:
    """Take the reminder that is due longest; None if there is none."""
    now = clock.now()
    taken = take(due_reminders(now), now=now, lease=LEASE)
    return None if taken is None else ClaimedReminder(*taken)


def remind(claimed: ClaimedReminder) -> ReminderState | None:
    """Send it, or end it for what stands against it; None: it is no longer ours, and nothing has happened.

    Look, mark and handing over are one transaction, in which the appointment stands still.
    """
    reminder = claimed.reminder
    with transaction.atomic():
        lock_row(Appointment, reminder.appointment_id)
        appointment = _appointment(reminder)
        found = _against(reminder, appointment)
        state, reason = found or (ReminderState.SENT, "")
        if not end_reminder(claimed, state, reason):
            return None
        if state is ReminderState.SENT:
            WAYS[Channel(reminder.channel)].hand_over(reminder, appointment)
    return state


def _appointment(reminder: Reminder) -> Appointment:
    # Without what patients wrote: nothing of it is told, and one note that cannot be opened stops no reminder.
    everything = Appointment.objects.select_related("doctor__person", "patient")
    return everything.defer("notes", "reason").get(pk=reminder.appointment_id)


def _against(reminder: Reminder, appointment: Appointment) -> tuple[ReminderState, Reason] | None:
    """What stands against sending it now, as its visit and its patient stand."""
    found = why_not(
        status=Status(appointment.status),
        was_moved=appointment.sequence != reminder.sequence,
        start=appointment.start,
        until=reminder.until,
        now=clock.now(),
    )
    if found is not None:
        return found
    obstacle = _obstacle(appointment.patient, Channel(reminder.channel))
    return None if obstacle is None else (ReminderState.SKIPPED, obstacle)


def _obstacle(patient: Person, channel: Channel) -> Reason | None:
    if not patient.is_active:
        return Reason.NO_ACCOUNT
    if not preferences_of(patient).wants(channel):
        return Reason.NOT_WANTED
    return WAYS[channel].lacks(patient)


def end_reminder(claimed: ClaimedReminder, state: ReminderState, reason: str) -> bool:
    """False: it is no longer ours."""
    mine = waiting_reminders().filter(pk=claimed.reminder.pk, claim=claimed.claim)
    return bool(
        mine.update(
            state=state, reason=reason, ended_at=clock.now(), claim=None, claimed_until=None
        )
    )
