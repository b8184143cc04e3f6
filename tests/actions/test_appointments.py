"""Booking and cancelling: every refusal, everything in one transaction, and what is told of it."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction

from clinic.actions.appointments import book_appointment, cancel_appointment
from clinic.actions.calendar import WallClock
from clinic.errors import (
    AlreadyStarted,
    ClinicError,
    DoctorNotBookable,
    FieldError,
    Forbidden,
    InvalidTransition,
    NotFound,
    NotSignedIn,
    PatientBusy,
    SlotTaken,
    VersionConflict,
)
from clinic.models import (
    Appointment,
    Closure,
    Doctor,
    Entry,
    Event,
    HealthRecord,
    Notification,
    Person,
    TopicHead,
)
from clinic.rules.statuses import Status
from clinic.topics import DESK, calendar_topic, slots_topic, user_topic
from tests import world
from tests.models.rawsql import execute

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

TUESDAY = date(2027, 3, 2)
NINE = datetime(2027, 3, 2, 9, tzinfo=UTC)
HALF_HOUR = timedelta(minutes=30)


def counts() -> dict[str, int]:
    tables = (Appointment, HealthRecord, Event, Entry, Notification, TopicHead)
    return {table.__name__: table._default_manager.count() for table in tables}


def refused(**asked: Any) -> str:
    """The code with which a booking is refused; nothing may be left of it."""
    before = counts()
    with pytest.raises(ClinicError) as refusal, transaction.atomic():
        book_appointment(**asked)
    assert counts() == before
    return refusal.value.code


# -- booking -----------------------------------------------------------------------------------------------


def test_a_patient_books_and_a_record_is_opened() -> None:
    doctor, patient = world.a_doctor(first_name="Ada", last_name="Ohm"), world.a_patient()

    booking = book_appointment(actor=patient, doctor_id=doctor.pk, when=NINE, notes="a rash")

    appointment, visit = booking.appointment, booking.health_record
    again = Appointment.objects.get()
    assert (again.pk, again.doctor, again.patient) == (appointment.pk, doctor, patient)
    assert (again.start, again.end) == (NINE, NINE + HALF_HOUR)
    assert (again.status, again.version, again.sequence) == (Status.SCHEDULED, 1, 0)
    assert again.notes == "a rash"
    assert (visit.appointment, visit.patient, visit.doctor) == (again, patient, doctor)
    assert (visit.record_type, visit.title, visit.version) == (
        "CONSULTATION",
        "Visit with Ada Ohm",
        1,
    )


def test_date_and_time_are_those_of_the_doctors_clock() -> None:
    doctor = world.a_doctor(zone="Europe/Berlin")

    appointment = world.book(doctor, world.a_patient(), world.wall("2027-07-01", "09:00"))

    assert appointment.start == datetime(2027, 7, 1, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("when", "code"),
    [
        (datetime(2027, 3, 1, 7, 30, tzinfo=UTC), "in_past"),
        (world.wall("2027-02-26", "09:00"), "in_past"),
        (world.wall("2027-03-02", "09:10"), "off_grid"),
        (world.wall("2027-03-02", "07:30"), "outside_hours"),
        (world.wall("2027-03-02", "18:00"), "outside_hours"),
        (world.wall("2027-03-06", "09:00"), "outside_hours"),
        (world.wall("2027-03-03", "09:00"), "time_off"),
        (world.wall("2027-03-04", "09:00"), "clinic_closed"),
        (world.wall("2027-03-05", "11:00"), "day_full"),
        (world.wall("2027-03-28", "02:30"), "nonexistent_time"),
    ],
)
def test_a_time_that_the_rules_refuse_is_refused_by_its_rule(when: Any, code: str) -> None:
    weekdays = dict.fromkeys(("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY"), world.LONG_DAY)
    hours = {**weekdays, "FRIDAY": world.LONG_DAY}
    doctor = world.a_doctor(hours=hours, zone="Europe/Berlin", limit=1)
    world.time_off(doctor, world.utc("2027-03-03 00:00"), world.utc("2027-03-04 00:00"))
    Closure.objects.create(day=date(2027, 3, 4))
    world.an_appointment(doctor, world.a_patient(), world.utc("2027-03-05 09:00"))

    assert refused(actor=world.a_patient(), doctor_id=doctor.pk, when=when) == code


def test_notice_is_asked_for_when_the_clinic_wants_some(settings: Any) -> None:
    doctor, patient = world.a_doctor(), world.a_patient()
    settings.BOOKING_NOTICE_MINUTES = 120

    soon = world.utc("2027-03-01 09:30")
    assert refused(actor=patient, doctor_id=doctor.pk, when=soon) == "too_soon"
    world.book(doctor, patient, world.utc("2027-03-01 10:00"))


def test_a_taken_slot_is_refused_with_the_next_free_ones() -> None:
    doctor = world.a_doctor()
    for start in (NINE, NINE + HALF_HOUR):
        world.book(doctor, world.a_patient(), start)
    before = counts()

    with pytest.raises(SlotTaken) as refusal:
        world.book(doctor, world.a_patient(), NINE)

    assert refusal.value.alternatives == [NINE + n * HALF_HOUR for n in (2, 3, 4)]
    assert counts() == before


def test_a_busy_patient_is_refused_with_the_next_free_times() -> None:
    patient = world.a_patient()
    world.book(world.a_doctor(), patient, NINE)
    before = counts()

    with pytest.raises(PatientBusy) as refusal:
        world.book(world.a_doctor(), patient, NINE)

    assert refusal.value.alternatives[0] == NINE
    assert counts() == before


def test_alternatives_never_lie_in_the_past_and_end_after_two_weeks() -> None:
    doctor = world.a_doctor(hours={"MONDAY": {**world.LONG_DAY, "end_time": "09:00"}})
    start = world.utc("2027-03-01 08:00")
    for slot in (start, start + HALF_HOUR):
        world.book(doctor, world.a_patient(), slot)

    with pytest.raises(SlotTaken) as refusal:
        world.book(doctor, world.a_patient(), start)

    next_two = [timedelta(days=7), timedelta(days=14)]
    found = [start + gap + extra for gap in next_two for extra in (timedelta(), HALF_HOUR)]
    assert refusal.value.alternatives == found[:3]


@pytest.mark.parametrize("state", ["unknown", "pending", "deactivated", "a patient"])
def test_all_doctors_who_cannot_be_booked_are_refused_alike(state: str) -> None:
    patient = world.a_patient()
    doctor_id = {
        "unknown": lambda: 10**9,
        "pending": lambda: world.a_pending_doctor().pk,
        "deactivated": lambda: world.a_doctor(is_active=False).pk,
        "a patient": lambda: world.a_patient().pk,
    }[state]()

    with pytest.raises(DoctorNotBookable) as refusal:
        book_appointment(actor=patient, doctor_id=doctor_id, when=NINE)
    assert str(refusal.value) == DoctorNotBookable.message


def test_staff_book_for_a_patient() -> None:
    doctor, patient = world.a_doctor(), world.a_patient()

    for n, actor in enumerate((world.a_receptionist(), world.an_admin())):
        appointment = world.book(doctor, patient, NINE + n * HALF_HOUR, actor=actor)
        assert appointment.patient == patient
        assert Event.objects.filter(type="appointment.booked", actor=actor).count() == 1


def test_staff_must_say_for_whom() -> None:
    with pytest.raises(FieldError) as refusal:
        book_appointment(actor=world.a_receptionist(), doctor_id=world.a_doctor().pk, when=NINE)
    assert (refusal.value.field, refusal.value.field_code) == ("patient_id", "required")


@pytest.mark.parametrize("whom", ["another patient", "a doctor", "nobody", "a deactivated patient"])
def test_whom_one_may_not_book_for_does_not_exist(whom: str) -> None:
    doctor = world.a_doctor()
    actor = world.a_patient() if whom == "another patient" else world.a_receptionist()
    patient_id = {
        "another patient": lambda: world.a_patient().pk,
        "a doctor": lambda: doctor.pk,
        "nobody": lambda: 10**9,
        "a deactivated patient": lambda: world.a_patient(is_active=False).pk,
    }[whom]()

    code = refused(actor=actor, doctor_id=doctor.pk, when=NINE, patient_id=patient_id)

    assert code == NotFound.code


def test_doctors_do_not_book_and_deactivated_people_do_nothing() -> None:
    doctor = world.a_doctor()

    with pytest.raises(Forbidden):
        book_appointment(
            actor=doctor.person, doctor_id=doctor.pk, when=NINE, patient_id=world.a_patient().pk
        )
    with pytest.raises(NotSignedIn):
        book_appointment(actor=world.a_patient(is_active=False), doctor_id=doctor.pk, when=NINE)


def let_inserts_fail(table: str) -> None:
    """As if the disk were full when a row is written there."""
    if connection.vendor == "sqlite":
        action = "BEGIN SELECT RAISE(ABORT, 'full'); END"
    else:
        execute(
            "CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS"
            " 'BEGIN RAISE EXCEPTION ''full''; END'"
        )
        action = "EXECUTE FUNCTION broken()"
    execute(f"CREATE TRIGGER broken BEFORE INSERT ON {table} {action}")


@pytest.mark.parametrize(
    "table", ["clinic_healthrecord", "clinic_event", "clinic_notification", "clinic_entry"]
)
def test_nothing_is_left_of_a_booking_that_fails_after_the_insert(table: str) -> None:
    doctor, patient = world.a_doctor(), world.a_patient()
    before = counts()
    let_inserts_fail(table)

    with pytest.raises(DatabaseError, match="full"), transaction.atomic():
        world.book(doctor, patient, NINE)

    assert counts() == before


def test_a_booking_is_told_in_the_topics_of_its_people() -> None:
    doctor, patient = world.a_doctor(), world.a_patient()

    world.book(doctor, patient, NINE)

    first_time = ["appointment.booked", "record.created", "doctor.assigned"]
    assert world.types_in(user_topic(patient.pk)) == first_time
    assert world.types_in(user_topic(doctor.pk)) == first_time
    assert world.types_in(calendar_topic(doctor.pk)) == ["appointment.booked"]
    assert world.types_in(DESK) == ["appointment.booked", "doctor.assigned"]
    assert world.types_in(slots_topic(doctor.pk)) == ["slot.taken"]


def test_a_patient_is_new_to_a_doctor_only_once() -> None:
    doctor, patient = world.a_doctor(), world.a_patient()
    world.book(doctor, patient)
    world.book(doctor, patient)
    known = world.a_patient()
    world.assign(known, doctor)
    world.book(doctor, known)

    told = [name for name in world.types_in(user_topic(doctor.pk)) if name == "doctor.assigned"]

    assert len(told) == 2


# -- the daily limit -----------------------------------------------------------------------------------------


def test_hours_change_when_a_day_becomes_full_and_again_when_it_is_left() -> None:
    doctor = world.a_doctor(limit=2)
    slots = slots_topic(doctor.pk)
    first = world.book(doctor, world.a_patient(), NINE)
    second = world.book(doctor, world.a_patient(), NINE + HALF_HOUR)
    assert world.types_in(slots) == ["slot.taken", "hours.changed"]

    world.cancel(first)
    assert world.types_in(slots)[2:] == ["hours.changed"]
    world.cancel(second)
    assert world.types_in(slots)[3:] == ["slot.freed"]
    assert '"dates":["2027-03-02"]' in world.entries(slots)[1].body


def test_a_cancelled_slot_of_a_day_that_stays_full_is_told_too() -> None:
    doctor = world.a_doctor(limit=3)
    booked = [world.book(doctor, world.a_patient(), NINE + n * HALF_HOUR) for n in range(3)]
    Doctor.objects.update(max_patients_per_day=1)

    world.cancel(booked[0])

    # The slot was shown as taken; now it is not shown at all.
    assert world.types_in(slots_topic(doctor.pk))[-1] == "hours.changed"
    assert len(world.types_in(slots_topic(doctor.pk))) == 4


def test_a_visit_that_reaches_into_two_slots_frees_both() -> None:
    doctor = world.a_doctor()
    visit = world.an_appointment(doctor, world.a_patient(), NINE + timedelta(minutes=15))

    world.cancel(visit)

    assert world.types_in(slots_topic(doctor.pk)) == ["slot.freed", "slot.freed"]


# -- cancelling ------------------------------------------------------------------------------------------------


@pytest.fixture
def booked() -> Appointment:
    return world.book(world.a_doctor(), world.a_patient(), NINE)


def actors(appointment: Appointment) -> dict[str, Person]:
    return {
        "patient": appointment.patient,
        "doctor": appointment.doctor.person,
        "receptionist": world.a_receptionist(),
        "admin": world.an_admin(),
        "another patient": world.a_patient(),
        "another doctor": world.a_doctor().person,
    }


@pytest.mark.parametrize("who", ["patient", "doctor", "receptionist", "admin"])
def test_parties_and_staff_cancel(who: str, booked: Appointment) -> None:
    actor = actors(booked)[who]

    cancelled = cancel_appointment(actor=actor, appointment_id=booked.pk, reason="a cold")

    again = Appointment.objects.get()
    assert (again.status, again.reason) == (Status.CANCELLED, "a cold")
    assert (again.version, again.sequence) == (2, 1) == (cancelled.version, cancelled.sequence)
    assert Event.objects.filter(type="appointment.cancelled", actor=actor).count() == 1


@pytest.mark.parametrize("who", ["another patient", "another doctor"])
def test_to_others_the_appointment_does_not_exist(who: str, booked: Appointment) -> None:
    before = counts()

    with pytest.raises(NotFound):
        cancel_appointment(actor=actors(booked)[who], appointment_id=booked.pk)
    with pytest.raises(NotFound):
        cancel_appointment(actor=booked.patient, appointment_id=booked.pk + 1)
    assert Appointment.objects.get().status == Status.SCHEDULED
    assert counts()["Event"] == before["Event"]


def test_cancelling_again_changes_and_tells_nothing(booked: Appointment) -> None:
    world.cancel(booked)
    before, version = counts(), Appointment.objects.get().version

    again = cancel_appointment(actor=booked.patient, appointment_id=booked.pk, reason="other")

    assert again.status == Status.CANCELLED
    assert counts() == before
    assert Appointment.objects.get().version == version
    assert Appointment.objects.get().reason == ""


def test_a_cancelled_time_can_be_booked_by_somebody_else(booked: Appointment) -> None:
    world.cancel(booked)

    assert world.book(booked.doctor, world.a_patient(), NINE).start == NINE


@pytest.mark.parametrize(("seconds", "possible"), [(-1, True), (0, False), (1, False)])
def test_a_patient_cancels_before_the_start_only(
    seconds: int, possible: bool, booked: Appointment, clock: time_machine.Traveller
) -> None:
    clock.move_to(NINE + timedelta(seconds=seconds))

    if possible:
        assert world.cancel(booked).status == Status.CANCELLED
    else:
        with pytest.raises(AlreadyStarted):
            world.cancel(booked)


@pytest.mark.parametrize("who", ["doctor", "receptionist", "admin"])
def test_doctor_and_staff_cancel_after_the_start_too(
    who: str, booked: Appointment, clock: time_machine.Traveller
) -> None:
    clock.move_to(NINE + timedelta(minutes=10))

    assert world.cancel(booked, actor=actors(booked)[who]).status == Status.CANCELLED
    # The slot has begun: nobody can book it any more, so nobody is told of it.
    assert world.types_in(slots_topic(booked.doctor_id)) == ["slot.taken"]


@pytest.mark.parametrize("status", [Status.IN_PROGRESS, Status.COMPLETED, Status.NO_SHOW])
def test_what_has_happened_is_not_cancelled(status: Status, booked: Appointment) -> None:
    Appointment.objects.update(status=status)

    with pytest.raises(InvalidTransition) as refusal:
        world.cancel(booked)
    assert refusal.value.allowed is not None
    assert Appointment.objects.get().status == status


def test_an_old_version_is_refused_and_the_newest_accepted(booked: Appointment) -> None:
    Appointment.objects.update(version=3)

    for old in (1, 2, 4):
        with pytest.raises(VersionConflict):
            cancel_appointment(actor=booked.patient, appointment_id=booked.pk, version=old)
    cancelled = cancel_appointment(actor=booked.patient, appointment_id=booked.pk, version=3)
    assert cancelled.version == 4


def test_an_unwritten_visit_record_is_voided_with_its_appointment(booked: Appointment) -> None:
    world.cancel(booked)

    assert HealthRecord.objects.get().voided_at is not None
    assert world.types_in(user_topic(booked.patient_id))[-2:] == [
        "appointment.cancelled",
        "record.voided",
    ]
    assert '"health_record":null' in world.entries(DESK)[-1].body


def test_a_record_in_which_somebody_wrote_is_kept(booked: Appointment) -> None:
    HealthRecord.objects.update(version=2)

    world.cancel(booked)

    assert HealthRecord.objects.get().voided_at is None
    assert "record.voided" not in world.types_in(user_topic(booked.patient_id))


def test_the_notes_survive_a_cancellation() -> None:
    booked = world.book(world.a_doctor(), world.a_patient(), NINE, notes="a rash")

    world.cancel(booked)

    assert Appointment.objects.get().notes == "a rash"


def test_a_cancellation_is_told_to_everyone_concerned(booked: Appointment) -> None:
    world.cancel(booked)

    for topic in (
        user_topic(booked.patient_id),
        user_topic(booked.doctor_id),
        calendar_topic(booked.doctor_id),
        DESK,
    ):
        assert "appointment.cancelled" in world.types_in(topic)
    assert world.types_in(slots_topic(booked.doctor_id)) == ["slot.taken", "slot.freed"]


def test_wall_clock_and_instant_mean_the_same_booking() -> None:
    doctor = world.a_doctor(zone="America/New_York")
    world.book(
        doctor, world.a_patient(), WallClock(TUESDAY, world.wall("2027-03-02", "09:00").time)
    )

    with pytest.raises(SlotTaken):
        world.book(doctor, world.a_patient(), datetime(2027, 3, 2, 14, tzinfo=UTC))
