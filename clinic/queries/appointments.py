"""Appointments within the reach of the one who asks."""

from django.db.models import QuerySet

from clinic.errors import NotFound
from clinic.models import Appointment, Person, Role
from clinic.policy import Operation, allowed
from clinic.topics import DESK, Topic, calendar_topic, user_topic


def appointments_with_everything() -> QuerySet[Appointment]:
    """With all that their shape shows, in one query."""
    return Appointment.objects.select_related(
        "doctor__person", "patient", "called_by", "health_record"
    )


def appointments_for(viewer: Person) -> QuerySet[Appointment]:
    """A patient's own, a doctor's own, all for staff. A pending doctor has none."""
    everything = appointments_with_everything().order_by("start", "id")
    if viewer.role in (Role.RECEPTIONIST, Role.ADMIN):
        return everything
    if viewer.role == Role.DOCTOR:
        return everything.filter(doctor_id=viewer.pk) if viewer.is_approved else everything.none()
    return everything.filter(patient_id=viewer.pk)


def appointment_for(viewer: Person, appointment_id: int) -> Appointment:
    """Raises NotFound outside the viewer's reach."""
    appointment = appointments_with_everything().filter(pk=appointment_id).first()
    if appointment is None or not allowed(viewer, Operation.READ_APPOINTMENT, appointment):
        raise NotFound
    return appointment


def mirrored_topic(viewer: Person) -> Topic:
    """The topic in which the viewer's list of appointments lives on."""
    if viewer.role in (Role.RECEPTIONIST, Role.ADMIN):
        return DESK
    if viewer.role == Role.DOCTOR:
        return calendar_topic(viewer.pk)
    return user_topic(viewer.pk)
