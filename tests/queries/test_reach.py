"""What each viewer gets to see, and where their list lives on."""

from datetime import UTC, date, datetime, timedelta

import pytest

from clinic.errors import NotFound, TokenInvalid
from clinic.models import Appointment, Person
from clinic.queries.appointments import appointment_for, appointments_for, mirrored_topic
from clinic.queries.people import (
    doctor_account,
    doctor_in_directory,
    doctors_in_directory,
    person_by_id,
)
from clinic.queries.records import record_references
from clinic.queries.schedules import calendar_of, free_starts, next_free
from clinic.queries.sessions import person_signed_in
from clinic.rules.slots import Span
from clinic.tokens import read_access
from tests import world

pytestmark = [pytest.mark.django_db]

NINE = world.utc("2027-03-02 09:00")
NOW = world.utc("2027-03-01 08:00")


@pytest.fixture
def people() -> dict[str, Person]:
    """Two patients who each booked one of two doctors, and everybody else."""
    ada, ben = world.a_patient("ada"), world.a_patient("ben")
    one, two = world.a_doctor("one"), world.a_doctor("two")
    pending = world.a_pending_doctor("pending")
    for doctor, patient in ((one, ada), (two, ben), (pending, ada)):
        start = NINE if doctor is not pending else NINE + timedelta(hours=1)
        world.an_appointment(doctor, patient, start)
    return {
        "ada": ada,
        "ben": ben,
        "one": one.person,
        "two": two.person,
        "pending": pending.person,
        "desk": world.a_receptionist(),
        "admin": world.an_admin(),
    }


@pytest.mark.parametrize(
    ("viewer", "seen", "topic"),
    [
        ("ada", 2, "user"),
        ("ben", 1, "user"),
        ("one", 1, "calendar"),
        ("pending", 0, "calendar"),
        ("desk", 3, "desk"),
        ("admin", 3, "desk"),
    ],
)
def test_everyone_sees_their_own_and_staff_see_all(
    viewer: str, seen: int, topic: str, people: dict[str, Person]
) -> None:
    person = people[viewer]

    mine = appointments_for(person)

    assert mine.count() == seen
    assert [row.start for row in mine] == sorted(row.start for row in mine)
    assert str(mirrored_topic(person)) == (topic if topic == "desk" else f"{topic}.{person.pk}")
    for appointment in Appointment.objects.all():
        if appointment in mine:
            assert appointment_for(person, appointment.pk) == appointment
        else:
            with pytest.raises(NotFound):
                appointment_for(person, appointment.pk)


def test_the_directory_is_searched_by_every_word() -> None:
    ada = world.a_doctor(first_name="Ada", last_name="Ohm", specialization="Skin and Heart")
    ben = world.a_doctor(first_name="Ben", last_name="Ohm", specialization="Heart")
    world.a_pending_doctor(first_name="Cy", last_name="Ohm")
    world.a_doctor(first_name="Di", last_name="Ohm", is_active=False)

    def found(**wanted: str) -> list[str]:
        return [doctor.person.first_name for doctor in doctors_in_directory(**wanted)]

    assert found() == ["Ada", "Ben"]
    assert found(text="ohm") == ["Ada", "Ben"]
    assert found(text="ohm skin") == ["Ada"]
    assert found(text="ohm nobody") == []
    assert found(specialization="HEART") == ["Ben"]
    assert found(specialization="Skin and Heart", text="ada") == ["Ada"]
    assert found(text="%") == []
    assert doctor_in_directory(ben.pk) == ben
    assert doctor_account(ada.pk) == ada


def test_who_cannot_be_booked_is_not_in_the_directory_but_has_an_account() -> None:
    pending = world.a_pending_doctor()

    with pytest.raises(NotFound):
        doctor_in_directory(pending.pk)
    assert doctor_account(pending.pk) == pending
    for ask in (doctor_in_directory, doctor_account, person_by_id):
        with pytest.raises(NotFound):
            ask(10**9)


def test_record_references_are_of_ones_own_records_that_stand() -> None:
    doctor, patient = world.a_doctor(), world.a_patient()
    kept, voided = world.book(doctor, patient), world.book(doctor, patient)
    world.cancel(voided)

    for person in (doctor.person, patient):
        assert [ref.record for ref in record_references(person)] == [kept.health_record.pk]
    assert record_references(world.a_patient()) == []


# A calendar of these dates must know what is busy on them in any zone: from a day before to a day after.
FIRST, LAST = date(2026, 3, 10), date(2026, 3, 11)
BEGIN, END = datetime(2026, 3, 9, tzinfo=UTC), datetime(2026, 3, 13, tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "minutes", "reaches_in"),
    [
        (BEGIN - timedelta(minutes=30), 30, False),
        (BEGIN - timedelta(minutes=30), 31, True),
        (BEGIN - timedelta(hours=8), 8 * 60 + 1, True),
        (BEGIN, 5, True),
        (END - timedelta(minutes=1), 5, True),
        (END, 5, False),
    ],
)
def test_busy_is_whatever_reaches_into_the_time(
    start: datetime, minutes: int, reaches_in: bool
) -> None:
    doctor = world.a_doctor()
    world.an_appointment(doctor, world.a_patient(), start, minutes=minutes)
    world.an_appointment(world.a_doctor(), world.a_patient(), BEGIN)
    world.an_appointment(doctor, world.a_patient(), BEGIN, status="CANCELLED")

    busy = calendar_of(doctor, FIRST, LAST).busy

    assert busy == ([Span(start, start + timedelta(minutes=minutes))] if reaches_in else [])


def test_the_next_free_time_is_found_near_far_or_not_at_all() -> None:
    week = {"MONDAY": {**world.LONG_DAY, "end_time": "08:30"}}
    near = world.a_doctor()
    far = world.a_doctor(hours=week)
    for weeks in range(4):
        busy = NOW + timedelta(weeks=weeks)
        world.an_appointment(far, world.a_patient(), busy)
    never = world.a_doctor(hours={})

    found = next_free([near, far, never], now=NOW)

    assert found == {near.pk: NOW, far.pk: NOW + timedelta(weeks=4), never.pk: None}


def test_free_starts_are_as_many_as_were_asked_for() -> None:
    doctor = world.a_doctor()
    first, last = NOW.date(), NOW.date() + timedelta(days=3)
    calendar = calendar_of(doctor, first, last)

    for limit in (1, 3, 25, 80):
        starts = free_starts(calendar, first, last, now=NOW, limit=limit)
        assert len(starts) == limit
        assert starts == sorted(set(starts))
    assert len(free_starts(calendar, first, last, now=NOW, limit=1000)) == 80


def test_a_session_stands_for_its_own_person_only() -> None:
    patient = world.a_patient()
    claims = read_access(world.tokens(patient).access)

    assert person_signed_in(claims) == patient
    patient.delete()
    with pytest.raises(TokenInvalid):
        person_signed_in(claims)
