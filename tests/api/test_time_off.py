"""Absences: a doctor's own, and anyone's for an admin."""

from datetime import timedelta
from typing import Any

import pytest

from clinic.models import TimeOff
from tests import world
from tests.api.client import UNKNOWN, Api, Json, ok, refused, refused_fields, same_refusal

pytestmark = pytest.mark.django_db

PATH = "/api/doctors/time_off/"
START, END = "2027-03-01T08:00:00Z", "2027-03-02T18:00:00Z"
SHAPE = {"id", "doctor_id", "start", "end", "reason"}


def body(**changes: Any) -> Json:
    return {"start": START, "end": END, **changes}


def test_a_doctor_takes_time_off_and_sees_whom_it_concerns() -> None:
    doctor, patient = world.a_doctor(), world.a_patient()
    inside = world.book(doctor, patient, world.utc("2027-03-01 08:00"), notes="my knee")
    outside = world.book(doctor, world.a_patient(), world.utc("2027-03-03 08:00"))
    cancelled = world.book(doctor, world.a_patient(), world.utc("2027-03-01 09:00"))
    world.cancel(cancelled)
    api = Api(doctor)

    answer = ok(api.post(PATH, body(reason="skiing")), 201)

    assert answer.keys() == {"time_off", "affected"}
    assert answer["time_off"].keys() == SHAPE
    assert answer["time_off"]["doctor_id"] == doctor.pk
    assert (answer["time_off"]["start"], answer["time_off"]["reason"]) == (START, "skiing")
    (affected,) = answer["affected"]
    assert (affected["id"], affected["status"], affected["notes"]) == (
        inside.pk,
        "SCHEDULED",
        "my knee",
    )
    assert affected["id"] != outside.pk
    listed = ok(api.get(PATH))
    assert listed.keys() == {"time_off", "count", "next", "previous"}
    assert listed["time_off"] == [answer["time_off"]]


def test_the_admin_sees_the_affected_without_notes() -> None:
    doctor, admin = world.a_doctor(), Api(world.an_admin())
    world.book(doctor, world.a_patient(), world.utc("2027-03-01 08:00"), notes="my knee")

    answer = ok(admin.post(PATH, body(doctor_id=doctor.pk)), 201)

    assert "notes" not in answer["affected"][0]


def test_the_slots_are_gone_until_the_absence_is_removed() -> None:
    doctor, patient = world.a_doctor(), Api(world.a_patient())
    days = {"from": "2027-03-01", "to": "2027-03-01"}
    slots = f"/api/doctors/{doctor.pk}/slots/"
    before = ok(patient.get(slots, **days))["slots"]
    absence = ok(Api(doctor).post(PATH, body()), 201)["time_off"]
    assert not ok(patient.get(slots, **days))["slots"]

    response = Api(doctor).delete(f"{PATH}{absence['id']}/")

    assert (response.status_code, response.content) == (204, b"")
    assert ok(patient.get(slots, **days))["slots"] == before != []
    refused(Api(doctor).delete(f"{PATH}{absence['id']}/"), 404, "not_found")


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"start": None}, "start", "null"),
        ({"end": START}, "end", "invalid"),
        ({"start": END, "end": START}, "end", "invalid"),
        ({"start": "next week"}, "start", "invalid"),
        ({"start": "2027-03-01"}, "start", "naive"),
        ({"start": "2027-03-01T09:00"}, "start", "naive"),
        ({"start": "0001-01-01T00:00:00Z"}, "start", "min_value"),
        ({"end": "9999-12-31T23:59:59Z"}, "end", "max_value"),
        ({"reason": "x" * 201}, "reason", "max_length"),
        ({"doctor": 1}, "doctor", "unknown"),
        ({"doctor_id": "me"}, "doctor_id", "invalid"),
    ],
)
def test_a_refusal_names_the_field(changes: Json, field: str, code: str) -> None:
    assert refused_fields(Api(world.a_doctor()).post(PATH, body(**changes))) == {field: code}
    assert not TimeOff.objects.exists()


def test_an_absence_of_years_is_stored_and_answered_at_once() -> None:
    doctor = world.a_doctor()
    years = {"start": "1901-01-01T00:00:00Z", "end": "2190-01-01T00:00:00Z"}

    ok(Api(doctor).post(PATH, body(**years)), 201)

    assert world.types_in(f"slots.{doctor.pk}") == ["hours.changed"]


def test_an_admin_says_for_which_doctor() -> None:
    admin = Api(world.an_admin())

    assert refused_fields(admin.post(PATH, body())) == {"doctor_id": "required"}
    assert refused_fields(admin.get(PATH)) == {"doctor_id": "required"}
    for pk in (UNKNOWN, world.a_patient().pk):
        refused(admin.post(PATH, body(doctor_id=pk)), 404, "not_found")
        refused(admin.get(PATH, doctor_id=pk), 404, "not_found")


def test_a_doctor_reaches_no_other_doctors_absences() -> None:
    other, api = world.a_doctor(), Api(world.a_doctor())
    start = world.next_free_start(other)
    absence = world.time_off(other, start, start + timedelta(hours=1))

    for doctor_id in (other.pk, UNKNOWN):
        refused(api.get(PATH, doctor_id=doctor_id), 403, "forbidden")
        refused(api.post(PATH, body(doctor_id=doctor_id)), 403, "forbidden")
    foreign = api.delete(f"{PATH}{absence.pk}/")
    assert same_refusal(foreign, api.delete(f"{PATH}{UNKNOWN}/"))
    refused(foreign, 404, "not_found")
    assert TimeOff.objects.get() == absence
