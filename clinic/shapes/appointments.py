"""Appointments on the wire, with and without their notes."""

from datetime import date, datetime
from typing import Any, Literal, overload

from clinic.models.appointments import Appointment
from clinic.rules.statuses import Status
from clinic.rules.zones import local_date, local_time
from clinic.shapes.base import Shape, WallTime
from clinic.shapes.people import DoctorRef, PersonRef, doctor_ref, person_ref


class AppointmentShape(Shape):
    """An appointment as staff see it: without notes. Date and wall times are in `time_zone`."""

    id: int
    doctor: DoctorRef
    patient: PersonRef
    appointment_date: date
    start_time: WallTime
    end_time: WallTime
    start: datetime
    end: datetime
    time_zone: str
    status: Status
    reason: str
    ticket: str | None
    priority: int
    position: int | None
    arrived_at: datetime | None
    called_at: datetime | None
    called_by: PersonRef | None
    room: str | None
    estimated_start: datetime | None
    confirmed_at: datetime | None
    version: int
    sequence: int
    health_record: int | None
    created_at: datetime
    updated_at: datetime


class AppointmentWithNotes(AppointmentShape):
    """An appointment as its patient and its doctor see it."""

    notes: str


@overload
def appointment_shape(
    appointment: Appointment, *, notes: Literal[True]
) -> AppointmentWithNotes: ...
@overload
def appointment_shape(appointment: Appointment, *, notes: bool) -> AppointmentShape: ...


def appointment_shape(appointment: Appointment, *, notes: bool) -> AppointmentShape:
    zone = appointment.doctor.person.time_zone
    called_by = appointment.called_by
    fields: dict[str, Any] = {
        "id": appointment.pk,
        "doctor": doctor_ref(appointment.doctor),
        "patient": person_ref(appointment.patient),
        "appointment_date": local_date(appointment.start, zone),
        "start_time": local_time(appointment.start, zone),
        "end_time": local_time(appointment.end, zone),
        "start": appointment.start,
        "end": appointment.end,
        "time_zone": zone,
        "status": Status(appointment.status),
        "reason": appointment.reason,
        "ticket": appointment.ticket or None,
        "priority": appointment.priority,
        "position": None,
        "arrived_at": appointment.arrived_at,
        "called_at": appointment.called_at,
        "called_by": person_ref(called_by) if called_by else None,
        "room": appointment.room or None,
        "estimated_start": appointment.estimated_start,
        "confirmed_at": appointment.confirmed_at,
        "version": appointment.version,
        "sequence": appointment.sequence,
        "health_record": _record_id(appointment),
        "created_at": appointment.created_at,
        "updated_at": appointment.updated_at,
    }
    if notes:
        return AppointmentWithNotes(notes=appointment.notes, **fields)
    return AppointmentShape(**fields)


def _record_id(appointment: Appointment) -> int | None:
    record = getattr(appointment, "health_record", None)
    return None if record is None or record.voided_at else int(record.pk)
