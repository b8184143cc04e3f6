"""The engine itself refuses to book a doctor or a patient twice at one time, whoever writes."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from clinic.models import Appointment, Doctor, Person
from clinic.models.appointments import DOCTOR_OVERLAP, PATIENT_OVERLAP
from clinic.rules.statuses import OCCUPYING, Status
from tests import world
from tests.models.rawsql import count_overlaps, execute, raw_insert, raw_update, stored

pytestmark = pytest.mark.django_db

NINE = world.utc("2027-03-01 09:00")
TEN = world.utc("2027-03-01 10:00")
FAR_AWAY = world.utc("2027-06-01 09:00")
MICROSECOND = timedelta(microseconds=1)

# Someone writes an appointment of this doctor and patient, at this time, with this status.
Write = Callable[[Doctor, Person, datetime, datetime, str], None]


def _new(doctor: Doctor, patient: Person, start: datetime, end: datetime, status: str) -> Any:
    return Appointment(
        doctor=doctor,
        patient=patient,
        start=start,
        end=end,
        status=status,
        created_at=NINE,
        updated_at=NINE,
    )


def _elsewhere(doctor: Doctor, patient: Person, status: str = Status.SCHEDULED) -> Appointment:
    return world.an_appointment(doctor, patient, FAR_AWAY, status=status)


def by_save(doctor: Doctor, patient: Person, start: datetime, end: datetime, status: str) -> None:
    _new(doctor, patient, start, end, status).save()


def by_bulk_create(
    doctor: Doctor, patient: Person, start: datetime, end: datetime, status: str
) -> None:
    Appointment.objects.bulk_create([_new(doctor, patient, start, end, status)])


def by_saving_another_time(
    doctor: Doctor, patient: Person, start: datetime, end: datetime, status: str
) -> None:
    row = _elsewhere(doctor, patient, status)
    row.start, row.end = start, end
    row.save()


def by_update(doctor: Doctor, patient: Person, start: datetime, end: datetime, status: str) -> None:
    row = _elsewhere(doctor, patient, status)
    Appointment.objects.filter(pk=row.pk).update(start=start, end=end)


def by_update_of_the_status(
    doctor: Doctor, patient: Person, start: datetime, end: datetime, status: str
) -> None:
    row = _elsewhere(doctor, patient, Status.CANCELLED)
    Appointment.objects.filter(pk=row.pk).update(start=start, end=end)
    Appointment.objects.filter(pk=row.pk).update(status=status)


def by_update_of_the_people(
    doctor: Doctor, patient: Person, start: datetime, end: datetime, status: str
) -> None:
    row = _elsewhere(world.a_doctor(), world.a_patient(), status)
    Appointment.objects.filter(pk=row.pk).update(start=start, end=end)
    Appointment.objects.filter(pk=row.pk).update(doctor=doctor, patient=patient)


def by_raw_insert(
    doctor: Doctor, patient: Person, start: datetime, end: datetime, status: str
) -> None:
    model_row = _elsewhere(doctor, patient, Status.CANCELLED)
    raw_insert(model_row, start=start, end=end, status=status)


def by_raw_update(
    doctor: Doctor, patient: Person, start: datetime, end: datetime, status: str
) -> None:
    raw_update(_elsewhere(doctor, patient, Status.CANCELLED), start=start, end=end, status=status)


WAYS: list[Write] = [
    by_save,
    by_bulk_create,
    by_saving_another_time,
    by_update,
    by_update_of_the_status,
    by_update_of_the_people,
    by_raw_insert,
    by_raw_update,
]


@pytest.fixture
def booked() -> Appointment:
    """An appointment from nine to ten."""
    return world.an_appointment(world.a_doctor(), world.a_patient(), NINE, minutes=60)


def refusal(
    write: Write,
    doctor: Doctor,
    patient: Person,
    start: datetime,
    end: datetime,
    status: str = Status.SCHEDULED,
) -> str:
    """The rule by whose name the database refuses, or nothing."""
    try:
        with transaction.atomic():
            write(doctor, patient, start, end, status)
    except IntegrityError as error:
        return next(name for name in (DOCTOR_OVERLAP, PATIENT_OVERLAP) if name in str(error))
    return ""


@pytest.mark.parametrize("write", WAYS)
def test_no_way_of_writing_books_a_doctor_twice(write: Write, booked: Appointment) -> None:
    assert refusal(write, booked.doctor, world.a_patient(), NINE, TEN) == DOCTOR_OVERLAP
    assert count_overlaps() == 0


@pytest.mark.parametrize("write", WAYS)
def test_no_way_of_writing_books_a_patient_twice(write: Write, booked: Appointment) -> None:
    assert refusal(write, world.a_doctor(), booked.patient, NINE, TEN) == PATIENT_OVERLAP
    assert count_overlaps() == 0


@pytest.mark.parametrize("write", WAYS)
def test_every_way_of_writing_can_write(write: Write, booked: Appointment) -> None:
    before = Appointment.objects.filter(start=NINE).count()

    assert refusal(write, world.a_doctor(), world.a_patient(), NINE, TEN) == ""
    assert Appointment.objects.filter(start=NINE).count() == before + 1


@pytest.mark.parametrize("write", [by_save, by_update, by_raw_insert, by_raw_update])
@pytest.mark.parametrize(
    ("start", "end", "refused"),
    [
        (NINE, TEN, True),
        (NINE - timedelta(minutes=30), NINE + MICROSECOND, True),
        (TEN - MICROSECOND, TEN + timedelta(minutes=30), True),
        (NINE + timedelta(minutes=20), NINE + timedelta(minutes=40), True),
        (NINE - timedelta(hours=1), TEN + timedelta(hours=1), True),
        (NINE - timedelta(days=2), TEN + timedelta(days=2), True),
        (NINE, NINE + MICROSECOND, True),
        (NINE - timedelta(minutes=30), NINE, False),
        (TEN, TEN + timedelta(minutes=30), False),
        (NINE - timedelta(minutes=30), NINE - MICROSECOND, False),
        (TEN + MICROSECOND, TEN + timedelta(minutes=30), False),
    ],
)
def test_an_overlap_is_any_shared_microsecond_and_back_to_back_is_none(
    write: Write, start: datetime, end: datetime, refused: bool, booked: Appointment
) -> None:
    code = refusal(write, booked.doctor, world.a_patient(), start, end)

    assert bool(code) is refused
    assert count_overlaps() == 0


@pytest.mark.parametrize("first", Status)
@pytest.mark.parametrize("second", Status)
def test_only_two_occupying_appointments_are_in_each_others_way(
    first: Status, second: Status, booked: Appointment
) -> None:
    Appointment.objects.filter(pk=booked.pk).update(status=first)

    for write in (by_save, by_raw_insert):
        code = refusal(write, booked.doctor, world.a_patient(), NINE, TEN, status=second)
        assert bool(code) is (first in OCCUPYING and second in OCCUPYING)
        Appointment.objects.filter(start=NINE).exclude(pk=booked.pk).delete()


def test_an_appointment_is_not_in_its_own_way(booked: Appointment) -> None:
    booked.start += timedelta(minutes=10)
    booked.save()
    Appointment.objects.filter(pk=booked.pk).update(end=TEN + timedelta(hours=1))
    raw_update(booked, start=NINE - timedelta(hours=1), end=TEN, status=Status.ARRIVED)


def test_a_cancelled_time_can_be_booked_and_the_cancelled_one_cannot_come_back(
    booked: Appointment,
) -> None:
    Appointment.objects.filter(pk=booked.pk).update(status=Status.CANCELLED)
    assert refusal(by_save, booked.doctor, world.a_patient(), NINE, TEN) == ""

    with pytest.raises(IntegrityError, match=DOCTOR_OVERLAP), transaction.atomic():
        Appointment.objects.filter(pk=booked.pk).update(status=Status.SCHEDULED)


def test_two_overlapping_rows_of_one_statement_are_refused() -> None:
    doctor, hour = world.a_doctor(), timedelta(hours=1)
    rows = [
        _new(doctor, world.a_patient(), start, start + hour, Status.SCHEDULED)
        for start in (FAR_AWAY, FAR_AWAY + hour - MICROSECOND)
    ]

    with pytest.raises(IntegrityError, match=DOCTOR_OVERLAP), transaction.atomic():
        Appointment.objects.bulk_create(rows)


def test_an_appointment_cannot_end_before_it_starts() -> None:
    for end in (NINE, NINE - MICROSECOND):
        with pytest.raises(IntegrityError), transaction.atomic():
            by_save(world.a_doctor(), world.a_patient(), NINE, end, Status.SCHEDULED)


@pytest.mark.engine("sqlite")
@pytest.mark.parametrize("column", ["start", "end"])
@pytest.mark.parametrize(
    "value",
    [
        "",
        "2027-03-01",
        "2027-03-01T09:00:00",
        "2027-03-01 09:00",
        "2027-03-01 09:00:00Z",
        "2027-03-01 09:00:00+00:00",
        "2027-03-01 09:00:00.5",
        "2027-03-01 09:00:00.12345x",
        "2027-03-01 09:00:00+01:00 ",
        " 2027-03-01 09:00:00",
        "2027-03-01 09:00:00 ",
        "2027-3-1 09:00:00   ",
        "2027-13-01 09:00:00",
        "2027-02-30 09:00:00",
        "2027-03-01 24:00:00",
        "2027-03-01 09:60:00",
        "9999-99-99 99:99:99",
        "tomorrow at nine...",
        1804147200,
        2461467.875,
        b"2027-03-01 09:00:00",
    ],
)
def test_an_instant_that_sqlite_could_not_compare_is_refused(
    column: str, value: Any, booked: Appointment
) -> None:
    for write in (raw_insert, raw_update):
        with (
            pytest.raises(IntegrityError, match="appointment_instant_format"),
            transaction.atomic(),
        ):
            write(booked, **{column: value, "status": Status.CANCELLED})


@pytest.mark.engine("sqlite")
def test_sqlite_takes_instants_as_django_writes_them(booked: Appointment) -> None:
    raw_update(booked, start="2027-03-01 09:00:00", end="2027-03-01 09:59:59.999999")
    booked.refresh_from_db()

    assert (booked.start, booked.end) == (NINE, TEN - MICROSECOND)
    assert stored(NINE) == "2027-03-01 09:00:00"
    assert stored(TEN - MICROSECOND) == "2027-03-01 09:59:59.999999"


@pytest.mark.engine("postgres")
def test_postgres_takes_an_instant_from_any_zone(booked: Appointment) -> None:
    with pytest.raises(IntegrityError, match=DOCTOR_OVERLAP), transaction.atomic():
        raw_insert(booked, start="2027-03-01 11:59:59+02:00", end="2027-03-01 10:30:00+00:00")


def test_deleting_frees_the_time(booked: Appointment) -> None:
    execute("DELETE FROM clinic_appointment")

    assert refusal(by_save, booked.doctor, booked.patient, NINE, TEN) == ""
