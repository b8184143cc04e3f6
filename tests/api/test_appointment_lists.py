"""Lists of appointments and single ones, as each role sees them."""

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinic.models import Clinic
from tests import world
from tests.api.client import UNKNOWN, Api, Json, ok, refused, refused_fields, same_refusal
from tests.api.test_booking import APPOINTMENT, NOW, WITHOUT_NOTES

pytestmark = pytest.mark.django_db

LIST = "/api/appointments/"


@pytest.fixture(autouse=True)
def monday() -> Iterator[object]:
    with time_machine.travel(NOW, tick=False) as time:
        yield time


def ids(answer: Json) -> list[int]:
    return [one["id"] for one in answer["appointments"]]


@pytest.fixture
def visits() -> dict[str, Any]:
    doctors = [world.a_doctor(), world.a_doctor()]
    patients = [world.a_patient(), world.a_patient()]
    made = [
        world.book(doctor, patient, world.utc(f"2027-03-02 {10 + 2 * d + p}:00"), notes="my knee")
        for d, doctor in enumerate(doctors)
        for p, patient in enumerate(patients)
    ]
    return {"doctors": doctors, "patients": patients, "made": made}


def test_each_sees_their_own_and_staff_see_all(visits: dict[str, Any]) -> None:
    doctors, patients, made = visits["doctors"], visits["patients"], visits["made"]
    in_order = [visit.pk for visit in made]
    sees: list[tuple[Any, list[int], str, set[str]]] = [
        (patients[0], in_order[0::2], f"user.{patients[0].pk}", APPOINTMENT),
        (doctors[1], in_order[2:], f"calendar.{doctors[1].pk}", APPOINTMENT),
        (world.a_receptionist(), in_order, "desk", WITHOUT_NOTES),
        (world.an_admin(), in_order, "desk", WITHOUT_NOTES),
        (world.a_patient(), [], "", set()),
    ]
    for viewer, expected, topic, fields in sees:
        answer = ok(Api(viewer).get(LIST))
        assert answer.keys() == {"appointments", "count", "next", "previous", "stream"}
        assert (ids(answer), answer["count"]) == (expected, len(expected))
        assert all(one.keys() == fields for one in answer["appointments"])
        assert answer["stream"].keys() == {"topic", "seq", "epoch"}
        assert topic in ("", answer["stream"]["topic"])


def test_a_pending_doctor_sees_none_even_of_their_own(visits: dict[str, Any]) -> None:
    doctor = visits["doctors"][0]
    doctor.person.is_approved = False
    doctor.person.save()
    api = Api(doctor)

    assert ok(api.get(LIST))["count"] == 0
    refused(api.get(f"{LIST}{visits['made'][0].pk}/"), 404, "not_found")


def test_one_appointment_is_the_same_as_in_the_list(visits: dict[str, Any]) -> None:
    for viewer in (visits["patients"][0], visits["doctors"][0], world.an_admin()):
        api = Api(viewer)
        listed = ok(api.get(LIST))["appointments"][0]
        response = api.get(f"{LIST}{listed['id']}/")
        assert ok(response) == {"appointment": listed}
        assert response.headers["ETag"] == f'"{listed["version"]}"'


def test_a_foreign_appointment_is_as_unknown_as_none(visits: dict[str, Any]) -> None:
    foreign = visits["made"][0].pk
    for viewer in (visits["patients"][1], visits["doctors"][1], world.a_pending_doctor()):
        api = Api(viewer)
        response = api.get(f"{LIST}{foreign}/")
        refused(response, 404, "not_found")
        assert same_refusal(response, api.get(f"{LIST}{UNKNOWN}/"))


def test_filters_narrow_and_never_widen(visits: dict[str, Any]) -> None:
    doctors, patients, made = visits["doctors"], visits["patients"], visits["made"]
    world.cancel(made[3])
    desk, ana = Api(world.a_receptionist()), Api(patients[0])

    assert ids(ok(desk.get(LIST, doctor=doctors[0].pk))) == [made[0].pk, made[1].pk]
    assert ids(ok(desk.get(LIST, patient=patients[1].pk))) == [made[1].pk, made[3].pk]
    assert ids(ok(desk.get(LIST, status="CANCELLED"))) == [made[3].pk]
    assert ids(ok(desk.get(LIST, doctor=doctors[1].pk, status="SCHEDULED"))) == [made[2].pk]
    assert ids(ok(ana.get(LIST, patient=patients[1].pk))) == []
    assert ids(ok(ana.get(LIST, doctor=doctors[1].pk))) == [made[2].pk]
    assert ids(ok(desk.get(LIST, doctor=UNKNOWN))) == []


@pytest.mark.parametrize(
    ("zone", "query", "found"),
    [
        ("UTC", {"from": "2027-03-02", "to": "2027-03-02"}, [1, 2]),
        ("UTC", {"from": "2027-03-03"}, [3]),
        ("UTC", {"to": "2027-03-02"}, [1, 2]),
        ("America/Los_Angeles", {"from": "2027-03-02", "to": "2027-03-02"}, [2, 3]),
        ("Asia/Tokyo", {"from": "2027-03-02", "to": "2027-03-02"}, [1]),
        ("UTC", {"from": "2027-03-04"}, []),
        ("UTC", {"from": "2027-03-03", "to": "2027-03-02"}, []),
        ("UTC", {"from": "1900-01-01", "to": "2199-12-31"}, [1, 2, 3]),
    ],
)
def test_days_are_those_of_the_clinics_zone_both_included(
    zone: str, query: Json, found: list[int]
) -> None:
    Clinic.objects.update_or_create(id=Clinic.THE_ONE, defaults={"time_zone": zone})
    doctor, patient = world.a_doctor(), world.a_patient()
    starts = ["2027-03-02 00:00", "2027-03-02 23:59", "2027-03-03 01:00"]
    made = [
        world.an_appointment(doctor, patient, world.utc(start), minutes=1).pk for start in starts
    ]

    assert ids(ok(Api(patient).get(LIST, **query))) == [made[n - 1] for n in found]


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ({"status": "cancelled"}, "status", "invalid_choice"),
        ({"status": "%"}, "status", "invalid_choice"),
        ({"from": "2027-2-30"}, "from", "invalid"),
        ({"from": "0001-01-01"}, "from", "min_value"),
        ({"to": "9999-12-31"}, "to", "max_value"),
        ({"doctor": "me"}, "doctor", "invalid"),
        ({"doctor": str(2**63)}, "doctor", "max_value"),
        ({"patient": "9" * 2000}, "patient", "max_string_length"),
        ({"patient": "-1"}, "patient", "min_value"),
    ],
)
def test_a_filter_that_makes_no_sense_is_named(query: Json, field: str, code: str) -> None:
    assert refused_fields(Api(world.a_patient()).get(LIST, **query)) == {field: code}


def test_a_list_of_many_takes_no_more_queries(visits: dict[str, Any]) -> None:
    api = Api(world.a_receptionist())
    ok(api.get(LIST))
    with CaptureQueriesContext(connection) as few:
        assert ok(api.get(LIST))["count"] == 4
    for _ in range(10):
        world.book(visits["doctors"][0], world.a_patient())

    with CaptureQueriesContext(connection) as many:
        assert ok(api.get(LIST))["count"] == 14
    assert len(many) == len(few)
