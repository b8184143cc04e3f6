"""People on the wire: to themselves and staff, to the other party, in the directory."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Protocol

from clinic.models.people import Doctor, Person, Role
from clinic.rules.hours import Weekday, WeeklyHours, Window, print_available_days
from clinic.shapes.base import Shape


class Duplicate(Protocol):
    """Somebody found to be much like another, and in what."""

    @property
    def person(self) -> Person: ...
    @property
    def alike(self) -> Sequence[str]: ...


class PersonRef(Shape):
    """All that one party to an appointment learns of the other."""

    id: int
    name: str


class DoctorRef(PersonRef):
    specialization: str


class PatientCard(PersonRef):
    """A patient as the doctors assigned to them see them: who it is and how to reach them."""

    email: str
    phone_number: str
    date_of_birth: date | None


class UserShape(Shape):
    id: int
    username: str
    email: str
    email_verified_at: datetime | None
    email_bounced_at: datetime | None
    first_name: str
    last_name: str
    role: Role
    date_of_birth: date | None
    phone_number: str
    address: str
    location: str
    time_zone: str
    language: str
    is_approved: bool
    is_active: bool
    created_at: datetime
    updated_at: datetime


class DayShape(Shape):
    is_available: bool
    start_time: str | None
    end_time: str | None
    windows: list[dict[str, str]]


class DoctorUserShape(UserShape):
    specialization: str
    available_days: dict[str, DayShape]
    appointment_duration: int
    max_patients_per_day: int | None


class AvailabilityShape(Shape):
    available_days: dict[str, DayShape]
    appointment_duration: int
    max_patients_per_day: int | None
    time_zone: str


class DuplicateShape(PersonRef):
    """A patient who may be the same person; `alike` names what is: birth_date, phone, email, name."""

    date_of_birth: date | None
    phone_number: str
    email: str
    alike: list[str]


class DoctorCard(DoctorRef):
    """A doctor in the directory. `next_free` is the next start that can be booked (UTC)."""

    time_zone: str
    appointment_duration: int
    next_free: datetime | None


def person_ref(person: Person) -> PersonRef:
    return PersonRef(id=person.pk, name=person.name)


def patient_card(person: Person) -> PatientCard:
    return PatientCard(
        id=person.pk,
        name=person.name,
        email=person.email,
        phone_number=person.phone_number,
        date_of_birth=person.date_of_birth,
    )


def doctor_ref(doctor: Doctor) -> DoctorRef:
    return DoctorRef(id=doctor.pk, name=doctor.person.name, specialization=doctor.specialization)


def duplicate_shape(found: Duplicate) -> DuplicateShape:
    person = found.person
    return DuplicateShape(
        id=person.pk,
        name=person.name,
        date_of_birth=person.date_of_birth,
        phone_number=person.phone_number,
        email=person.email,
        alike=list(found.alike),
    )


def weekly_hours(doctor: Doctor) -> WeeklyHours:
    """The doctor's windows by weekday; reads the prefetched `windows` where there are some."""
    hours: dict[Weekday, list[Window]] = {}
    for row in doctor.windows.all():
        hours.setdefault(Weekday(row.weekday), []).append(Window(row.start_time, row.end_time))
    return hours


def availability_shape(doctor: Doctor) -> AvailabilityShape:
    return AvailabilityShape(time_zone=doctor.person.time_zone, **_schedule_fields(doctor))


def user_shape(person: Person) -> UserShape:
    """The whole profile, for the person and for staff. A doctor's carries the schedule too."""
    fields: dict[str, Any] = {
        name: getattr(person, name) for name in UserShape.model_fields if name != "role"
    }
    fields["role"] = Role(person.role)
    doctor = getattr(person, "doctor", None)
    if doctor is None:
        return UserShape(**fields)
    return DoctorUserShape(
        specialization=doctor.specialization, **fields, **_schedule_fields(doctor)
    )


def colleague_shape(person: Person) -> UserShape:
    """The profile as the whole desk may see it: nothing private of those whom only admins may list."""
    if person.role in (Role.PATIENT, Role.DOCTOR):
        return user_shape(person)
    private = ("username", "email", "phone_number", "address", "location")
    instants = ("email_verified_at", "email_bounced_at", "date_of_birth")
    unsaid = {**dict.fromkeys(instants, None), **dict.fromkeys(private, "")}
    return user_shape(person).model_copy(update=unsaid)


def _schedule_fields(doctor: Doctor) -> dict[str, Any]:
    return {
        "available_days": print_available_days(weekly_hours(doctor)),
        "appointment_duration": doctor.appointment_duration,
        "max_patients_per_day": doctor.max_patients_per_day,
    }
