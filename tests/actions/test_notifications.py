"""Marking the inbox read, and telling one's other devices."""

import json

import pytest

from clinic.actions.notifications import mark_read
from clinic.models import Notification, Person
from clinic.queries.notifications import inbox_of, unread_count
from clinic.topics import user_topic
from tests import world

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader() -> Person:
    """A doctor with five lines in the inbox."""
    doctor, patient = world.a_doctor(), world.a_patient()
    for _ in range(4):  # the first brings two: the visit, and a new patient
        world.book(doctor, patient)
    return doctor.person


def lines(person: Person) -> list[Notification]:
    return list(inbox_of(person).order_by("seq"))


def read_lines(person: Person) -> list[bool]:
    return [line.read_at is not None for line in lines(person)]


def test_all_up_to_a_number_are_read(reader: Person) -> None:
    assert mark_read(actor=reader, up_to=lines(reader)[2].seq) == 2

    assert read_lines(reader) == [True, True, True, False, False]
    assert unread_count(reader) == 2


def test_some_are_read_by_id(reader: Person) -> None:
    mine = lines(reader)

    assert mark_read(actor=reader, ids=[mine[1].pk, mine[4].pk]) == 3

    assert read_lines(reader) == [False, True, False, False, True]


def test_other_peoples_lines_are_passed_over(reader: Person) -> None:
    doctor = world.a_doctor()
    world.book(doctor, world.a_patient())
    theirs = lines(doctor.person)[0]

    assert mark_read(actor=reader, ids=[theirs.pk]) == 5
    assert mark_read(actor=reader, up_to=10**6) == 0

    assert unread_count(doctor.person) == 2


def test_the_other_devices_are_told_what_was_read(reader: Person) -> None:
    mine = lines(reader)
    mark_read(actor=reader, ids=[mine[0].pk])
    mark_read(actor=reader, up_to=mine[1].seq)

    told = [
        json.loads(entry.body)["data"]
        for entry in world.entries(user_topic(reader.pk))
        if entry.event.type == "notification.read"
    ]
    assert [(data["up_to"], data["ids"], data["unread"]) for data in told] == [
        (None, [mine[0].pk], 4),
        (mine[1].seq, [], 3),
    ]


def test_what_comes_meanwhile_is_not_said_to_be_read(reader: Person) -> None:
    newest = world.entries(user_topic(reader.pk))[-1]

    mark_read(actor=reader, up_to=newest.seq + 10)

    told = world.bodies_in(user_topic(reader.pk))[-1]
    assert (told["type"], told["data"]["up_to"]) == ("notification.read", newest.seq)


def test_reading_what_is_read_is_no_news_and_keeps_the_moment(reader: Person) -> None:
    mark_read(actor=reader, up_to=10**6)
    before = [line.read_at for line in lines(reader)]

    for _ in range(2):
        assert mark_read(actor=reader, up_to=10**6) == 0
        assert mark_read(actor=reader, ids=[line.pk for line in lines(reader)]) == 0

    assert world.types_in(user_topic(reader.pk)).count("notification.read") == 1
    assert [line.read_at for line in lines(reader)] == before


def test_nothing_named_is_nothing_read(reader: Person) -> None:
    assert mark_read(actor=reader) == 5
    assert mark_read(actor=reader, up_to=0) == 5
