"""What an event carries in each of its topics: the one table from facts to shapes."""

from collections.abc import Callable, Mapping
from typing import Any, Final, get_type_hints

from clinic.events import (
    AnnotationEvent,
    AppointmentEvent,
    AppointmentRescheduled,
    AssignmentEvent,
    Event,
    HoursChanged,
    NotificationRead,
    PersonEvent,
    PreferencesChanged,
    RecordEvent,
    RecordVoided,
    ReminderDue,
    SlotEvent,
    WaitlistOffered,
)
from clinic.models.people import Person
from clinic.shapes.appointments import AppointmentShape, AppointmentWithNotes, appointment_shape
from clinic.shapes.assignments import AssignmentNews, assignment_news
from clinic.shapes.base import Shape
from clinic.shapes.notifications import ReadMark
from clinic.shapes.people import DoctorUserShape, UserShape, colleague_shape, user_shape
from clinic.shapes.preferences import PreferencesShape, preferences_shape
from clinic.shapes.records import (
    AnnotationShape,
    RecordReference,
    RecordWithContent,
    annotation_shape,
    record_reference,
    record_with_content,
)
from clinic.shapes.reminders import ReminderNews, reminder_news
from clinic.shapes.slots import ChangedDates, SlotShape, slot_shape
from clinic.shapes.waitlist import WaitlistEntry, waitlist_entry
from clinic.topics import Topic, TopicKind

Maker = Callable[[Any, Topic, Person | None], Shape]


def payload(event: Event, topic: Topic, *, actor: Person | None) -> Shape:
    """The `data` of an event, safe for the least privileged watcher of that topic."""
    return _makers(type(event))[topic.kind](event, topic, actor)


def data_types(kind: type[Event]) -> dict[TopicKind, Any]:
    """Into which kinds of topics an event goes, and of which shape, or union of shapes, its data is there."""
    return {topic: get_type_hints(maker)["return"] for topic, maker in _makers(kind).items()}


def _makers(kind: type[Event]) -> Mapping[TopicKind, Maker]:
    for each in kind.__mro__:
        if each in _TABLE:
            return _TABLE[each]
    raise NotImplementedError(f"{kind.type} has no payload")


# What these say they return is what the contract says (realtime/contract.py).


def _for_parties(event: AppointmentEvent, topic: Topic, _: Person | None) -> AppointmentWithNotes:
    return appointment_shape(event.appointment, notes=True)


def _for_parties_and_the_doctor_before(
    event: AppointmentRescheduled, topic: Topic, _: Person | None
) -> AppointmentWithNotes | AppointmentShape:
    # A doctor it was taken from learns where it went, and nothing its patient wrote.
    parties = (event.appointment.patient_id, event.appointment.doctor_id)
    return appointment_shape(event.appointment, notes=topic.owner in parties)


def _without_notes(event: AppointmentEvent, *_: Any) -> AppointmentShape:
    return appointment_shape(event.appointment, notes=False)


def _reminder(event: ReminderDue, *_: Any) -> ReminderNews:
    return reminder_news(event.reminder, event.appointment)


def _offer(event: WaitlistOffered, *_: Any) -> WaitlistEntry:
    return waitlist_entry(event)


def _slot(event: SlotEvent, *_: Any) -> SlotShape:
    return slot_shape(event.slot, time_zone=event.time_zone)


def _dates(event: HoursChanged, *_: Any) -> ChangedDates:
    return ChangedDates(dates=list(event.dates))


def _record(event: RecordEvent, *_: Any) -> RecordWithContent:
    return record_with_content(event.record, event.annotations)


def _annotation(event: AnnotationEvent, *_: Any) -> AnnotationShape:
    return annotation_shape(event.annotation)


def _that_there_is_one(
    event: RecordEvent | AnnotationEvent, topic: Topic, actor: Person | None
) -> RecordReference:
    return record_reference(event.record, actor)


def _assignment(event: AssignmentEvent, *_: Any) -> AssignmentNews:
    return assignment_news(
        doctor=event.doctor,
        patient=event.patient,
        why=event.why,
        assignment=event.assignment,
        record=event.record,
    )


def _colleague(event: PersonEvent, *_: Any) -> DoctorUserShape | UserShape:
    return colleague_shape(event.person)


def _oneself(event: PersonEvent, *_: Any) -> DoctorUserShape | UserShape:
    return user_shape(event.person)


def _read_mark(event: NotificationRead, *_: Any) -> ReadMark:
    return ReadMark(
        up_to=event.up_to, ids=list(event.ids), unread=event.unread, read_at=event.read_at
    )


def _preferences(event: PreferencesChanged, *_: Any) -> PreferencesShape:
    return preferences_shape(event.preferences, event.person)


_USER, _CALENDAR, _SLOTS, _RECORD, _DESK = (
    TopicKind.USER, TopicKind.CALENDAR, TopicKind.SLOTS, TopicKind.RECORD, TopicKind.DESK,
)  # fmt: skip
# The nearest ancestor of an event that is here says it for the event.
_TABLE: Final[Mapping[type, Mapping[TopicKind, Maker]]] = {
    AppointmentEvent: {_USER: _for_parties, _CALENDAR: _for_parties, _DESK: _without_notes},
    AppointmentRescheduled: {
        _USER: _for_parties_and_the_doctor_before,
        _CALENDAR: _for_parties_and_the_doctor_before,
        _DESK: _without_notes,
    },
    ReminderDue: {_USER: _reminder},
    WaitlistOffered: {_USER: _offer, _DESK: _offer},
    SlotEvent: {_SLOTS: _slot},
    HoursChanged: {_SLOTS: _dates},
    RecordEvent: {_RECORD: _record, _USER: _that_there_is_one},
    RecordVoided: {_RECORD: _that_there_is_one, _USER: _that_there_is_one},
    AnnotationEvent: {_RECORD: _annotation, _USER: _that_there_is_one},
    AssignmentEvent: {_USER: _assignment, _DESK: _assignment},
    PersonEvent: {_DESK: _colleague, _USER: _oneself},
    NotificationRead: {_USER: _read_mark},
    PreferencesChanged: {_USER: _preferences},
}
