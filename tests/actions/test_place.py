"""The clinic's name, zone, rooms and closed days."""

from datetime import date
from typing import Any

import pytest

from clinic.actions.place import ClinicChange, RoomEntry, change_clinic
from clinic.errors import FieldError, Forbidden, RoomInUse
from clinic.models import Clinic, Closure, Doctor, Event, Person, Room
from clinic.queries.place import the_clinic
from clinic.rules.statuses import Status
from clinic.topics import slots_topic
from tests import world
from tests.together import together

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


def close(admin: Person, closures: dict[date, str]) -> Clinic:
    return change_clinic(actor=admin, change=ClinicChange(closures=closures))


def set_rooms(admin: Person, *rooms: RoomEntry) -> list[str]:
    change_clinic(actor=admin, change=ClinicChange(rooms=rooms))
    return [room.name for room in Room.objects.all()]


def changes_told(doctor: Doctor) -> list[str]:
    """What each `hours.changed` names, in order: the dates as they stand in the entry."""
    return [
        entry.body.split('"dates":')[1].rstrip("}")
        for entry in world.entries(slots_topic(doctor.pk))
        if entry.event.type == "hours.changed"
    ]


def test_name_and_zone_change_apart_and_tell_nobody() -> None:
    world.a_doctor()
    admin = world.an_admin()
    change_clinic(actor=admin, change=ClinicChange(name="Am Park"))
    change_clinic(actor=admin, change=ClinicChange(time_zone="Europe/Berlin"))

    assert (the_clinic().name, the_clinic().time_zone) == ("Am Park", "Europe/Berlin")
    assert not Event.objects.exists()


@pytest.mark.parametrize("zone", ["Mars/Olympus_Mons", "", "berlin"])
def test_an_unknown_zone_is_refused_and_nothing_else_is_changed(zone: str) -> None:
    with pytest.raises(FieldError) as refusal:
        change_clinic(actor=world.an_admin(), change=ClinicChange(name="Am Park", time_zone=zone))

    assert refusal.value.field == "time_zone"
    assert the_clinic().name == ""


@pytest.mark.parametrize("make", [world.a_receptionist, world.a_patient, world.a_doctor])
def test_only_an_admin_changes_the_clinic(make: Any) -> None:
    someone = make()
    change = ClinicChange(name="Mine", closures={}, rooms=[])
    with pytest.raises(Forbidden):
        change_clinic(actor=getattr(someone, "person", someone), change=change)
    assert the_clinic().name == ""


# -- closures --------------------------------------------------------------------------------------


def test_closures_are_replaced_and_every_bookable_doctor_is_told_what_changed() -> None:
    one, two = world.a_doctor(), world.a_doctor()
    pending = world.a_pending_doctor()
    admin = world.an_admin()
    first, second, third = (date(2027, 5, day) for day in (1, 2, 3))

    close(admin, {first: "Labour Day", second: ""})
    close(admin, {second: "", third: "Painting"})

    assert dict(Closure.objects.values_list("day", "reason")) == {second: "", third: "Painting"}
    for doctor in (one, two):
        assert changes_told(doctor) == [
            '["2027-05-01","2027-05-02"]',
            '["2027-05-01","2027-05-03"]',
        ]
    assert changes_told(pending) == []


def test_the_same_closures_again_are_no_news() -> None:
    doctor, admin = world.a_doctor(), world.an_admin()
    close(admin, {date(2027, 5, 1): "Labour Day"})

    close(admin, {date(2027, 5, 1): "May Day"})

    assert Closure.objects.get().reason == "May Day"
    assert len(changes_told(doctor)) == 1


@pytest.mark.django_db(transaction=True)
def test_admins_who_close_the_clinic_at_once_take_turns() -> None:
    doctor, admin = world.a_doctor(), world.an_admin()
    the_clinic()

    for day in (date(2027, 6, number) for number in range(1, 6)):
        closures = {day: "Painting"}
        results = together(*[lambda c=closures: close(admin, c)] * 4)

        assert results == [the_clinic()] * 4
        assert dict(Closure.objects.values_list("day", "reason")) == closures
    assert len(changes_told(doctor)) == 5


# -- rooms -----------------------------------------------------------------------------------------


def test_rooms_keep_their_ids_when_they_are_renamed_and_put_in_order() -> None:
    admin = world.an_admin()
    assert set_rooms(admin, RoomEntry("1"), RoomEntry("2")) == ["1", "2"]
    one, two = Room.objects.all()

    shown = set_rooms(admin, RoomEntry("X-ray"), RoomEntry("Two", two.pk), RoomEntry("1"))

    assert shown == ["X-ray", "Two", "1"]
    assert list(Room.objects.filter(pk__in=[one.pk, two.pk])) == [two, one]


def test_two_rooms_swap_their_names() -> None:
    admin = world.an_admin()
    set_rooms(admin, RoomEntry("1"), RoomEntry("2"))
    one, two = Room.objects.all()

    set_rooms(admin, RoomEntry("2", one.pk), RoomEntry("1", two.pk))

    assert dict(Room.objects.values_list("pk", "name")) == {one.pk: "2", two.pk: "1"}


def test_a_name_that_a_renamed_room_leaves_is_a_new_rooms() -> None:
    admin = world.an_admin()
    set_rooms(admin, RoomEntry("1"))
    one = Room.objects.get()

    assert set_rooms(admin, RoomEntry("Old 1", one.pk), RoomEntry("1")) == ["Old 1", "1"]
    assert Room.objects.get(name="Old 1") == one


@pytest.mark.parametrize(
    ("entries", "field"),
    [
        ([RoomEntry("1"), RoomEntry("1")], "rooms.1.name"),
        ([RoomEntry("Lab"), RoomEntry("lab")], "rooms.1.name"),
        ([RoomEntry("1", 10**9)], "rooms.0.id"),
    ],
)
def test_rooms_that_cannot_be_are_refused(entries: list[RoomEntry], field: str) -> None:
    with pytest.raises(FieldError) as refusal:
        set_rooms(world.an_admin(), *entries)

    assert refusal.value.field == field
    assert not Room.objects.exists()


@pytest.mark.parametrize("status", [Status.ARRIVED, Status.IN_PROGRESS])
@pytest.mark.parametrize("rename", [True, False])
def test_a_room_that_a_patient_was_called_to_stays_as_it_is(status: Status, rename: bool) -> None:
    admin, doctor = world.an_admin(), world.a_doctor()
    set_rooms(admin, RoomEntry("Lab"), RoomEntry("2"))
    lab, two = Room.objects.all()
    start = world.next_free_start(doctor)
    world.an_appointment(doctor, world.a_patient(), start, status=status, room="Lab")

    left = [RoomEntry("Attic", lab.pk)] if rename else []
    with pytest.raises(RoomInUse) as refusal:
        set_rooms(admin, *left, RoomEntry("Two", two.pk))

    assert "Lab" in refusal.value.text
    assert [room.name for room in Room.objects.all()] == ["Lab", "2"]
    assert set_rooms(admin, RoomEntry("2", two.pk), RoomEntry("Lab", lab.pk)) == ["2", "Lab"]


def test_a_room_of_visits_that_are_over_goes_and_they_keep_its_name() -> None:
    admin, doctor = world.an_admin(), world.a_doctor()
    set_rooms(admin, RoomEntry("Lab"))
    start = world.next_free_start(doctor)
    visit = world.an_appointment(
        doctor, world.a_patient(), start, status=Status.COMPLETED, room="Lab"
    )

    assert set_rooms(admin) == []

    visit.refresh_from_db()
    assert visit.room == "Lab"
