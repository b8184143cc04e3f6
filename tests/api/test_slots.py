"""A doctor's slots over HTTP, under both names."""

from datetime import date, timedelta

import pytest
import time_machine

from clinic.models import Doctor
from tests import world
from tests.api.client import UNKNOWN, Api, Json, ok, refused, refused_fields, same_refusal

pytestmark = pytest.mark.django_db

MONDAY = date(2027, 3, 1)
DURING_MONDAY = world.utc("2027-03-01 10:10")


def by_path(doctor_id: int, first: object = None, last: object = None) -> tuple[str, Json]:
    days = {"from": first, "to": last}
    return f"/api/doctors/{doctor_id}/slots/", {k: v for k, v in days.items() if v is not None}


def by_name(doctor_id: int, first: object = None, last: object = None) -> tuple[str, Json]:
    days = {"doctor_id": doctor_id, "start_date": first, "end_date": last}
    path = "/api/appointments/doctor_availability/"
    return path, {k: v for k, v in days.items() if v is not None}


BOTH = pytest.mark.parametrize("address", [by_path, by_name])


@pytest.fixture(autouse=True)
def monday() -> object:
    with time_machine.travel(DURING_MONDAY, tick=False) as time:
        yield time


@pytest.fixture
def doctor() -> Doctor:
    return world.a_doctor(zone="Europe/Berlin", minutes=60)


def load(address: object, doctor: Doctor, first: object = None, last: object = None) -> Json:
    path, query = address(doctor.pk, first, last)  # type: ignore[operator]
    return ok(Api(world.a_patient()).get(path, **query))


@BOTH
def test_the_answer_names_doctor_zone_slots_and_stream(address: object, doctor: Doctor) -> None:
    answer = load(address, doctor, MONDAY, MONDAY)

    assert answer.keys() == {"doctor", "time_zone", "slots", "stream"}
    assert answer["doctor"].keys() == {"id", "name", "specialization"}
    assert answer["time_zone"] == "Europe/Berlin"
    assert answer["stream"].keys() == {"topic", "seq", "epoch"}
    assert answer["stream"]["topic"] == f"slots.{doctor.pk}"
    assert answer["slots"][0] == {
        "start": "2027-03-01T11:00:00Z",
        "end": "2027-03-01T12:00:00Z",
        "appointment_date": "2027-03-01",
        "start_time": "12:00",
        "state": "free",
    }


@BOTH
def test_past_slots_are_left_out(address: object, doctor: Doctor) -> None:
    times = [slot["start_time"] for slot in load(address, doctor, MONDAY, MONDAY)["slots"]]

    assert times == ["12:00", "13:00", "14:00", "15:00", "16:00", "17:00"]


@BOTH
def test_unless_said_otherwise_it_is_today_and_six_more_days(
    address: object, doctor: Doctor
) -> None:
    days = {slot["appointment_date"] for slot in load(address, doctor)["slots"]}

    assert days == {(MONDAY + timedelta(days=n)).isoformat() for n in range(7)}


@BOTH
def test_a_first_day_alone_means_a_week_from_it(address: object, doctor: Doctor) -> None:
    days = sorted(
        {slot["appointment_date"] for slot in load(address, doctor, "2027-04-05")["slots"]}
    )

    assert (days[0], days[-1]) == ("2027-04-05", "2027-04-11")


@BOTH
def test_a_booked_slot_is_taken_and_a_cancelled_one_free_again(
    address: object, doctor: Doctor
) -> None:
    before = load(address, doctor, MONDAY, MONDAY)
    appointment = world.book(doctor, world.a_patient(), world.wall("2027-03-01", "13:00"))

    during = load(address, doctor, MONDAY, MONDAY)
    world.cancel(appointment)
    after = load(address, doctor, MONDAY, MONDAY)

    states = {slot["start_time"]: slot["state"] for slot in during["slots"]}
    assert states == {
        "12:00": "free", "13:00": "taken", "14:00": "free", "15:00": "free", "16:00": "free",
        "17:00": "free",
    }  # fmt: skip
    assert after["slots"] == before["slots"]
    assert [one["stream"]["seq"] for one in (before, during, after)] == [0, 1, 2]


@BOTH
def test_nothing_in_the_answer_tells_who_took_a_slot(address: object, doctor: Doctor) -> None:
    patient = world.a_patient("marker-of-a-patient", first_name="Marker")
    world.book(doctor, patient, world.wall("2027-03-01", "13:00"), notes="marker")

    assert "marker" not in str(load(address, doctor, MONDAY, MONDAY)).lower()


@pytest.mark.parametrize(
    ("first", "last", "code"),
    [
        ("2027-03-02", "2027-03-01", "invalid"),
        ("2027-03-01", "2027-05-02", "too_many"),
        ("2027-03-01", "soon", "invalid"),
        ("2027-03-01", "2027-04-31", "invalid"),
        ("9999-12-01", "9999-12-31", "max_value"),
        ("0001-01-01", "0001-01-02", "min_value"),
    ],
)
@pytest.mark.parametrize(
    ("address", "names"), [(by_path, ("from", "to")), (by_name, ("start_date", "end_date"))]
)
def test_days_that_make_no_sense_are_refused_by_name(
    address: object, names: tuple[str, str], doctor: Doctor, first: str, last: str, code: str
) -> None:
    path, query = address(doctor.pk, first, last)  # type: ignore[operator]

    found = refused_fields(Api(world.a_patient()).get(path, **query))

    assert found[names[1]] == code


@BOTH
def test_sixty_two_days_are_allowed(address: object, doctor: Doctor) -> None:
    days = {s["appointment_date"] for s in load(address, doctor, MONDAY, "2027-05-01")["slots"]}

    assert len(days) == 62


@BOTH
def test_who_cannot_be_booked_is_as_unknown_as_nobody(address: object) -> None:
    api = Api(world.a_patient())
    others = [
        world.a_pending_doctor().pk, world.a_doctor(is_active=False).pk, world.a_patient().pk,
    ]  # fmt: skip

    unknown = api.get(*(one := address(UNKNOWN))[:1], **one[1])  # type: ignore[operator]

    refused(unknown, 404, "not_found")
    for pk in others:
        path, query = address(pk)  # type: ignore[operator]
        assert same_refusal(unknown, api.get(path, **query))


def test_the_named_call_needs_a_doctor() -> None:
    path, _ = by_name(1)

    assert refused_fields(Api(world.a_patient()).get(path)) == {"doctor_id": "required"}
    for wrong in ("x", "0", "-1", "1.5", str(2**63), "9" * 5000):
        assert "doctor_id" in refused_fields(Api(world.a_patient()).get(path, doctor_id=wrong))


@pytest.mark.parametrize("doctor_id", ["0", str(10**18), str(2**63), "9" * 5000, "-1", "x", "1.0"])
def test_what_is_no_number_of_a_doctor_is_not_found(doctor_id: str) -> None:
    refused(Api(world.a_patient()).get(f"/api/doctors/{doctor_id}/slots/"), 404, "not_found")
