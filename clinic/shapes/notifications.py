"""Lines of the inbox, and the words in them."""

from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from clinic.events import (
    AnnotationAdded,
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentNoShow,
    AppointmentRescheduled,
    DoctorApproved,
    DoctorAssigned,
    DoctorRejected,
    DoctorUnassigned,
    Event,
    ReminderDue,
    WaitlistOffered,
)
from clinic.models.appointments import Appointment
from clinic.models.journal import Notification
from clinic.shapes.base import Shape


class SubjectShape(Shape):
    kind: str
    id: int


class NotificationShape(Shape):
    """`seq` is the number of its event in the person's own topic."""

    id: int
    seq: int
    type: str
    title: str
    message: str
    read_at: datetime | None
    created_at: datetime
    subject: SubjectShape


class ReadMark(Shape):
    """Which lines were read: all up to `up_to`, or those in `ids`; `unread` is what is left."""

    up_to: int | None
    ids: list[int]
    unread: int
    read_at: datetime


class Words(NamedTuple):
    title: str
    message: str


def notification_shape(notification: Notification) -> NotificationShape:
    return NotificationShape(
        id=notification.pk,
        seq=notification.seq,
        type=notification.type,
        title=notification.title,
        message=notification.message,
        read_at=notification.read_at,
        created_at=notification.created_at,
        subject=SubjectShape(kind=notification.subject_kind, id=notification.subject_id),
    )


def words_for(event: Event, *, reader_id: int) -> Words:
    """Title and message of an event for one of the people it notifies."""
    match event:
        case AppointmentBooked():
            return Words("Appointment booked", _visit(event.appointment, reader_id))
        case AppointmentCancelled():
            reason = f" Reason: {event.appointment.reason}" if event.appointment.reason else ""
            return Words("Appointment cancelled", _visit(event.appointment, reader_id) + reason)
        case AppointmentRescheduled():
            return _moved(event, reader_id)
        case AppointmentNoShow():
            return Words("Visit missed", _visit(event.appointment, reader_id))
        case ReminderDue():
            return Words("Your visit is near", _visit(event.appointment, reader_id))
        case WaitlistOffered():
            return Words("A time is offered to you", _offered(event))
        case DoctorApproved():
            return Words("You are approved", "Patients can find and book you now.")
        case DoctorRejected():
            return Words("Not approved", "The clinic has not approved your registration.")
        case AnnotationAdded():
            who = event.annotation.doctor.person.name
            return Words("New note", f"{who} wrote in your record {event.record.reference}.")
        case DoctorAssigned():
            return _assigned(event, reader_id)
        case DoctorUnassigned():
            return _unassigned(event, reader_id)
        case _:
            raise NotImplementedError(f"{event.type} notifies, but has no words")


def _assigned(event: DoctorAssigned, reader_id: int) -> Words:
    what = f"record {event.record.reference}" if event.record else "all records"
    if reader_id == event.doctor.pk:
        return Words("New assignment", f"{_reason(event)} You can read {what}.")
    return Words("A doctor was assigned", f"{event.doctor} can read {what} of yours.")


def _reason(event: DoctorAssigned) -> str:
    """The patient, and how it came to it: a doctor who reads this need not ask the desk."""
    name, assignment = event.patient.name, event.assignment
    if assignment is None:
        what = "has a visit with you" if event.why == "booking" else "named you on a record"
        return f"{name} {what}."
    if assignment.assigned_by_id == event.patient.pk:
        return f"{name} chose you as their doctor."
    return f"{assignment.assigned_by.name} assigned you to {name}."


def _unassigned(event: DoctorUnassigned, reader_id: int) -> Words:
    what = f"record {event.record.reference}" if event.record else "all records"
    if reader_id == event.doctor.pk:
        return Words("Assignment ended", f"{event.patient.name}: you no longer look after {what}.")
    return Words("An assignment ended", f"{event.doctor} no longer looks after {what} of yours.")


def _moved(event: AppointmentRescheduled, reader_id: int) -> Words:
    appointment, before = event.appointment, event.doctor_before
    was = _when(event.old.start, before.person.time_zone)
    if reader_id == before.pk != appointment.doctor_id:
        gone = f"{was}, with {appointment.patient.name}, is now with {appointment.doctor}."
        return Words("Appointment given to a colleague", gone)
    return Words("Appointment moved", f"{_visit(appointment, reader_id)} It was: {was}.")


def _offered(event: WaitlistOffered) -> str:
    zone = event.doctor.person.time_zone
    when = f"{_when(event.span.start, zone)}, with {event.doctor}."
    return f"{when} It is kept for you until: {_when(event.expires_at, zone)}."


def _visit(appointment: Appointment, reader_id: int) -> str:
    other = (
        appointment.doctor.person if reader_id == appointment.patient_id else appointment.patient
    )
    when = _when(appointment.start, appointment.doctor.person.time_zone)
    return f"{when}, with {other.name}."


def _when(instant: datetime, zone: str) -> str:
    when = instant.astimezone(ZoneInfo(zone))
    return f"{when:%A} {when.day} {when:%B %Y}, {when:%H:%M} ({zone})"
