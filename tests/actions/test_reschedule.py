"""Moving a visit: every refusal leaves the old time standing, everything in one transaction, and what is told of it."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction

from clinic.actions.appointments import reschedule_appointment
from clinic.actions.attendance import confirm_appointment
from clinic.actions.calendar import WallClock
from clinic.errors import ClinicError, VersionConflict
from clinic.models import (
    Appointment,
    Doctor,
    Entry,
    Event,
    HealthRecord,
    Person,
    RecordVersion,
    Reminder,
)
from clinic.topics import DESK, calendar_topic, slots_topic, user_topic
from tests import world
from tests.together import together

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

NINE = datetime(2027, 3, 2, 9, tzinfo=UTC)
TEN = NINE + timedelta(hours=1)
HALF_HOUR = timedelta(minutes=30)


@pytest.fixture
def doctor() -> Doctor:
    return world.a_doctor("ada", first_name="Ada", last_name="Ohm", hours=world.EVERY_DAY)


@pytest.fixture
def ana() -> Person:
    return world.a_patient("ana")


@pytest.fixture
def desk() -> Person:
    return world.a_receptionist("desk")


@pytest.fixture
def visit(doctor: Doctor, ana: Person) -> Appointment:
    return world.book(doctor, ana, NINE, notes="my knee")


def rows() -> list[Any]:
    tables = (Appointment, HealthRecord, Event, Entry, Reminder)
    return [list(table._default_manager.order_by("pk").values_list()) for table in tables]


def refused(visit: Appointment, when: Any = TEN, **asked: Any) -> str:
    """The code of the refusal; nothing may have changed by it."""
    before = rows()
    with pytest.raises(ClinicError) as refusal, transaction.atomic():
        reschedule_appointment(
            **{"actor": visit.patient, "appointment_id": visit.pk, "when": when, **asked}
        )
    assert rows() == before
    return refusal.value.code


def move(visit: Appointment, when: Any = TEN, **asked: Any) -> Appointment:
    return reschedule_appointment(
        **{"actor": visit.patient, "appointment_id": visit.pk, "when": when, **asked}
    )


# -- refusals -------------------------------------------------------------------------------------------------


def test_a_time_that_cannot_be_booked_is_no_place_to_move_to(
    visit: Appointment, doctor: Doctor, ana: Person
) -> None:
    world.book(doctor, world.a_patient("bo"), TEN)
    world.book(world.a_doctor("eve"), ana, NINE + 4 * HALF_HOUR)
    assert refused(visit, TEN) == "slot_taken"
    assert refused(visit, NINE + 4 * HALF_HOUR) == "patient_busy"
    assert refused(visit, NINE + timedelta(minutes=7)) == "off_grid"
    assert refused(visit, world.utc("2027-03-02 03:00")) == "outside_hours"
    assert refused(visit, world.utc("2027-02-28 09:00")) == "in_past"
    assert (
        refused(visit, TEN, doctor_id=10**9, actor=world.a_receptionist()) == "doctor_not_bookable"
    )


def test_who_may_move_what(
    visit: Appointment, doctor: Doctor, clock: time_machine.Traveller, desk: Person
) -> None:
    other = world.a_doctor("eve")
    assert refused(visit, actor=world.a_patient("bo")) == "not_found"
    assert refused(visit, actor=other.person) == "not_found"
    for actor in (visit.patient, doctor.person):
        assert refused(visit, actor=actor, doctor_id=other.pk) == "forbidden"
    assert refused(visit, version=7) == "version_conflict"

    clock.move_to(NINE)
    assert refused(visit) == "already_started"
    assert move(visit, actor=desk).start == TEN


def test_only_what_is_still_to_come_is_moved(visit: Appointment) -> None:
    world.cancel(visit)
    with pytest.raises(ClinicError) as refusal:
        move(visit)
    assert (refusal.value.code, refusal.value.allowed) == ("invalid_transition", [])  # type: ignore[attr-defined]


def test_a_full_day_has_room_for_what_is_in_it_already(ana: Person) -> None:
    doctor = world.a_doctor(limit=2)
    visit = world.book(doctor, ana, NINE)
    world.book(doctor, world.a_patient(), NINE + HALF_HOUR)
    later = world.book(doctor, ana, NINE + timedelta(days=1))

    assert move(visit, TEN).start == TEN
    assert refused(later, NINE) == "day_full"


# -- what it does -----------------------------------------------------------------------------------------------


def test_it_is_the_same_visit_at_another_time(visit: Appointment, ana: Person) -> None:
    confirm_appointment(actor=ana, appointment_id=visit.pk)

    moved = move(visit, WallClock(TEN.date(), TEN.time()))

    stored = Appointment.objects.get(pk=visit.pk)
    assert (stored.start, stored.end, stored.version, stored.sequence) == (
        TEN,
        TEN + HALF_HOUR,
        3,
        1,
    )
    assert (stored.status, stored.confirmed_at, stored.notes) == ("SCHEDULED", None, "my knee")
    assert moved.version == 3
    assert Appointment.objects.count() == HealthRecord.objects.count() == 1


def test_to_where_it_is_nothing_happens(visit: Appointment, doctor: Doctor, desk: Person) -> None:
    before = rows()
    move(visit, NINE)
    move(visit, NINE, actor=desk, doctor_id=doctor.pk)
    assert rows() == before


def test_it_may_move_onto_a_part_of_its_own_time(ana: Person) -> None:
    doctor = world.a_doctor(minutes=30)
    visit = world.book(doctor, ana, NINE)
    Doctor.objects.filter(pk=doctor.pk).update(appointment_duration=15)

    assert move(visit, NINE + timedelta(minutes=15)).end == NINE + HALF_HOUR


def test_all_who_watch_are_told_once(visit: Appointment, doctor: Doctor, ana: Person) -> None:
    topics = (
        user_topic(ana.pk), user_topic(doctor.pk), calendar_topic(doctor.pk), DESK,
        slots_topic(doctor.pk),
    )  # fmt: skip
    before = {topic: len(world.types_in(topic)) for topic in topics}

    move(visit)

    told = {topic: world.types_in(topic)[before[topic] :] for topic in topics}
    assert told.pop(slots_topic(doctor.pk)) == ["slot.freed", "slot.taken"]
    assert set(map(tuple, told.values())) == {("appointment.rescheduled",)}
    line = world.inbox(doctor.person)[0]
    assert line.title == "Appointment moved"
    assert "10:00" in line.message
    assert "It was: Tuesday 2 March 2027, 09:00 (UTC)." in line.message
    assert [each.type for each in world.inbox(ana)] == []


def test_a_day_that_was_full_is_loaded_again(ana: Person) -> None:
    doctor = world.a_doctor(limit=1)
    visit = world.book(doctor, ana, NINE)
    world.types_in(slots_topic(doctor.pk))

    move(visit, NINE + timedelta(days=1))

    assert world.types_in(slots_topic(doctor.pk))[-2:] == ["hours.changed", "hours.changed"]


def test_reminders_move_with_it(visit: Appointment) -> None:
    move(visit, TEN + timedelta(days=1))

    found = Reminder.objects.order_by("due_at", "channel").values_list(
        "sequence", "state", "reason", "kind"
    )
    assert [row for row in found if row[0] == 0] == [(0, "voided", "moved", "1d")] * 2 + [
        (0, "voided", "moved", "2h")
    ] * 2
    assert [row for row in found if row[0] == 1] == [(1, "waiting", "", "1d")] * 2 + [
        (1, "waiting", "", "2h")
    ] * 2


# -- to another doctor ------------------------------------------------------------------------------------------


def test_a_new_doctor_gets_the_visit_and_its_record_and_the_old_one_loses_both(
    visit: Appointment, doctor: Doctor, ana: Person, desk: Person
) -> None:
    other = world.a_doctor(
        "eve", first_name="Eve", last_name="Fox", zone="Europe/Berlin", minutes=15
    )

    moved = move(visit, actor=desk, doctor_id=other.pk)

    assert (moved.doctor_id, moved.end) == (other.pk, TEN + timedelta(minutes=15))
    record = HealthRecord.objects.get(appointment=visit)
    assert (record.doctor_id, record.title, record.version) == (other.pk, "Visit with Eve Fox", 2)
    assert RecordVersion.objects.get(record=record).title == "Visit with Ada Ohm"
    assert world.types_in(calendar_topic(doctor.pk))[-1] == "appointment.rescheduled"
    assert world.types_in(calendar_topic(other.pk)) == ["appointment.rescheduled"]
    assert world.types_in(slots_topic(doctor.pk))[-1] == "slot.freed"
    assert world.types_in(slots_topic(other.pk)) == ["slot.taken"]
    assert [each.title for each in world.inbox(other.person)] == [
        "Appointment moved",
        "New assignment",
    ][::-1]
    assert world.inbox(doctor.person)[0].title == "Assignment ended"
    assert "Appointment given to a colleague" in [each.title for each in world.inbox(doctor.person)]


def test_the_old_doctor_reads_no_notes_in_what_tells_them(
    visit: Appointment, doctor: Doctor, desk: Person
) -> None:
    other = world.a_doctor("eve")
    move(visit, actor=desk, doctor_id=other.pk)

    def notes_in(topic: Any) -> Any:
        return world.bodies_in(topic)[-1]["data"].get("notes", "none")

    told = [
        b for b in world.bodies_in(user_topic(doctor.pk)) if b["type"] == "appointment.rescheduled"
    ]
    assert "notes" not in told[-1]["data"]
    assert notes_in(calendar_topic(doctor.pk)) == "none"
    assert notes_in(calendar_topic(other.pk)) == "my knee"
    assert notes_in(DESK) == "none"


def test_a_doctor_who_knows_the_patient_is_not_assigned_once_more(
    visit: Appointment, ana: Person, desk: Person
) -> None:
    other = world.a_doctor("eve")
    world.assign(ana, other)
    before = world.types_in(user_topic(other.pk)).count("doctor.assigned")
    move(visit, actor=desk, doctor_id=other.pk)
    assert world.types_in(user_topic(other.pk)).count("doctor.assigned") == before


def test_what_somebody_wrote_keeps_its_title(
    visit: Appointment, doctor: Doctor, desk: Person
) -> None:
    record = HealthRecord.objects.get(appointment=visit)
    world.annotate(record, doctor)
    move(visit, actor=desk, doctor_id=world.a_doctor("eve").pk)
    assert HealthRecord.objects.get(appointment=visit).title == "Visit with Ada Ohm"


# -- at the same moment -------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_of_many_who_move_to_one_time_one_gets_it(doctor: Doctor) -> None:
    start = NINE + timedelta(days=1)
    visits = [world.book(doctor, world.a_patient(f"p{n}"), NINE + n * HALF_HOUR) for n in range(8)]

    results = together(*[(lambda v=v: move(v, start)) for v in visits])

    won = [each for each in results if isinstance(each, Appointment)]
    lost = [each.code for each in results if isinstance(each, ClinicError)]
    assert (len(won), lost) == (1, ["slot_taken"] * 7), results
    assert Appointment.objects.filter(start=start).count() == 1
    assert Appointment.objects.exclude(start=start).filter(sequence=0, start__lt=start).count() == 7


@pytest.mark.django_db(transaction=True)
def test_visits_that_change_places_between_two_doctors_do_not_wait_for_each_other(
    desk: Person,
) -> None:
    ada, eve = world.a_doctor("ada"), world.a_doctor("eve")
    mine = [world.book(ada, world.a_patient(f"a{n}"), NINE + n * HALF_HOUR) for n in range(4)]
    hers = [world.book(eve, world.a_patient(f"e{n}"), NINE + n * HALF_HOUR) for n in range(4)]
    tomorrow = timedelta(days=1)

    results = together(
        *[(lambda v=v: move(v, v.start + tomorrow, actor=desk, doctor_id=eve.pk)) for v in mine],
        *[(lambda v=v: move(v, v.start + tomorrow, actor=desk, doctor_id=ada.pk)) for v in hers],
    )

    assert all(isinstance(each, Appointment) for each in results), results
    assert Appointment.objects.filter(doctor=ada, start__gte=NINE + tomorrow).count() == 4
    assert Appointment.objects.filter(doctor=eve, start__gte=NINE + tomorrow).count() == 4


@pytest.mark.django_db(transaction=True)
def test_what_went_to_another_doctor_is_not_cancelled_as_the_first_ones(
    visit: Appointment, doctor: Doctor, desk: Person
) -> None:
    other = world.a_doctor("eve", hours=world.EVERY_DAY)
    has_looked = threading.Event()

    def look(execute: Any, *asked: Any) -> Any:
        try:
            return execute(*asked)
        finally:
            has_looked.set()

    def cancel_what_was_seen() -> Appointment:
        with connection.execute_wrapper(look):
            return world.cancel(visit, actor=desk)

    def move_meanwhile() -> Appointment:
        with transaction.atomic():
            moved = move(visit, actor=desk, doctor_id=other.pk)
            started.wait()
            assert has_looked.wait(30)
        return moved

    started = threading.Barrier(2)
    cancelled, moved = together(lambda: (started.wait(), cancel_what_was_seen())[1], move_meanwhile)

    assert isinstance(cancelled, VersionConflict), cancelled
    assert isinstance(moved, Appointment), moved
    world.cancel(visit, actor=desk)
    assert world.types_in(slots_topic(other.pk)) == ["slot.taken", "slot.freed"]
