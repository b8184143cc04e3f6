"""Cancelling over HTTP."""

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine

from clinic.models import Appointment, Doctor, HealthRecord, Person
from clinic.rules.statuses import Status
from tests import world
from tests.api.client import UNKNOWN, Api, Json, ok, refused, refused_fields, same_refusal
from tests.api.test_booking import APPOINTMENT, NOW, WITHOUT_NOTES

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def monday() -> Iterator[Any]:
    with time_machine.travel(NOW, tick=False) as time:
        yield time


@pytest.fixture
def patient() -> Person:
    return world.a_patient()


@pytest.fixture
def doctor() -> Doctor:
    return world.a_doctor()


@pytest.fixture
def visit(doctor: Doctor, patient: Person) -> Appointment:
    return world.book(doctor, patient, world.utc("2027-03-02 08:30"), notes="my knee")


def path(appointment_id: int) -> str:
    return f"/api/appointments/{appointment_id}/cancel/"


def test_a_patient_cancels_their_visit(visit: Appointment, patient: Person) -> None:
    answer = ok(Api(patient).post(path(visit.pk), {"reason": "better now"}))

    assert answer.keys() == {"message", "appointment"}
    cancelled = answer["appointment"]
    assert cancelled.keys() == APPOINTMENT
    assert cancelled | {
        "id": visit.pk, "status": "CANCELLED", "reason": "better now", "version": 2, "sequence": 1,
        "health_record": None,
    } == cancelled  # fmt: skip
    assert HealthRecord.objects.get().voided_at is not None


def test_staff_and_the_doctor_cancel_too(doctor: Doctor) -> None:
    actors: list[tuple[Any, set[str]]] = [
        (doctor, APPOINTMENT), (world.a_receptionist(), WITHOUT_NOTES),
        (world.an_admin(), WITHOUT_NOTES),
    ]  # fmt: skip
    for actor, fields in actors:
        visit = world.book(doctor, world.a_patient(), notes="my knee")
        assert ok(Api(actor).post(path(visit.pk)))["appointment"].keys() == fields


def test_cancelling_again_is_no_event(visit: Appointment, patient: Person) -> None:
    api = Api(patient)
    first = ok(api.post(path(visit.pk), {"reason": "better"}))
    told = len(world.entries("desk"))

    again = ok(api.post(path(visit.pk), {"reason": "other"}, If_Match='"1"'))

    assert again == first
    assert len(world.entries("desk")) == told


def test_whoever_may_not_know_of_a_visit_cannot_cancel_it(visit: Appointment) -> None:
    for actor in (world.a_patient(), world.a_doctor(), world.a_pending_doctor()):
        api = Api(actor)
        foreign = api.post(path(visit.pk))
        refused(foreign, 404, "not_found")
        assert same_refusal(foreign, api.post(path(UNKNOWN)))
    visit.refresh_from_db()
    assert visit.status == Status.SCHEDULED


@pytest.mark.parametrize(
    "status", [s for s in Status if s not in (Status.SCHEDULED, Status.ARRIVED, Status.CANCELLED)]
)
def test_what_has_begun_or_ended_is_not_cancelled(
    status: Status, doctor: Doctor, patient: Person
) -> None:
    start = world.utc("2027-03-02 08:30")
    visit = world.an_appointment(doctor, patient, start, status=status)

    problem = refused(Api(doctor).post(path(visit.pk)), 409, "invalid_transition")

    assert "cancel" not in problem["allowed"]
    assert isinstance(problem["allowed"], list)


def test_a_patient_cannot_cancel_once_it_has_begun_but_staff_can(
    visit: Appointment, patient: Person, monday: Any
) -> None:
    monday.move_to(world.utc("2027-03-02 08:30"))

    refused(Api(patient).post(path(visit.pk)), 409, "already_started")

    assert ok(Api(world.a_receptionist()).post(path(visit.pk)))["appointment"]["status"] == (
        "CANCELLED"
    )


def test_a_patient_can_cancel_until_it_begins(
    visit: Appointment, patient: Person, monday: Any
) -> None:
    monday.move_to(world.utc("2027-03-02 08:29:59"))

    ok(Api(patient).post(path(visit.pk)))


@pytest.mark.parametrize(
    ("tag", "status"),
    [
        ('"1"', 200), ('W/"1"', 200), ("1", 200), ("*", 200), ("", 200),
        ('"0"', 412), ('"2"', 412), ('"x"', 412), ("W/", 412), ('"1", "2"', 412),
        ('"٣"', 412), ('"' + "9" * 5000 + '"', 412), ("-1", 412),
    ],
)  # fmt: skip
def test_if_match_guards_against_what_one_has_not_seen(
    visit: Appointment, patient: Person, tag: str, status: int
) -> None:
    response = Api(patient).post(path(visit.pk), If_Match=tag)

    if status == 412:
        refused(response, 412, "version_conflict")
    visit.refresh_from_db()
    assert (response.status_code, visit.status) == (
        status,
        "CANCELLED" if status == 200 else "SCHEDULED",
    )


def test_the_etag_of_a_visit_is_what_if_match_wants(visit: Appointment, patient: Person) -> None:
    api = Api(patient)
    tag = api.get(f"/api/appointments/{visit.pk}/").headers["ETag"]

    ok(api.post(path(visit.pk), If_Match=tag))

    assert api.get(f"/api/appointments/{visit.pk}/").headers["ETag"] != tag


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"reason": "x" * 301}, "reason", "max_length"),
        ({"reason": None}, "reason", "null"),
        ({"reason": "a\0"}, "reason", "null_characters_not_allowed"),
        ({"why": "x"}, "why", "unknown"),
    ],
)
def test_a_malformed_request_names_the_field(
    visit: Appointment, patient: Person, body: Json, field: str, code: str
) -> None:
    assert refused_fields(Api(patient).post(path(visit.pk), body)) == {field: code}


def test_a_record_that_somebody_wrote_in_stands(visit: Appointment, patient: Person) -> None:
    HealthRecord.objects.update(version=2)

    answer = ok(Api(patient).post(path(visit.pk)))

    assert answer["appointment"]["health_record"] == HealthRecord.objects.get().pk
    assert HealthRecord.objects.get().voided_at is None
