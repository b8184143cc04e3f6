"""Booking over HTTP: every way to say it, every refusal by its code."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine

from clinic.models import Appointment, Closure, Doctor, HealthRecord, Person
from tests import world
from tests.api.client import UNKNOWN, Api, Json, ok, refused, refused_fields, same_refusal

pytestmark = pytest.mark.django_db

BOOK = "/api/appointments/book/"
NOW = world.utc("2027-03-01 10:10")  # a Monday
DAY = "2027-03-02"
WITHOUT_NOTES = {
    "id", "doctor", "patient", "appointment_date", "start_time", "end_time", "start", "end",
    "time_zone", "status", "reason", "ticket", "priority", "position", "arrived_at", "called_at",
    "called_by", "room", "estimated_start", "confirmed_at", "version", "sequence", "health_record",
    "created_at", "updated_at",
}  # fmt: skip
APPOINTMENT = WITHOUT_NOTES | {"notes"}
RECORD = {"id", "record_id", "title", "record_type", "created_at"}


@pytest.fixture(autouse=True)
def monday() -> Iterator[object]:
    with time_machine.travel(NOW, tick=False) as time:
        yield time


@pytest.fixture
def doctor() -> Doctor:
    return world.a_doctor(zone="Europe/Berlin")


@pytest.fixture
def patient() -> Person:
    return world.a_patient()


def body(doctor: Doctor, **changes: Any) -> Json:
    whole = {"doctor_id": doctor.pk, "appointment_date": DAY, "start_time": "09:30", **changes}
    return {name: value for name, value in whole.items() if value is not ...}


def test_a_patient_books_and_gets_appointment_and_record(doctor: Doctor, patient: Person) -> None:
    answer = ok(Api(patient).post(BOOK, body(doctor, notes="  my knee\n")), 201)

    assert answer.keys() == {"message", "appointment", "health_record"}
    booked = answer["appointment"]
    assert booked.keys() == APPOINTMENT
    assert booked["doctor"] == {
        "id": doctor.pk, "name": doctor.person.name, "specialization": "Cardiology",
    }  # fmt: skip
    assert booked["patient"] == {"id": patient.pk, "name": patient.name}
    expected = {
        "appointment_date": DAY, "start_time": "09:30", "end_time": "10:00",
        "start": "2027-03-02T08:30:00Z", "end": "2027-03-02T09:00:00Z",
        "time_zone": "Europe/Berlin", "status": "SCHEDULED", "notes": "  my knee\n", "version": 1,
        "sequence": 0, "reason": "", "ticket": None, "confirmed_at": None,
    }  # fmt: skip
    assert booked | expected == booked
    record = answer["health_record"]
    assert record.keys() == RECORD
    assert (record["id"], record["record_type"]) == (booked["health_record"], "CONSULTATION")
    stored = HealthRecord.objects.get()
    assert (stored.patient, stored.doctor, stored.reference) == (
        patient,
        doctor,
        record["record_id"],
    )


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"start_time": "09:30:00"},
        {"appointment_date": ..., "start_time": ..., "start": "2027-03-02T08:30:00Z"},
        {"appointment_date": ..., "start_time": ..., "start": "2027-03-02T09:30:00+01:00"},
        {"appointment_date": ..., "start_time": ..., "start": "2027-03-01T22:30:00.000-10:00"},
        {"appointment_date": "2027-03-05", "start_time": "12:00", "start": "2027-03-02T08:30:00Z"},
        {"start": "2027-03-02T08:30:00Z", "start_time": ...},
    ],
)
def test_the_same_visit_is_asked_for_in_many_ways(
    doctor: Doctor, patient: Person, said: Json
) -> None:
    answer = ok(Api(patient).post(BOOK, body(doctor, **said)), 201)

    assert answer["appointment"]["start"] == "2027-03-02T08:30:00Z"


@pytest.mark.parametrize("name", ["doctor", "doctor_id"])
@pytest.mark.parametrize("kind", [int, str])
def test_the_doctor_goes_by_two_names(
    doctor: Doctor, patient: Person, name: str, kind: Any
) -> None:
    asked = {name: kind(doctor.pk), "start": "2027-03-02T08:30:00Z"}

    assert ok(Api(patient).post(BOOK, asked), 201)["appointment"]["doctor"]["id"] == doctor.pk


@pytest.mark.parametrize("make", [world.a_receptionist, world.an_admin])
def test_staff_book_for_a_patient_and_never_see_the_notes(
    make: Any, doctor: Doctor, patient: Person
) -> None:
    asked = body(doctor, patient_id=patient.pk, notes="my knee")

    answer = ok(Api(make()).post(BOOK, asked), 201)

    assert answer["appointment"].keys() == WITHOUT_NOTES
    assert answer["appointment"]["patient"]["id"] == patient.pk
    assert "knee" not in str(answer)
    assert Appointment.objects.get().notes == "my knee"


def test_staff_say_for_whom(doctor: Doctor) -> None:
    found = refused_fields(Api(world.a_receptionist()).post(BOOK, body(doctor)))

    assert found == {"patient_id": "required"}


def test_a_patient_may_name_themselves(doctor: Doctor, patient: Person) -> None:
    ok(Api(patient).post(BOOK, body(doctor, patient_id=patient.pk)), 201)


def test_a_patient_books_for_nobody_else_and_learns_of_nobody(
    doctor: Doctor, patient: Person
) -> None:
    api, other = Api(patient), world.a_patient()

    foreign = api.post(BOOK, body(doctor, patient_id=other.pk))
    unknown = api.post(BOOK, body(doctor, patient_id=UNKNOWN))

    refused(foreign, 404, "not_found")
    assert same_refusal(foreign, unknown)
    assert not Appointment.objects.exists()


def test_staff_book_for_nobody_who_is_no_patient(doctor: Doctor) -> None:
    desk = Api(world.a_receptionist())
    nobody = [UNKNOWN, doctor.pk, world.an_admin().pk, world.a_patient(is_active=False).pk]

    answers = [desk.post(BOOK, body(doctor, patient_id=pk)) for pk in nobody]

    refused(answers[0], 404, "not_found")
    assert all(same_refusal(answers[0], answer) for answer in answers)


@pytest.mark.parametrize("make", [world.a_doctor, world.a_pending_doctor])
def test_doctors_do_not_book(make: Any, doctor: Doctor, patient: Person) -> None:
    asked = body(doctor, patient_id=patient.pk)

    refused(Api(make()).post(BOOK, asked), 403, "forbidden")


# -- refusals ------------------------------------------------------------------------------------


def at(day: str, time: str) -> Json:
    return {"appointment_date": day, "start_time": time}


@pytest.mark.parametrize(
    ("when", "code"),
    [
        (at("2027-03-01", "11:00"), "in_past"),  # it is 11:10 in Berlin
        (at("1999-12-31", "09:00"), "in_past"),
        (at(DAY, "09:31"), "off_grid"),
        (at(DAY, "09:30:30"), "off_grid"),
        ({"start": "2027-03-02T08:30:00.000001Z"}, "off_grid"),
        (at(DAY, "07:30"), "outside_hours"),
        (at(DAY, "18:00"), "outside_hours"),
        (at(DAY, "17:45"), "outside_hours"),
        (at("2027-03-04", "09:30"), "time_off"),
        (at("2027-03-05", "09:30"), "clinic_closed"),
        (at("2027-03-28", "02:30"), "nonexistent_time"),
        (at("2199-12-30", "23:00"), "outside_hours"),
    ],
)
def test_a_time_that_the_rules_refuse_is_400_with_its_code(
    doctor: Doctor, patient: Person, when: Json, code: str
) -> None:
    world.time_off(doctor, world.utc("2027-03-04 00:00"), world.utc("2027-03-04 12:00"))
    Closure.objects.create(day=date(2027, 3, 5))

    problem = refused(Api(patient).post(BOOK, body(doctor, **when)), 400, code)

    assert "alternatives" not in problem
    assert not Appointment.objects.exists()
    assert not HealthRecord.objects.exists()
    assert not world.entries(f"user.{patient.pk}")


def test_a_time_too_close_to_now_is_refused_where_notice_is_asked_for(
    settings: Any, doctor: Doctor, patient: Person
) -> None:
    settings.BOOKING_NOTICE_MINUTES = 120
    api = Api(patient)

    refused(api.post(BOOK, body(doctor, **at("2027-03-01", "13:00"))), 400, "too_soon")
    ok(api.post(BOOK, body(doctor, **at("2027-03-01", "13:30"))), 201)


def test_a_full_day_is_refused() -> None:
    doctor = world.a_doctor(limit=1)
    world.book(doctor, world.a_patient(), world.wall(DAY, "09:00"))

    refused(Api(world.a_patient()).post(BOOK, body(doctor)), 400, "day_full")


def test_a_doctor_who_cannot_be_booked_is_as_unknown_as_nobody(patient: Person) -> None:
    api = Api(patient)
    doctors = [
        UNKNOWN, world.a_pending_doctor().pk, world.a_doctor(is_active=False).pk, patient.pk,
        world.an_admin().pk,
    ]  # fmt: skip

    answers = [api.post(BOOK, {"doctor_id": pk, **at(DAY, "09:30")}) for pk in doctors]

    refused(answers[0], 400, "doctor_not_bookable")
    assert all(same_refusal(answers[0], answer) for answer in answers)


def test_a_taken_time_is_409_with_the_next_free_ones(doctor: Doctor, patient: Person) -> None:
    world.book(doctor, world.a_patient(), world.wall(DAY, "09:30"))
    world.book(doctor, world.a_patient(), world.wall(DAY, "10:30"))
    api = Api(patient)

    problem = refused(api.post(BOOK, body(doctor)), 409, "slot_taken")

    assert problem["alternatives"] == [
        "2027-03-02T09:00:00+00:00", "2027-03-02T10:00:00+00:00", "2027-03-02T10:30:00+00:00",
    ]  # fmt: skip
    for start in problem["alternatives"]:
        other = Api(world.a_patient())
        ok(other.post(BOOK, {"doctor_id": doctor.pk, "start": start}), 201)


def test_a_busy_patient_is_409_with_alternatives(doctor: Doctor, patient: Person) -> None:
    world.book(world.a_doctor(), patient, world.utc("2027-03-02 08:30"))

    problem = refused(Api(patient).post(BOOK, body(doctor)), 409, "patient_busy")

    assert len(problem["alternatives"]) == 3
    assert Appointment.objects.count() == 1


def test_a_taken_time_tells_nobody_who_took_it(doctor: Doctor, patient: Person) -> None:
    taker = world.a_patient("marker-patient", first_name="Marker", last_name="Marker")
    world.book(doctor, taker, world.wall(DAY, "09:30"), notes="marker")

    assert (
        "marker"
        not in str(refused(Api(patient).post(BOOK, body(doctor)), 409, "slot_taken")).lower()
    )


def test_a_cancelled_time_can_be_booked_again(doctor: Doctor, patient: Person) -> None:
    world.cancel(world.book(doctor, patient, world.wall(DAY, "09:30")))

    ok(Api(patient).post(BOOK, body(doctor)), 201)


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"doctor_id": ...}, "doctor_id", "required"),
        ({"doctor_id": None}, "doctor_id", "null"),
        ({"doctor_id": "x"}, "doctor_id", "invalid"),
        ({"doctor_id": 0}, "doctor_id", "min_value"),
        ({"doctor_id": 2**63}, "doctor_id", "max_value"),
        ({"doctor_id": 10**400}, "doctor_id", "max_value"),
        ({"doctor_id": 1.5}, "doctor_id", "invalid"),
        ({"doctor_id": True}, "doctor_id", "invalid"),
        ({"doctor_id": [1]}, "doctor_id", "invalid"),
        ({"patient_id": 10**30}, "patient_id", "max_value"),
        ({"appointment_date": ...}, "appointment_date", "required"),
        ({"start_time": ...}, "start_time", "required"),
        ({"appointment_date": "2027-02-29"}, "appointment_date", "invalid"),
        ({"appointment_date": "02.03.2027"}, "appointment_date", "invalid"),
        ({"appointment_date": 20270302}, "appointment_date", "invalid"),
        ({"appointment_date": "0001-01-01"}, "appointment_date", "min_value"),
        ({"appointment_date": "9999-12-31"}, "appointment_date", "max_value"),
        ({"start_time": "24:00"}, "start_time", "invalid"),
        ({"start_time": "9.30"}, "start_time", "invalid"),
        ({"start_time": "09:30Z"}, "start_time", "invalid"),
        ({"start_time": 930}, "start_time", "invalid"),
        ({"start": "now"}, "start", "invalid"),
        ({"start": "2027-03-02T08:30:00"}, "start", "naive"),
        ({"start": "2027-03-02T25:30:00Z"}, "start", "invalid"),
        ({"start": "0001-01-01T00:00:00+14:00"}, "start", "overflow"),
        ({"start": "0001-01-01T00:00:00Z"}, "start", "min_value"),
        ({"start": "9999-12-31T23:59:59Z"}, "start", "max_value"),
        ({"start": None}, "start", "null"),
        ({"notes": "x" * 4001}, "notes", "max_length"),
        ({"notes": "a\0b"}, "notes", "null_characters_not_allowed"),
        ({"notes": None}, "notes", "null"),
        ({"notes": {"a": 1}}, "notes", "invalid"),
        ({"colour": "red"}, "colour", "unknown"),
        ({"is_staff": True}, "is_staff", "unknown"),
    ],
)
def test_a_malformed_request_names_the_field(
    doctor: Doctor, patient: Person, changes: Json, field: str, code: str
) -> None:
    assert refused_fields(Api(patient).post(BOOK, body(doctor, **changes))) == {field: code}
    assert not Appointment.objects.exists()


def test_fields_that_only_answers_have_are_passed_over(doctor: Doctor, patient: Person) -> None:
    other = world.a_patient()
    asked = {
        "id": 4711, "patient": {"id": other.pk, "name": "Other"}, "status": "COMPLETED",
        "version": 9, "sequence": 9, "end": "2027-03-02T12:00:00Z", "ticket": "A1", "priority": 3,
        "confirmed_at": "2027-03-01T00:00:00Z", "health_record": 1, "created_at": None,
    }  # fmt: skip

    booked = ok(Api(patient).post(BOOK, body(doctor, **asked)), 201)["appointment"]

    row = Appointment.objects.get()
    assert (row.pk, row.patient, row.status) == (booked["id"], patient, "SCHEDULED")
    assert (row.version, row.sequence, row.ticket, row.priority) == (1, 0, "", 0)
    assert row.end - row.start == timedelta(minutes=30)
    assert row.confirmed_at is None


def test_notes_of_four_thousand_characters_and_of_any_script_are_kept(
    doctor: Doctor, patient: Person
) -> None:
    notes = ("Knie 膝 🦵 " * 500)[:4000]

    booked = ok(Api(patient).post(BOOK, body(doctor, notes=notes)), 201)["appointment"]

    assert booked["notes"] == notes
    assert Appointment.objects.get().notes == notes


def test_a_wall_time_that_occurs_twice_means_the_first(patient: Person) -> None:
    night = {"SUNDAY": {"is_available": True, "start_time": "00:00", "end_time": "06:00"}}
    doctor = world.a_doctor(zone="Europe/Berlin", hours=night)

    answer = ok(Api(patient).post(BOOK, body(doctor, **at("2027-10-31", "02:30"))), 201)

    assert answer["appointment"]["start"] == "2027-10-31T00:30:00Z"
    assert answer["appointment"]["start_time"] == "02:30"
