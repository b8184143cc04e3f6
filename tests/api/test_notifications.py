"""The inbox over HTTP."""

from typing import Any

import pytest

from clinic.models import Notification, Person
from tests import world
from tests.api.client import UNKNOWN, Api, Json, ok, refused_fields

pytestmark = pytest.mark.django_db

INBOX, READ = "/api/notifications/", "/api/notifications/read/"
LINE = {"id", "seq", "type", "title", "message", "read_at", "created_at", "subject"}


@pytest.fixture
def reader() -> Person:
    """A patient for whom the desk has booked three visits."""
    patient, desk, doctor = world.a_patient(), world.a_receptionist(), world.a_doctor()
    for _ in range(3):
        world.book(doctor, patient, actor=desk)
    return patient


def load(api: Api, **query: Any) -> Json:
    return ok(api.get(INBOX, **query))


def test_the_inbox_is_newest_first_and_says_what_is_unread(reader: Person) -> None:
    answer = load(Api(reader))

    assert answer.keys() == {"notifications", "count", "next", "previous", "unread", "stream"}
    assert answer["stream"]["topic"] == f"user.{reader.pk}"
    lines = answer["notifications"]
    assert all(line.keys() == LINE for line in lines)
    assert [line["seq"] for line in lines] == sorted((line["seq"] for line in lines), reverse=True)
    assert {line["type"] for line in lines} == {"appointment.booked"}
    assert all(line["subject"].keys() == {"kind", "id"} for line in lines)
    assert (answer["unread"], answer["count"]) == (3, 3)


def test_nobody_is_notified_of_what_they_did_themselves() -> None:
    patient, doctor = world.a_patient(), world.a_doctor()
    world.book(doctor, patient)

    assert load(Api(patient))["notifications"] == []
    assert load(Api(doctor))["unread"] == 2  # the visit, and a new patient


@pytest.mark.parametrize("how", ["up_to", "ids"])
def test_lines_are_marked_read_by_number_or_by_id(reader: Person, how: str) -> None:
    api = Api(reader)
    newest, middle, oldest = load(api)["notifications"]
    body = {"up_to": middle["seq"]} if how == "up_to" else {"ids": [middle["id"], oldest["id"]]}

    assert ok(api.post(READ, body)) == {"unread": 1}

    answer = load(api, unread="true")
    assert [line["id"] for line in answer["notifications"]] == [newest["id"]]
    assert (answer["count"], answer["unread"]) == (1, 1)
    read = [line["read_at"] for line in load(api, unread="false")["notifications"]]
    assert [at is None for at in read] == [True, False, False]


def test_reading_again_keeps_the_first_time_and_tells_nobody(reader: Person) -> None:
    api = Api(reader)
    ok(api.post(READ, {"up_to": 10**6}))
    before, told = load(api), len(world.entries(f"user.{reader.pk}"))

    assert ok(api.post(READ, {"up_to": 10**6})) == {"unread": 0}

    assert load(api) == before
    assert len(world.entries(f"user.{reader.pk}")) == told


def test_lines_of_others_cannot_be_marked(reader: Person) -> None:
    theirs = list(Notification.objects.filter(person=reader).values_list("pk", flat=True))

    assert ok(Api(world.a_patient()).post(READ, {"ids": [*theirs, UNKNOWN]})) == {"unread": 0}
    assert load(Api(reader))["unread"] == 3


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "up_to"),
        ({"up_to": 1, "ids": [1]}, "up_to"),
        ({"up_to": -1}, "up_to"),
        ({"up_to": "all"}, "up_to"),
        ({"up_to": None}, "up_to"),
        ({"ids": 5}, "ids"),
        ({"ids": ["x"]}, "ids.0"),
        ({"ids": [0]}, "ids.0"),
        ({"ids": [2**63]}, "ids.0"),
        ({"ids": list(range(1, 502))}, "ids"),
        ({"all": True}, "all"),
    ],
)
def test_a_malformed_mark_names_the_field(reader: Person, body: Json, field: str) -> None:
    assert field in refused_fields(Api(reader).post(READ, body))
    assert load(Api(reader))["unread"] == 3


def test_no_number_is_too_large_to_read_up_to(reader: Person) -> None:
    assert ok(Api(reader).post(READ, {"up_to": 10**30})) == {"unread": 0}


def test_notifications_carry_no_notes() -> None:
    doctor = world.a_doctor()
    world.book(doctor, world.a_patient(), notes="marker-note")

    assert "marker-note" not in str(load(Api(doctor)))
