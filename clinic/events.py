"""The catalogue: everything that can happen, typed and closed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, ClassVar, Final, Literal, NamedTuple

from clinic.topics import DESK, Topic, calendar_topic, record_topic, slots_topic, user_topic

if TYPE_CHECKING:
    from clinic.models.appointments import Appointment
    from clinic.models.assignments import Assignment
    from clinic.models.people import Doctor, Person
    from clinic.models.preferences import Preferences
    from clinic.models.records import Annotation, HealthRecord
    from clinic.models.reminders import Reminder
    from clinic.rules.slots import Slot, Span


class Subject(NamedTuple):
    """What an event is about, as the audit trail and the inbox name it."""

    kind: str
    id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One fact. Its topics say who is told; whom it is worth a line in the inbox, `notifies` says."""

    type: ClassVar[str]

    def topics(self) -> Sequence[Topic]:
        raise NotImplementedError

    def subject(self) -> Subject:
        raise NotImplementedError

    def notifies(self) -> Sequence[int]:
        """Ids of the people to notify; the one who acted is left out by the journal."""
        return ()

    def visit_starts(self) -> Sequence[datetime]:
        """When the visits begin that it is about: what is near is told more urgently."""
        return ()

    def public_ids(self) -> Mapping[str, int | str | None]:
        """What sinks are told of it besides numbers (clinic/signals.py): ids and reasons, never content."""
        return {}


# -- appointments: data is the appointment after the change ------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentEvent(Event):
    appointment: Appointment
    tells_doctor: ClassVar[bool] = False

    def topics(self) -> Sequence[Topic]:
        appointment = self.appointment
        topics = [
            user_topic(appointment.patient_id),
            calendar_topic(appointment.doctor_id),
            DESK,
        ]
        if self.tells_doctor:
            topics.append(user_topic(appointment.doctor_id))
        return topics

    def subject(self) -> Subject:
        return Subject("appointment", self.appointment.pk)

    def notifies(self) -> Sequence[int]:
        parties = [self.appointment.patient_id]
        if self.tells_doctor:
            parties.append(self.appointment.doctor_id)
        return parties

    def visit_starts(self) -> Sequence[datetime]:
        return [self.appointment.start]


class AppointmentBooked(AppointmentEvent):
    """A visit was booked."""

    type = "appointment.booked"
    tells_doctor = True


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentRescheduled(AppointmentEvent):
    """A visit was given another time, or another doctor: both doctors are told."""

    type = "appointment.rescheduled"
    tells_doctor = True
    old: Span
    doctor_before: Doctor

    def topics(self) -> Sequence[Topic]:
        topics = AppointmentEvent.topics(self)
        if self.doctor_before.pk != self.appointment.doctor_id:
            topics = [
                *topics,
                calendar_topic(self.doctor_before.pk),
                user_topic(self.doctor_before.pk),
            ]
        return topics

    def notifies(self) -> Sequence[int]:
        return sorted({*AppointmentEvent.notifies(self), self.doctor_before.pk})

    def visit_starts(self) -> Sequence[datetime]:
        return [self.old.start, self.appointment.start]


class AppointmentConfirmed(AppointmentEvent):
    """The patient has said that they will come; a mark on everybody's screen, and news to nobody."""

    type = "appointment.confirmed"

    def notifies(self) -> Sequence[int]:
        return ()


class AppointmentNoShow(AppointmentEvent):
    """The patient did not come."""

    type = "appointment.no_show"


class AppointmentCancelled(AppointmentEvent):
    """The visit will not take place."""

    type = "appointment.cancelled"
    tells_doctor = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderDue(Event):
    """Told to the patient alone; nobody acts. The appointment is as it stands."""

    type = "reminder.due"
    reminder: Reminder
    appointment: Appointment

    def topics(self) -> Sequence[Topic]:
        return [user_topic(self.appointment.patient_id)]

    def subject(self) -> Subject:
        return Subject("appointment", self.appointment.pk)

    def notifies(self) -> Sequence[int]:
        return [self.appointment.patient_id]


# -- the waiting list --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitlistOffered(Event):
    """A time is kept for a patient who waits for one, until `expires_at`. `entry_id` is their place on the list."""

    type = "waitlist.offered"
    entry_id: int
    patient: Person
    doctor: Doctor
    span: Span
    expires_at: datetime

    def topics(self) -> Sequence[Topic]:
        return [user_topic(self.patient.pk), DESK]

    def subject(self) -> Subject:
        return Subject("waitlist", self.entry_id)

    def notifies(self) -> Sequence[int]:
        return [self.patient.pk]

    def visit_starts(self) -> Sequence[datetime]:
        return [self.span.start]


# -- slots: facts without people -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotEvent(Event):
    """One slot of a doctor's grid, in its state after the change. `time_zone` is the doctor's."""

    doctor_id: int
    time_zone: str
    slot: Slot

    def topics(self) -> Sequence[Topic]:
        return [slots_topic(self.doctor_id)]

    def subject(self) -> Subject:
        return Subject("doctor", self.doctor_id)


class SlotTaken(SlotEvent):
    """This time cannot be booked any more."""

    type = "slot.taken"


class SlotFreed(SlotEvent):
    """This time can be booked again."""

    type = "slot.freed"


@dataclass(frozen=True, slots=True, kw_only=True)
class HoursChanged(Event):
    """Many slots changed at once: load these dates again (doctor's zone); none named means all."""

    type = "hours.changed"
    doctor_id: int
    dates: tuple[date, ...] = ()

    def topics(self) -> Sequence[Topic]:
        return [slots_topic(self.doctor_id)]

    def subject(self) -> Subject:
        return Subject("doctor", self.doctor_id)


# -- records: what they say is told in their own topic, and nowhere else -----------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordEvent(Event):
    """`readers` are the doctors who may read it; `annotations` are those that stand."""

    record: HealthRecord
    readers: tuple[int, ...] = ()
    annotations: tuple[Annotation, ...] = ()

    def topics(self) -> Sequence[Topic]:
        told = map(user_topic, (self.record.patient_id, *self.readers))
        return [record_topic(self.record.pk), *told]

    def subject(self) -> Subject:
        return Subject("record", self.record.pk)


class RecordCreated(RecordEvent):
    """A record was made."""

    type = "record.created"


class RecordUpdated(RecordEvent):
    """What a record says was changed."""

    type = "record.updated"


class RecordAssigned(RecordEvent):
    """A doctor was named on the record."""

    type = "record.assigned"


class RecordWithdrawn(RecordEvent):
    """Its patient has withdrawn the record; its doctors still read it."""

    type = "record.withdrawn"


class RecordVoided(RecordEvent):
    """The record of a visit that was cancelled is gone."""

    type = "record.voided"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnotationEvent(Event):
    annotation: Annotation
    record: HealthRecord
    readers: tuple[int, ...]

    def topics(self) -> Sequence[Topic]:
        record = self.record
        # A withdrawn record is gone for its patient, and so is what doctors still write in it.
        told = self.readers if record.withdrawn_at else (record.patient_id, *self.readers)
        return [record_topic(record.pk), *map(user_topic, told)]

    def subject(self) -> Subject:
        return Subject("record", self.record.pk)


class AnnotationAdded(AnnotationEvent):
    """A doctor has written in the record."""

    type = "annotation.added"

    def notifies(self) -> Sequence[int]:
        return [] if self.record.withdrawn_at else [self.record.patient_id]


class AnnotationUpdated(AnnotationEvent):
    """What a doctor had written was changed."""

    type = "annotation.updated"


class AnnotationRemoved(AnnotationEvent):
    """What a doctor had written was taken back."""

    type = "annotation.removed"


# -- assignments -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentEvent(Event):
    """Either of an assignment to the patient, or of one record (`why`: named on it, or booked)."""

    doctor: Doctor
    patient: Person
    why: Literal["patient", "record", "booking"]
    assignment: Assignment | None = None
    record: HealthRecord | None = None

    def topics(self) -> Sequence[Topic]:
        return [user_topic(self.doctor.pk), user_topic(self.patient.pk), DESK]

    def subject(self) -> Subject:
        if self.record is not None:
            return Subject("record", self.record.pk)
        return Subject("patient", self.patient.pk)

    def notifies(self) -> Sequence[int]:
        return [self.doctor.pk, self.patient.pk]


class DoctorAssigned(AssignmentEvent):
    """A doctor may now read a patient's records, or one of them."""

    type = "doctor.assigned"

    def notifies(self) -> Sequence[int]:
        # A patient is told of the booking; that it lets the doctor read its record goes without saying.
        parties = [self.doctor.pk]
        return parties if self.why == "booking" else [*parties, self.patient.pk]

    def public_ids(self) -> Mapping[str, int | str | None]:
        return {
            "doctor_id": self.doctor.pk,
            "patient_id": self.patient.pk,
            "record_id": self.record.pk if self.record else None,
            "assignment_id": self.assignment.pk if self.assignment else None,
            "why": self.why,
        }


class DoctorUnassigned(AssignmentEvent):
    """A doctor looks after a patient, or a record, no longer."""

    type = "doctor.unassigned"


# -- people ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonEvent(Event):
    """Data is the person after the change, as staff see them."""

    person: Person

    def topics(self) -> Sequence[Topic]:
        return [DESK, user_topic(self.person.pk)]

    def subject(self) -> Subject:
        return Subject("person", self.person.pk)


class DoctorRegistered(PersonEvent):
    """Somebody wants to be a doctor here; an admin decides."""

    type = "doctor.registered"


@dataclass(frozen=True, slots=True, kw_only=True)
class DoctorDecided(PersonEvent):
    def notifies(self) -> Sequence[int]:
        return [self.person.pk]


class DoctorApproved(DoctorDecided):
    """Patients can find and book this doctor now."""

    type = "doctor.approved"


class DoctorRejected(DoctorDecided):
    """The clinic has not approved this doctor."""

    type = "doctor.rejected"


class PersonDeactivated(PersonEvent):
    """This account may not be used any more."""

    type = "person.deactivated"


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationRead(Event):
    """Lines of one person's inbox were read: all up to a number, or some by id."""

    type = "notification.read"
    person_id: int
    up_to: int | None
    ids: tuple[int, ...]
    unread: int
    read_at: datetime

    def topics(self) -> Sequence[Topic]:
        return [user_topic(self.person_id)]

    def subject(self) -> Subject:
        return Subject("person", self.person_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class PreferencesChanged(Event):
    """How a person wants to be told, after the change: for their other devices alone."""

    type = "preferences.changed"
    person: Person
    preferences: Preferences

    def topics(self) -> Sequence[Topic]:
        return [user_topic(self.person.pk)]

    def subject(self) -> Subject:
        return Subject("person", self.person.pk)


CATALOGUE: Final[dict[str, type[Event]]] = {
    event.type: event
    for event in (
        AppointmentBooked,
        AppointmentCancelled,
        AppointmentConfirmed,
        AppointmentNoShow,
        AppointmentRescheduled,
        ReminderDue,
        WaitlistOffered,
        SlotTaken,
        SlotFreed,
        HoursChanged,
        RecordCreated,
        RecordUpdated,
        RecordAssigned,
        RecordWithdrawn,
        RecordVoided,
        AnnotationAdded,
        AnnotationUpdated,
        AnnotationRemoved,
        DoctorAssigned,
        DoctorUnassigned,
        DoctorRegistered,
        DoctorApproved,
        DoctorRejected,
        PersonDeactivated,
        NotificationRead,
        PreferencesChanged,
    )
}
