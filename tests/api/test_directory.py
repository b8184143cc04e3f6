"""Finding a doctor: the directory, and who has a free slot on a day."""

from datetime import timedelta

import pytest

from clinic import clock
from tests import world
from tests.api.client import Api, Json, ok, refused_fields

pytestmark = pytest.mark.django_db

DIRECTORY = "/api/doctors/"
AVAILABLE = "/api/appointments/available_doctors/"
CARD = {"id", "name", "specialization", "time_zone", "appointment_duration", "next_free"}
HOURS = {
    "id", "name", "specialization", "time_zone", "availability", "appointment_duration",
    "max_patients_per_day",
}  # fmt: skip


def ids(answer: Json) -> list[int]:
    return [doctor["id"] for doctor in answer["doctors"]]


@pytest.mark.parametrize(
    "make",
    [world.a_patient, world.a_doctor, world.a_pending_doctor, world.a_receptionist, world.an_admin],
)
def test_everyone_signed_in_finds_the_doctors_who_can_be_booked(make: object) -> None:
    viewer = make(last_name="Zz")  # type: ignore[operator]
    doctor = world.a_doctor(zone="Europe/Berlin", minutes=20, last_name="Aa")
    world.a_pending_doctor()
    world.a_doctor(is_active=False)

    answer = ok(Api(viewer).get(DIRECTORY))

    assert answer.keys() == {"doctors", "count", "next", "previous"}
    assert ids(answer) in ([doctor.pk], [doctor.pk, viewer.pk])
    card = answer["doctors"][0]
    assert card.keys() == CARD
    assert (card["time_zone"], card["appointment_duration"]) == ("Europe/Berlin", 20)


def test_the_next_free_time_is_one_that_can_be_booked() -> None:
    doctor, api = world.a_doctor(), Api(world.a_patient())
    for _ in range(2):
        start = ok(api.get(DIRECTORY))["doctors"][0]["next_free"]
        ok(api.post("/api/appointments/book/", {"doctor_id": doctor.pk, "start": start}), 201)


def test_a_doctor_without_hours_has_no_next_free_time() -> None:
    world.a_doctor(hours={})

    assert ok(Api(world.a_patient()).get(DIRECTORY))["doctors"][0]["next_free"] is None


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, {"Ann", "Bob", "Cyd"}),
        ({"specialization": "surgery"}, {"Bob", "Cyd"}),
        ({"specialization": "Surg"}, set()),
        ({"q": "ann"}, {"Ann"}),
        ({"q": "o'"}, {"Cyd"}),
        ({"q": "cyd o'neil"}, {"Cyd"}),
        ({"q": "surg"}, {"Bob", "Cyd"}),
        ({"q": "surg bob"}, {"Bob"}),
        ({"q": "%"}, set()),
        ({"q": "_"}, set()),
        ({"q": ""}, {"Ann", "Bob", "Cyd"}),
        ({"q": "ann", "specialization": "Surgery"}, set()),
    ],
)
def test_doctors_are_found_by_specialization_and_by_words(query: Json, found: set[str]) -> None:
    world.a_doctor(first_name="Ann", last_name="Lee", specialization="Cardiology")
    world.a_doctor(first_name="Bob", last_name="Lee", specialization="Surgery")
    world.a_doctor(first_name="Cyd", last_name="O'Neil", specialization="Surgery")

    answer = ok(Api(world.a_patient()).get(DIRECTORY, **query))

    assert {doctor["name"].split()[0] for doctor in answer["doctors"]} == found


def test_without_a_date_every_doctor_is_shown_with_their_hours() -> None:
    doctor = world.a_doctor(hours={"monday": world.LONG_DAY}, limit=7)

    answer = ok(Api(world.a_patient()).get(AVAILABLE))

    assert answer.keys() == {"doctors", "count", "next", "previous"}
    (shown,) = answer["doctors"]
    assert shown.keys() == HOURS
    assert (shown["id"], shown["max_patients_per_day"]) == (doctor.pk, 7)
    assert shown["availability"]["MONDAY"]["start_time"] == "08:00"
    assert shown["availability"]["TUESDAY"]["is_available"] is False


def test_with_a_date_only_doctors_with_a_free_slot_then_are_shown() -> None:
    day = clock.now().date() + timedelta(days=3)
    one_slot = {day.strftime("%A"): {**world.LONG_DAY, "end_time": "09:00"}}
    free = world.a_doctor(hours=one_slot, minutes=30)
    full = world.a_doctor(hours=one_slot, minutes=60)
    world.a_doctor(hours={})
    start = world.next_free_start(full)
    assert start.date() == day
    world.book(full, world.a_patient(), start)

    answer = ok(Api(world.a_patient()).get(AVAILABLE, date=day.isoformat()))

    assert ids(answer) == [free.pk]
    assert answer["doctors"][0].keys() == HOURS | {"free_slots"}
    assert answer["doctors"][0]["free_slots"] == 2
    assert answer["count"] == 1


def test_specialization_and_date_narrow_together() -> None:
    day = (clock.now().date() + timedelta(days=3)).isoformat()
    world.a_doctor(specialization="Cardiology")
    surgeon = world.a_doctor(specialization="Surgery")

    query = {"date": day, "specialization": "SURGERY"}

    assert ids(ok(Api(world.a_patient()).get(AVAILABLE, **query))) == [surgeon.pk]


@pytest.mark.parametrize("day", ["2027-02-30", "tomorrow", "2027", "0001-01-01", "9999-12-31"])
def test_a_date_that_is_none_is_refused(day: str) -> None:
    assert refused_fields(Api(world.a_patient()).get(AVAILABLE, date=day)).keys() == {"date"}
