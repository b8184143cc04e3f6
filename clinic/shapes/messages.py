"""What was sent to people, as staff see it: never a word or a link of it."""

from datetime import datetime
from typing import Literal

from clinic.models.appointments import Appointment
from clinic.models.messages import Message, MessageKind
from clinic.models.reminders import Reminder
from clinic.rules.messages import Channel
from clinic.rules.outbox import SendState, masked
from clinic.shapes.base import Shape
from clinic.shapes.people import PersonRef, person_ref


class VisitRef(Shape):
    """The visit a message is about. `time_zone` is its doctor's."""

    id: int
    start: datetime
    time_zone: str


class MessageLine(Shape):
    """A message or a reminder; `id` is a number of its `source`. `lead` is how long before a visit it reminds of it.

    `person` is null where somebody gave an address that may be nobody's. `reason` is why it was not sent, or not
    yet, or "". `attempts` are those so far; `due_at` is when the next one is, or when it was to go.
    """

    source: Literal["message", "reminder"]
    id: int
    kind: str
    lead: str
    channel: Channel
    person: PersonRef | None
    address: str
    state: SendState
    reason: str
    due_at: datetime
    ended_at: datetime | None
    attempts: int
    visit: VisitRef | None
    can_retry: bool


class MessageCounts(Shape):
    """`due` until the end of the clinic's day, with those that are late; `overdue` by minutes; `failed`: all kept."""

    due: int
    overdue: int
    sent_today: int
    skipped_today: int
    failed: int


def message_line(
    row: Message | Reminder,
    state: SendState,
    *,
    at: datetime,
    visit: Appointment | None,
    lead: str,
    can_retry: bool,
) -> MessageLine:
    """`at` is when it ended, if it has."""
    is_reminder = isinstance(row, Reminder)
    person = row.appointment.patient if isinstance(row, Reminder) else row.person
    return MessageLine(
        source="reminder" if is_reminder else "message",
        id=row.pk,
        kind=MessageKind.VISIT_REMINDER if isinstance(row, Reminder) else row.kind,
        lead=lead,
        channel=Channel(row.channel),
        person=person_ref(person) if person else None,
        address="" if isinstance(row, Reminder) else masked(row.address),
        state=state,
        reason=row.reason,
        due_at=row.due_at,
        ended_at=None if state is SendState.DUE else at,
        attempts=row.attempts,
        visit=_visit_ref(visit) if visit else None,
        can_retry=can_retry,
    )


def _visit_ref(visit: Appointment) -> VisitRef:
    return VisitRef(id=visit.pk, start=visit.start, time_zone=visit.doctor.person.time_zone)
