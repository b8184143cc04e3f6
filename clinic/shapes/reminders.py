"""Reminders on the wire."""

from datetime import date, datetime

from clinic.models.appointments import Appointment
from clinic.models.reminders import Reminder
from clinic.rules.zones import local_date, local_time
from clinic.shapes.base import Shape, WallTime
from clinic.shapes.people import DoctorRef, doctor_ref


class ReminderNews(Shape):
    """Which visit it is about, and `kind`, how long before. Date and wall times are in `time_zone`, the doctor's."""

    kind: str
    appointment: int
    doctor: DoctorRef
    appointment_date: date
    start_time: WallTime
    start: datetime
    end: datetime
    time_zone: str


def reminder_news(reminder: Reminder, appointment: Appointment) -> ReminderNews:
    zone = appointment.doctor.person.time_zone
    return ReminderNews(
        kind=reminder.kind,
        appointment=appointment.pk,
        doctor=doctor_ref(appointment.doctor),
        appointment_date=local_date(appointment.start, zone),
        start_time=local_time(appointment.start, zone),
        start=appointment.start,
        end=appointment.end,
        time_zone=zone,
    )
