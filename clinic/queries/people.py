"""People and doctors, as far as the one who asks may know of them."""

from django.db.models import Q, QuerySet

from clinic.errors import NotFound
from clinic.models import Doctor, Person, Role
from clinic.queries.schedules import bookable_doctors


def doctors_in_directory(*, specialization: str = "", text: str = "") -> QuerySet[Doctor]:
    """Doctors who can be booked, by specialization and by a part of their name or specialization."""
    doctors = Doctor.objects.filter(bookable_doctors()).select_related("person")
    if specialization:
        doctors = doctors.filter(specialization__iexact=specialization)
    for word in text.split():
        doctors = doctors.filter(
            Q(person__first_name__icontains=word)
            | Q(person__last_name__icontains=word)
            | Q(specialization__icontains=word)
        )
    return doctors.order_by("person__last_name", "person__first_name", "pk")


def doctor_in_directory(doctor_id: int) -> Doctor:
    """Raises NotFound for a doctor who cannot be booked, as for one who does not exist."""
    doctor = doctors_in_directory().filter(pk=doctor_id).first()
    if doctor is None:
        raise NotFound
    return doctor


def doctor_account(doctor_id: int) -> Doctor:
    """Any doctor, pending and deactivated ones too. Raises NotFound."""
    doctor = Doctor.objects.select_related("person").filter(pk=doctor_id).first()
    if doctor is None:
        raise NotFound
    return doctor


def people() -> QuerySet[Person]:
    return (
        Person.objects.select_related("doctor")
        .prefetch_related("doctor__windows")
        .order_by("last_name", "first_name", "pk")
    )


def people_with_role(role: Role) -> QuerySet[Person]:
    return people().filter(role=role)


def person_by_id(person_id: int) -> Person:
    """Raises NotFound."""
    person = people().filter(pk=person_id).first()
    if person is None:
        raise NotFound
    return person
