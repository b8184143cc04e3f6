"""Reminders: planned and voided with their appointment, claimed by any number of workers, sent once."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction

from clinic import clock
from clinic.actions.mail import plan_mail
from clinic.events import ReminderDue, Subject
from clinic.journal import record
from clinic.leases import take
from clinic.models import Appointment, Channel, MailKind, Person, Reminder
from clinic.queries.reminders import due_reminders, waiting_reminders
from clinic.rows import insert, lock_row
from clinic.rules.reminders import Reason, ReminderState, moments_before, why_not
from clinic.rules.statuses import Status

# When its worker was killed another takes it after this long. Sending is one short transaction.
LEASE: Final = timedelta(minutes=1)


def plan_reminders(appointment: Appointment, *, now: datetime) -> None:
    """All reminders of this appointment as it stands; in the transaction that books or moves it."""
    zone = appointment.doctor.person.time_zone
    insert(
        [
            Reminder(
                appointment=appointment,
                sequence=appointment.sequence,
                kind=moment.kind,
                channel=channel,
                due_at=moment.due_at,
                until=moment.until,
            )
            for moment in moments_before(settings.REMINDERS, appointment.start, zone, now=now)
            for channel in WAYS
        ]
    )


def void_reminders(appointment: Appointment, reason: Reason, *, now: datetime) -> None:
    """Those that still wait; in the transaction that cancels or moves the appointment."""
    waiting_reminders().filter(appointment=appointment).update(
        state=ReminderState.VOIDED, reason=reason, ended_at=now, claim=None, claimed_until=None
    )


# -- the ways to a patient ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Way:
    """One channel: what stands against it, if anything, and the handing over, in the marking transaction.

    `hand_over` only writes rows: what goes out of the house is carried from there by a worker of its own.
    """

    obstacle: Callable[[Person], Reason | None]
    hand_over: Callable[[Reminder, Appointment], None]


def _no_obstacle(patient: Person) -> Reason | None:
    return None


def _without_address(patient: Person) -> Reason | None:
    return None if patient.email else Reason.NO_ADDRESS


def _tell(reminder: Reminder, appointment: Appointment) -> None:
    record(ReminderDue(reminder=reminder, appointment=appointment), actor=None)


def _mail(reminder: Reminder, appointment: Appointment) -> None:
    plan_mail(
        kind=MailKind.VISIT_REMINDER,
        person=appointment.patient,
        subject=Subject("reminder", reminder.pk),
        once=f"reminder.{reminder.pk}",
    )


WAYS: Final[dict[Channel, Way]] = {
    Channel.IN_APP: Way(_no_obstacle, _tell),
    Channel.EMAIL: Way(_without_address, _mail),
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
        if not _mark(claimed, state, reason):
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
    patient, way = appointment.patient, WAYS[Channel(reminder.channel)]
    obstacle = way.obstacle(patient) if patient.is_active else Reason.NO_ACCOUNT
    return None if obstacle is None else (ReminderState.SKIPPED, obstacle)


def _mark(claimed: ClaimedReminder, state: ReminderState, reason: str) -> bool:
    mine = waiting_reminders().filter(pk=claimed.reminder.pk, claim=claimed.claim)
    return bool(
        mine.update(
            state=state, reason=reason, ended_at=clock.now(), claim=None, claimed_until=None
        )
    )
