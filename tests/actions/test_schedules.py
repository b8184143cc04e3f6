"""Working hours, time off and closures."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from clinic.actions.schedules import (
    AvailabilityChange,
    add_time_off,
    remove_time_off,
    set_availability,
)
from clinic.errors import FieldError, NotFound
from clinic.models import Appointment, Doctor, Event, TimeOff, WorkingWindow
from clinic.rules.hours import Weekday
from clinic.rules.statuses import Status
from clinic.topics import slots_topic
from tests import world

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

NINE = datetime(2027, 3, 2, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


def hours_of(doctor: Doctor) -> list[tuple[str, str, str]]:
    return [
        (Weekday(row.weekday).name, f"{row.start_time:%H:%M}", f"{row.end_time:%H:%M}")
        for row in WorkingWindow.objects.filter(doctor=doctor)
    ]


def changes_told(doctor: Doctor) -> list[str]:
    """What each `hours.changed` names, in order: the dates as they stand in the entry."""
    return [
        entry.body.split('"dates":')[1].rstrip("}")
        for entry in world.entries(slots_topic(doctor.pk))
        if entry.event.type == "hours.changed"
    ]


def test_the_week_is_replaced_as_a_whole() -> None:
    doctor = world.a_doctor()
    week = {
        "friday": {"is_available": True, "start_time": "10:00", "end_time": "12:00"},
        "MONDAY": {
            "is_available": True,
            "windows": [
                {"start_time": "13:00", "end_time": "17:00"},
                {"start_time": "09:00", "end_time": "12:00"},
            ],
        },
        "TUESDAY": {"is_available": False, "start_time": None, "end_time": None},
    }

    set_availability(
        actor=doctor.person, doctor_id=doctor.pk, change=AvailabilityChange(available_days=week)
    )

    assert hours_of(doctor) == [
        ("MONDAY", "09:00", "12:00"),
        ("MONDAY", "13:00", "17:00"),
        ("FRIDAY", "10:00", "12:00"),
    ]
    assert changes_told(doctor) == ["[]"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, (30, 5, "UTC")),
        ({"appointment_duration": 20}, (20, 5, "UTC")),
        ({"max_patients_per_day": (9,)}, (30, 9, "UTC")),
        ({"max_patients_per_day": (None,)}, (30, None, "UTC")),
        ({"time_zone": "Europe/Berlin"}, (30, 5, "Europe/Berlin")),
    ],
)
def test_only_what_is_named_is_changed(change: dict[str, Any], expected: tuple[Any, ...]) -> None:
    doctor = world.a_doctor(limit=5)
    before = hours_of(doctor)

    set_availability(actor=doctor.person, doctor_id=doctor.pk, change=AvailabilityChange(**change))

    again = Doctor.objects.select_related("person").get()
    assert (
        again.appointment_duration,
        again.max_patients_per_day,
        again.person.time_zone,
    ) == expected
    assert hours_of(doctor) == before


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"available_days": {"FUNDAY": {}}}, "available_days.FUNDAY"),
        ({"available_days": []}, "available_days"),
        ({"time_zone": "Mars/Olympus_Mons"}, "time_zone"),
        ({"time_zone": ""}, "time_zone"),
    ],
)
def test_a_malformed_change_is_refused_and_changes_nothing(
    change: dict[str, Any], field: str
) -> None:
    doctor = world.a_doctor()
    before = hours_of(doctor)

    with pytest.raises(FieldError) as refusal:
        set_availability(
            actor=doctor.person,
            doctor_id=doctor.pk,
            change=AvailabilityChange(**{"appointment_duration": 60, **change}),
        )

    assert refusal.value.field == field
    assert hours_of(doctor) == before
    assert Doctor.objects.get().appointment_duration == 30
    assert not Event.objects.exists()


@pytest.mark.parametrize("who", ["patient", "another doctor", "receptionist"])
def test_a_schedule_belongs_to_its_doctor_and_the_admin(who: str) -> None:
    doctor = world.a_doctor()
    actor = {
        "patient": world.a_patient(),
        "another doctor": world.a_doctor().person,
        "receptionist": world.a_receptionist(),
    }[who]
    nothing = AvailabilityChange()

    with pytest.raises(NotFound):
        set_availability(actor=actor, doctor_id=doctor.pk, change=nothing)
    with pytest.raises(NotFound):
        add_time_off(actor=actor, doctor_id=doctor.pk, start=NINE, end=NINE + HOUR)
    absence = world.time_off(doctor, NINE, NINE + HOUR)
    with pytest.raises(NotFound):
        remove_time_off(actor=actor, time_off_id=absence.pk)
    with pytest.raises(NotFound):
        set_availability(actor=world.an_admin(), doctor_id=10**9, change=nothing)
    set_availability(actor=world.an_admin(), doctor_id=doctor.pk, change=nothing)


def test_a_pending_doctor_prepares_their_hours() -> None:
    doctor = world.a_pending_doctor(hours={})

    week = AvailabilityChange(available_days={"MONDAY": world.LONG_DAY})
    set_availability(actor=doctor.person, doctor_id=doctor.pk, change=week)

    assert len(hours_of(doctor)) == 1


def test_appointments_stand_when_the_hours_change() -> None:
    doctor = world.a_doctor()
    booked = world.book(doctor, world.a_patient(), NINE)

    week = AvailabilityChange(available_days={}, appointment_duration=60, time_zone="Asia/Tokyo")
    set_availability(actor=doctor.person, doctor_id=doctor.pk, change=week)

    again = Appointment.objects.get()
    assert (again.start, again.end, again.version) == (booked.start, booked.end, booked.version)


def test_time_off_names_the_appointments_inside_and_lets_them_stand() -> None:
    doctor = world.a_doctor()
    inside = world.book(doctor, world.a_patient(), NINE)
    reaches_in = world.an_appointment(
        doctor, world.a_patient(), NINE - timedelta(minutes=10), minutes=5
    )
    Appointment.objects.filter(pk=reaches_in.pk).update(end=NINE)
    cancelled = world.book(doctor, world.a_patient(), NINE + HOUR)
    world.cancel(cancelled)
    world.book(doctor, world.a_patient(), NINE + 2 * HOUR)
    world.book(world.a_doctor(), world.a_patient(), NINE)

    absence = add_time_off(
        actor=doctor.person,
        doctor_id=doctor.pk,
        start=NINE - timedelta(minutes=5),
        end=NINE + 2 * HOUR,
        reason="a course",
    )

    assert [row.pk for row in absence.affected] == [reaches_in.pk, inside.pk]
    assert {row.status for row in absence.affected} == {Status.SCHEDULED}
    assert TimeOff.objects.get().reason == "a course"
    assert changes_told(doctor)[-1] == '["2027-03-02"]'


def test_time_off_names_the_days_of_the_doctors_zone() -> None:
    doctor = world.a_doctor(zone="Asia/Tokyo")
    start = world.utc("2027-03-01 14:00")  # 23:00 in Tokyo

    add_time_off(actor=doctor.person, doctor_id=doctor.pk, start=start, end=start + 2 * HOUR)
    add_time_off(
        actor=doctor.person, doctor_id=doctor.pk, start=start, end=start + timedelta(days=90)
    )

    # Too many to name: no dates mean all of them.
    assert changes_told(doctor) == ['["2027-03-01","2027-03-02"]', "[]"]


@pytest.mark.parametrize("length", [timedelta(), -HOUR])
def test_time_off_ends_after_it_starts(length: timedelta) -> None:
    doctor = world.a_doctor()

    with pytest.raises(FieldError) as refusal:
        add_time_off(actor=doctor.person, doctor_id=doctor.pk, start=NINE, end=NINE + length)
    assert refusal.value.field == "end"


def test_removed_time_off_can_be_booked_again() -> None:
    doctor = world.a_doctor()
    absence = add_time_off(
        actor=doctor.person, doctor_id=doctor.pk, start=NINE, end=NINE + HOUR
    ).time_off

    remove_time_off(actor=world.an_admin(), time_off_id=absence.pk)

    assert world.book(doctor, world.a_patient(), NINE).start == NINE
    assert changes_told(doctor)[:2] == ['["2027-03-02"]', '["2027-03-02"]']
    with pytest.raises(NotFound):
        remove_time_off(actor=doctor.person, time_off_id=absence.pk)
