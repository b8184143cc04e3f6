"""The catalogue: everything that can happen, typed and closed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple

from clinic.topics import DESK, Topic, calendar_topic, slots_topic, user_topic

if TYPE_CHECKING:
    from clinic.models.appointments import Appointment
    from clinic.models.people import Person
    from clinic.models.records import HealthRecord
    from clinic.rules.slots import Slot


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


class AppointmentBooked(AppointmentEvent):
    type = "appointment.booked"
    tells_doctor = True


class AppointmentCancelled(AppointmentEvent):
    type = "appointment.cancelled"
    tells_doctor = True


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
    type = "slot.taken"


class SlotFreed(SlotEvent):
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


# -- records: only that they exist ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordEvent(Event):
    record: HealthRecord

    def topics(self) -> Sequence[Topic]:
        readers = [self.record.patient_id]
        if self.record.doctor_id is not None:
            readers.append(self.record.doctor_id)
        return [user_topic(reader) for reader in readers]

    def subject(self) -> Subject:
        return Subject("record", self.record.pk)


class RecordCreated(RecordEvent):
    type = "record.created"


class RecordVoided(RecordEvent):
    type = "record.voided"


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
    type = "doctor.registered"


@dataclass(frozen=True, slots=True, kw_only=True)
class DoctorDecided(PersonEvent):
    def notifies(self) -> Sequence[int]:
        return [self.person.pk]


class DoctorApproved(DoctorDecided):
    type = "doctor.approved"


class DoctorRejected(DoctorDecided):
    type = "doctor.rejected"


class PersonDeactivated(PersonEvent):
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


CATALOGUE: Final[dict[str, type[Event]]] = {
    event.type: event
    for event in (
        AppointmentBooked,
        AppointmentCancelled,
        SlotTaken,
        SlotFreed,
        HoursChanged,
        RecordCreated,
        RecordVoided,
        DoctorRegistered,
        DoctorApproved,
        DoctorRejected,
        PersonDeactivated,
        NotificationRead,
    )
}
