"""The tables."""

from clinic.models.appointments import Appointment
from clinic.models.assignments import Assignment
from clinic.models.availability import TimeOff, WorkingWindow
from clinic.models.idempotency import IdempotentAnswer
from clinic.models.journal import Entry, Epoch, Event, Notification, TopicHead
from clinic.models.limits import KnownNetwork, Tally
from clinic.models.messages import Message, MessageKind
from clinic.models.people import Doctor, Person, Role
from clinic.models.place import Clinic, Closure, Room
from clinic.models.preferences import Preferences
from clinic.models.presence import Viewing
from clinic.models.push import PushSubscription
from clinic.models.records import (
    Annotation,
    AnnotationVersion,
    HealthRecord,
    RecordType,
    RecordVersion,
)
from clinic.models.reminders import Reminder
from clinic.models.sessions import Session

__all__ = [
    "Annotation",
    "AnnotationVersion",
    "Appointment",
    "Assignment",
    "Clinic",
    "Closure",
    "Doctor",
    "Entry",
    "Epoch",
    "Event",
    "HealthRecord",
    "IdempotentAnswer",
    "KnownNetwork",
    "Message",
    "MessageKind",
    "Notification",
    "Person",
    "Preferences",
    "PushSubscription",
    "RecordType",
    "RecordVersion",
    "Reminder",
    "Role",
    "Room",
    "Session",
    "Tally",
    "TimeOff",
    "TopicHead",
    "Viewing",
    "WorkingWindow",
]
