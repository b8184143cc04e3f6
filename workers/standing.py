"""What is asked of a message right before it leaves, whatever its way: whether it is still so, and still wanted."""

from clinic import clock
from clinic.models import Appointment, Message, MessageKind, Reminder
from clinic.queries.messages import is_overtaken, told_by
from clinic.queries.preferences import preferences_of
from clinic.rules.messages import Channel, Why
from clinic.rules.reminders import why_not
from clinic.rules.statuses import Status
from clinic.shapes.waitlist import WaitlistEntry


def why_not_tell(message: Message) -> Why | None:
    """What stands against telling this person this on this way at all."""
    person = message.person
    if person is None or not person.is_active:
        return Why.NO_ACCOUNT
    if not preferences_of(person).wants(Channel(message.channel)):
        return Why.NOT_WANTED
    if message.event is not None and is_overtaken(message.event):
        return Why.OVERTAKEN
    if message.kind == MessageKind.WAITLIST_OFFER and isinstance(offer_told_of(message), Why):
        return Why.POINTLESS
    return None


def offer_told_of(message: Message) -> WaitlistEntry | Why:
    """The offer as it was made, while there is still time to take it up."""
    told = told_by(message)
    if told is None:
        return Why.POINTLESS
    entry = WaitlistEntry.model_validate(told)
    return entry if clock.now() < entry.offer.expires_at else Why.POINTLESS


def visit_told_of(message: Message) -> Appointment | Why:
    """The visit as it stands, while what the message tells of it is so; newer news has a message of its own."""
    is_reminder = message.kind == MessageKind.VISIT_REMINDER
    visit = _visit_reminded_of(message) if is_reminder else _visit_of_news(message)
    if isinstance(visit, Why) or message.person_id in (visit.patient_id, visit.doctor_id):
        return visit
    # To a doctor it was taken from: when it is now is a colleague's business.
    return Why.POINTLESS


def _visit_of_news(message: Message) -> Appointment | Why:
    visit = _visit(message.subject_id or 0)
    if visit is None or message.event is None:
        return Why.POINTLESS
    return Why.OVERTAKEN if is_overtaken(message.event) else visit


def _visit_reminded_of(message: Message) -> Appointment | Why:
    """While it stands as it was planned, and is still to come."""
    reminder = Reminder.objects.filter(pk=message.subject_id or 0).first()
    visit = reminder and _visit(reminder.appointment_id)
    if not reminder or not visit:
        return Why.POINTLESS
    against = why_not(
        status=Status(visit.status),
        was_moved=visit.sequence != reminder.sequence,
        start=visit.start,
        until=reminder.until,
        now=clock.now(),
    )
    return Why.POINTLESS if against else visit


def _visit(appointment_id: int) -> Appointment | None:
    # Without what patients wrote: nothing of it is told, and one note that cannot be opened stops no message.
    visits = Appointment.objects.select_related("doctor__person").defer("notes", "reason")
    return visits.filter(pk=appointment_id).first()
