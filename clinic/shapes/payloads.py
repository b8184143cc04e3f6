"""What an event carries in each of its topics: the one table from facts to shapes."""

from clinic.events import (
    AnnotationEvent,
    AppointmentEvent,
    AssignmentEvent,
    Event,
    HoursChanged,
    NotificationRead,
    PersonEvent,
    PreferencesChanged,
    RecordEvent,
    ReminderDue,
    SlotEvent,
)
from clinic.models.people import Person
from clinic.shapes.appointments import appointment_shape
from clinic.shapes.assignments import assignment_news
from clinic.shapes.base import Shape
from clinic.shapes.notifications import ReadMark
from clinic.shapes.people import colleague_shape, user_shape
from clinic.shapes.preferences import preferences_shape
from clinic.shapes.records import annotation_shape, record_reference, record_with_content
from clinic.shapes.reminders import reminder_news
from clinic.shapes.slots import ChangedDates, slot_shape
from clinic.topics import Topic, TopicKind


def payload(event: Event, topic: Topic, *, actor: Person | None) -> Shape:
    """The `data` of an event, safe for the least privileged watcher of that topic."""
    match event:
        case AppointmentEvent():
            # A doctor it was taken from learns where it went, and nothing its patient wrote.
            parties = (event.appointment.patient_id, event.appointment.doctor_id)
            return appointment_shape(event.appointment, notes=topic.owner in parties)
        case ReminderDue():
            return reminder_news(event.reminder, event.appointment)
        case SlotEvent():
            return slot_shape(event.slot, time_zone=event.time_zone)
        case HoursChanged():
            return ChangedDates(dates=list(event.dates))
        case RecordEvent() if topic.kind is TopicKind.RECORD and event.record.voided_at is None:
            return record_with_content(event.record, event.annotations)
        case AnnotationEvent() if topic.kind is TopicKind.RECORD:
            return annotation_shape(event.annotation)
        case RecordEvent() | AnnotationEvent():
            return record_reference(event.record, actor)
        case AssignmentEvent():
            return assignment_news(
                doctor=event.doctor,
                patient=event.patient,
                why=event.why,
                assignment=event.assignment,
                record=event.record,
            )
        case PersonEvent() if topic.kind is TopicKind.DESK:
            return colleague_shape(event.person)
        case PersonEvent():
            return user_shape(event.person)
        case NotificationRead():
            return ReadMark(
                up_to=event.up_to, ids=list(event.ids), unread=event.unread, read_at=event.read_at
            )
        case PreferencesChanged():
            return preferences_shape(event.preferences, event.person)
        case _:
            raise NotImplementedError(f"{event.type} has no payload")
