"""Reminders: planned and voided with their appointment, claimed by any number of workers, sent once."""

import uuid
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet

from clinic import clock
from clinic.actions.messages import plan_message
from clinic.errors import FieldError
from clinic.events import ReminderDue, Subject
from clinic.journal import record
from clinic.leases import take
from clinic.models import Appointment, MessageKind, Person, Reminder
from clinic.queries.messages import sms_reminders_since
from clinic.queries.preferences import lead_times_of, loud_from, preferences_of
from clinic.queries.reminders import due_reminders, waiting_reminders
from clinic.rows import insert, lock_row
from clinic.rules.messages import Channel
from clinic.rules.reminders import (
    LONGEST_LEAD,
    MOST_LEADS,
    NO_SHOW,
    Lead,
    Moment,
    Reason,
    ReminderState,
    is_lead,
    leads_as_text,
    moments_before,
    parse_leads,
    why_not,
)
from clinic.rules.statuses import Status
from clinic.rules.telephones import e164

# When its worker was killed another takes it after this long. Sending is one short transaction.
LEASE: Final = timedelta(minutes=1)
# So long after a visit should have begun a worker that comes late does not judge it any more.
JUDGED_WITHIN: Final = timedelta(hours=24)
# What one statement inserts, within what the engines take as its values.
ROWS_AT_ONCE: Final = 500
_EVER: Final = datetime(1, 1, 2, tzinfo=UTC)


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
    _end(waiting_reminders().filter(appointment=appointment), ReminderState.VOIDED, reason, now)


def _end(waiting: QuerySet[Reminder], state: ReminderState, reason: str, now: datetime) -> int:
    """How many; whoever had claimed one of them has it no more."""
    return waiting.update(state=state, reason=reason, ended_at=now, claim=None, claimed_until=None)


# -- other lead times --------------------------------------------------------------------------------------


def chosen_lead_times(given: Sequence[str], *, field: str) -> str:
    """What somebody chose, as it is kept; none of them: not at all. Raises FieldError naming the one that cannot be."""
    leads: list[Lead] = []
    for number, text in enumerate(given):
        if not is_lead(text):
            raise FieldError(f"{field}.{number}", "Say days, hours or minutes, like 1d, 2h or 30m.")
        [lead] = parse_leads(text)
        if lead.length > LONGEST_LEAD:
            most = f"At most {LONGEST_LEAD.days} days before."
            raise FieldError(f"{field}.{number}", most, code="max_value")
        if lead in leads:
            raise FieldError(f"{field}.{number}", "This is named twice.", code="unique")
        leads.append(lead)
    if len(leads) > MOST_LEADS:
        raise FieldError(field, f"At most {MOST_LEADS} of them.", code="max_length")
    return leads_as_text(leads)


def plan_anew(patient_id: int, *, now: datetime) -> None:
    """Make what waits for this patient's coming visits fit their lead times; in the transaction that changed them.

    The patient's row is locked: whoever books or moves a visit of theirs plans before this, or by the new ones.
    What is no longer wanted ends as `not_wanted`, and wakes when it is wanted again in time.
    """
    leads = lead_times_of(patient_id)
    # Whoever cancels, moves or reminds locks one visit. In order: two that lock several do not cross.
    coming = _coming(now).filter(patient_id=patient_id)
    _lock(coming)
    # Read only now: while it waited for the locks, a doctor's zone may have become another one.
    visits = list(coming.select_related("doctor__person").defer("notes", "reason"))
    planned: dict[int, list[Reminder]] = defaultdict(list)
    for reminder in Reminder.objects.filter(
        appointment__in=visits, sequence=F("appointment__sequence")
    ):
        if is_lead(reminder.kind):
            planned[reminder.appointment_id].append(reminder)
    anew = _Anew()
    for visit in visits:
        _fit(visit, planned[visit.pk], leads, now, anew)
    for begin in range(0, len(anew.new), ROWS_AT_ONCE):
        insert(anew.new[begin : begin + ROWS_AT_ONCE])
    if anew.other:
        fields = ["due_at", "until", "state", "reason", "ended_at"]
        Reminder.objects.bulk_update(anew.other, fields)
    unwanted = waiting_reminders().filter(pk__in=anew.unwanted)
    _end(unwanted, ReminderState.VOIDED, Reason.NOT_WANTED, now)


def fit_to_zone(doctor_id: int, zone: str, *, now: datetime) -> None:
    """Days before a visit are days of its doctor: move what waits, in the transaction that gives them another zone.

    The doctor's schedule is locked: nobody books or moves a visit of theirs meanwhile.
    """
    coming = _coming(now).filter(doctor_id=doctor_id)
    _lock(coming)
    planned: dict[tuple[int, datetime], list[Reminder]] = defaultdict(list)
    rows = Reminder.objects.filter(appointment__in=coming, sequence=F("appointment__sequence"))
    for reminder in rows.annotate(visit_start=F("appointment__start")):
        if is_lead(reminder.kind) and not _was_not_wanted(reminder):
            planned[reminder.appointment_id, reminder.visit_start].append(reminder)
    moved: list[Reminder] = []
    for (_, start), reminders in planned.items():
        # As they were planned: a clinic's lead times are those of when the visit was booked.
        leads = parse_leads(",".join({reminder.kind for reminder in reminders}))
        wanted = {each.kind: each for each in moments_before(leads, start, zone, now=_EVER)}
        moved += [
            _at(reminder, wanted[reminder.kind])
            for reminder in reminders
            if reminder.state == ReminderState.WAITING and reminder.kind in wanted
        ]
    Reminder.objects.bulk_update(moved, ["due_at", "until"], batch_size=ROWS_AT_ONCE)


def _coming(now: datetime) -> QuerySet[Appointment]:
    return Appointment.objects.filter(start__gt=now, status=Status.SCHEDULED)


def _lock(visits: QuerySet[Appointment]) -> None:
    list(visits.order_by("pk").select_for_update(no_key=True).values_list("pk"))


@dataclass(slots=True)
class _Anew:
    """What is to be inserted, what waits for another time or again, and what is no longer wanted."""

    new: list[Reminder] = field(default_factory=list)
    other: list[Reminder] = field(default_factory=list)
    unwanted: list[int] = field(default_factory=list)


def _fit(
    visit: Appointment,
    planned: Sequence[Reminder],
    leads: Sequence[Lead],
    now: datetime,
    anew: _Anew,
) -> None:
    zone = visit.doctor.person.time_zone
    # With those that are due already: one that is late is sent until the next one is.
    wanted = {each.kind: each for each in moments_before(leads, visit.start, zone, now=_EVER)}
    there = {(each.kind, each.channel) for each in planned}
    anew.new += [
        _planned(visit, moment, channel)
        for moment in wanted.values()
        for channel in _offered()
        if now < moment.due_at and (moment.kind, channel) not in there
    ]
    for reminder in planned:
        moment = wanted.get(reminder.kind)
        if reminder.state == ReminderState.WAITING:
            if moment is None:
                anew.unwanted.append(reminder.pk)
            elif (reminder.due_at, reminder.until) != (moment.due_at, moment.until):
                anew.other.append(_at(reminder, moment))
        elif moment is not None and now < moment.due_at and _was_not_wanted(reminder):
            reminder.state, reminder.reason, reminder.ended_at = ReminderState.WAITING, "", None
            anew.other.append(_at(reminder, moment))


def _was_not_wanted(reminder: Reminder) -> bool:
    return (reminder.state, reminder.reason) == (ReminderState.VOIDED, Reason.NOT_WANTED)


def _at(reminder: Reminder, moment: Moment) -> Reminder:
    reminder.due_at, reminder.until = moment.due_at, moment.until
    return reminder


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
    if not patient.email:
        return Reason.NO_ADDRESS
    return None if patient.takes_mail else Reason.BOUNCED


def _number(patient: Person) -> Reason | None:
    if not settings.SMS:
        return Reason.NO_GATEWAY
    return None if e164(patient.phone_number) else Reason.NO_ADDRESS


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
        if reminder.channel == Channel.SMS:
            _lock_patient(reminder)
        lock_row(Appointment, reminder.appointment_id)
        appointment = _appointment(reminder)
        found = _against(reminder, appointment)
        state, reason = found or (ReminderState.SENT, "")
        if not end_reminder(claimed, state, reason):
            return None
        if state is ReminderState.SENT:
            WAYS[Channel(reminder.channel)].hand_over(reminder, appointment)
    return state


def _lock_patient(reminder: Reminder) -> None:
    """SMS of two visits of theirs are counted one after the other. Before the visit, like whoever moves it."""
    theirs = Appointment.objects.filter(pk=reminder.appointment_id)
    lock_row(Person, theirs.values_list("patient_id", flat=True).get())


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
    lacks = WAYS[channel].lacks(patient)
    if lacks is None and channel is Channel.SMS and _had_enough(patient):
        return Reason.TOO_MANY_SMS
    return lacks


def _had_enough(patient: Person) -> bool:
    """SMS cost money, and visits can be many; the app and mails remind of all of them."""
    since = clock.now() - timedelta(days=1)
    return sms_reminders_since(since, patient) >= int(settings.SMS_REMINDERS_PER_DAY)


def end_reminder(claimed: ClaimedReminder, state: ReminderState, reason: str) -> bool:
    """False: it is no longer ours."""
    mine = waiting_reminders().filter(pk=claimed.reminder.pk, claim=claimed.claim)
    return bool(_end(mine, state, reason, clock.now()))
