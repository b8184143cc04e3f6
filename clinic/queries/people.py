"""People and doctors, as far as the one who asks may know of them."""

from datetime import date
from typing import Final, cast

from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Lower
from django.db.models.lookups import Exact

from clinic.errors import NotFound
from clinic.models import Doctor, Person
from clinic.queries.schedules import bookable_doctors
from clinic.rows import columns, fetch, instances

# Asked at every booking.
_DOCTOR: Final = (
    f"SELECT {columns(Doctor, 'doctor')}, {columns(Person, 'person')} "  # noqa: S608 (the models' own names)
    "FROM clinic_doctor doctor JOIN clinic_person person ON person.id = doctor.person_id "
    "WHERE doctor.person_id = %s"
)


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
    found = fetch(_DOCTOR, [doctor_id])
    if not found:
        raise NotFound
    doctor, person = instances([Doctor, Person], found[0])
    doctor.person = person
    return cast(Doctor, doctor)


def people() -> QuerySet[Person]:
    return (
        Person.objects.select_related("doctor")
        .prefetch_related("doctor__windows")
        .order_by("last_name", "first_name", "pk")
    )


def people_with_role(*roles: str) -> QuerySet[Person]:
    return people().filter(role__in=roles)


def matching(found: QuerySet[Person], text: str, *, by_username: bool = True) -> QuerySet[Person]:
    """Those with every word of the text in a name, an address or a number, or as their birth date.

    Not `by_username`: where the searcher is not shown it, but as the name of those who have no other.
    """
    nameless = Q() if by_username else Q(first_name="", last_name="")
    for word in text.split():
        is_so = (
            Q(first_name__icontains=word)
            | Q(last_name__icontains=word)
            | nameless & Q(username__icontains=word)
            | Q(email__icontains=word)
            | Q(phone_number__icontains=word)
        )
        born = _date_in(word)
        found = found.filter(is_so | Q(date_of_birth=born) if born else is_so)
    return found


def _date_in(word: str) -> date | None:
    try:
        return date.fromisoformat(word)
    except ValueError:
        return None


def is_called(name: str) -> Q:
    """By user name or e-mail, folded as where they are unique: one person has each of them.

    `iexact` is no match for that: on PostgreSQL it takes a dotless i for an i, and finds somebody else.
    """
    folded = Lower(Value(name))
    has_address = Q(Exact(Lower("email"), folded)) & ~Q(email="")
    return Q(Exact(Lower("username"), folded)) | has_address


def person_with_address(address: str) -> Person | None:
    """Who can be mailed there, whatever its case; for letters that only look like it, nobody."""
    found = Person.objects.filter(
        Exact(Lower("email"), Lower(Value(address))), is_active=True
    ).exclude(email="")
    return next((one for one in found if one.email.lower() == address.lower()), None)


def person_by_id(person_id: int) -> Person:
    """Raises NotFound."""
    person = people().filter(pk=person_id).first()
    if person is None:
        raise NotFound
    return person
