"""The next free time that is remembered is always the one that would be found now."""

import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinic.actions.people import activate_person, deactivate_person, update_profile
from clinic.actions.schedules import (
    AvailabilityChange,
    add_time_off,
    remove_time_off,
    set_availability,
)
from clinic.models import Doctor, Epoch, TimeOff
from clinic.queries.free_times import remembered_next_free
from clinic.queries.journal import epoch
from clinic.queries.people import doctor_account
from clinic.queries.schedules import next_free
from tests import world
from tests.api.client import Api, ok
from tests.servers.redis import Redis

pytestmark = pytest.mark.django_db

NOW = world.utc("2027-03-01 08:00")
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def traveller() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def remembered(doctor: Doctor, now: datetime = NOW) -> datetime | None:
    """What is remembered of this doctor, having made sure that it is what is so."""
    fresh = doctor_account(doctor.pk)
    found = remembered_next_free([fresh], now=now)
    assert found == next_free([fresh], now=now)
    return found[doctor.pk]


def queries_of(ask: Callable[[], Any]) -> int:
    with CaptureQueriesContext(connection) as captured:
        ask()
    return len(captured)


def change_hours(doctor: Doctor, **change: Any) -> None:
    set_availability(actor=doctor.person, doctor_id=doctor.pk, change=AvailabilityChange(**change))


def take_off(doctor: Doctor, days: int) -> TimeOff:
    absence = add_time_off(
        actor=doctor.person, doctor_id=doctor.pk, start=NOW, end=NOW + days * DAY
    )
    return absence.time_off


def test_who_asks_again_asks_the_database_for_the_numbers_only() -> None:
    doctors = [world.a_doctor() for _ in range(3)]
    epoch()  # The very first answer of an installation makes it.
    first = queries_of(lambda: remembered_next_free(doctors, now=NOW))

    again = queries_of(lambda: remembered_next_free(doctors, now=NOW))

    assert (first, again) == (3, 2)


def test_what_changed_for_one_doctor_is_looked_up_for_that_one() -> None:
    doctors = [world.a_doctor() for _ in range(3)]
    remembered_next_free(doctors, now=NOW)
    world.book(doctors[1], world.a_patient(), NOW)

    found = remembered_next_free(doctors, now=NOW)

    later = NOW + timedelta(minutes=30)
    assert [found[doctor.pk] for doctor in doctors] == [NOW, later, NOW]


def test_a_booking_and_its_cancelling_are_seen_at_once() -> None:
    doctor = world.a_doctor()
    assert remembered(doctor) == NOW

    appointment = world.book(doctor, world.a_patient(), NOW)
    assert remembered(doctor) == NOW + timedelta(minutes=30)

    world.cancel(appointment, actor=doctor.person)
    assert remembered(doctor) == NOW


def test_a_full_day_is_seen_at_once() -> None:
    doctor = world.a_doctor(limit=1)
    assert remembered(doctor) == NOW

    world.book(doctor, world.a_patient(), NOW)

    assert remembered(doctor) == NOW + DAY


def test_new_hours_are_seen_at_once() -> None:
    doctor = world.a_doctor(hours={})
    assert remembered(doctor) is None

    change_hours(doctor, available_days={"TUESDAY": world.LONG_DAY})
    assert remembered(doctor) == NOW + DAY

    change_hours(doctor, available_days={})
    assert remembered(doctor) is None


def test_time_off_and_its_end_are_seen_at_once() -> None:
    doctor = world.a_doctor()
    assert remembered(doctor) == NOW

    absence = take_off(doctor, days=2)
    assert remembered(doctor) == NOW + 2 * DAY

    remove_time_off(actor=doctor.person, time_off_id=absence.pk)
    assert remembered(doctor) == NOW


def test_a_day_on_which_the_clinic_is_closed_is_seen_at_once() -> None:
    doctor, admin = world.a_doctor(), Api(world.an_admin())
    assert remembered(doctor) == NOW

    ok(admin.patch("/api/clinic/", {"closures": [{"date": "2027-03-01", "reason": "Storm"}]}))
    assert remembered(doctor) == NOW + DAY

    ok(admin.patch("/api/clinic/", {"closures": []}))
    assert remembered(doctor) == NOW


def test_another_zone_is_seen_at_once() -> None:
    doctor = world.a_doctor()
    assert remembered(doctor) == NOW

    update_profile(
        actor=doctor.person, changes={"time_zone": "America/New_York"}, specialization=None
    )

    assert remembered(doctor) == NOW + timedelta(hours=5)


def test_what_changed_while_a_doctor_could_not_be_booked_is_seen_afterwards() -> None:
    doctor, admin = world.a_doctor(), world.an_admin()
    assert remembered(doctor) == NOW

    deactivate_person(actor=admin, person_id=doctor.pk)
    change_hours(doctor, available_days={"WEDNESDAY": world.LONG_DAY})
    activate_person(actor=admin, person_id=doctor.pk)

    assert remembered(doctor) == NOW + 2 * DAY


def test_a_free_time_that_passed_is_looked_up_again() -> None:
    doctor = world.a_doctor()
    assert remembered(doctor) == NOW

    minute = NOW + timedelta(minutes=1)
    assert remembered(doctor, minute) == NOW + timedelta(minutes=30)


def test_a_free_time_that_has_come_too_near_is_looked_up_again(settings: Any) -> None:
    settings.BOOKING_NOTICE_MINUTES = 60
    doctor = world.a_doctor()
    assert remembered(doctor) == NOW + timedelta(hours=1)

    assert remembered(doctor, NOW + timedelta(minutes=1)) == NOW + timedelta(minutes=90)


def test_never_is_not_for_ever() -> None:
    doctor = world.a_doctor()
    absence = take_off(doctor, days=70)
    assert remembered(doctor) is None

    assert remembered(doctor, NOW + 9 * DAY) == absence.end


def test_another_journal_s_numbers_mean_nothing() -> None:
    """A restored backup counts from where it was: the same numbers, other slots."""
    doctor = world.a_doctor()
    assert remembered(doctor) == NOW

    world.an_appointment(doctor, world.a_patient(), NOW)
    Epoch.objects.all().delete()

    assert remembered(doctor) == NOW + timedelta(minutes=30)


def test_the_directory_shows_a_booking_at_once() -> None:
    doctor, api = world.a_doctor(), Api(world.a_patient())
    (card,) = ok(api.get("/api/doctors/"))["doctors"]

    booking = {"doctor_id": doctor.pk, "start": card["next_free"]}
    ok(api.post("/api/appointments/book/", booking), 201)

    (card,) = ok(api.get("/api/doctors/"))["doctors"]
    assert datetime.fromisoformat(card["next_free"]) == NOW + timedelta(minutes=30)


@pytest.mark.parametrize("seed", range(3))
def test_whatever_happens_what_is_remembered_is_what_is_so(seed: int) -> None:
    chance = random.Random(seed)
    doctor = world.a_doctor(limit=6)
    off: list[TimeOff] = []
    kept: list[Any] = []

    def book() -> None:
        start = next_free([doctor_account(doctor.pk)], now=NOW)[doctor.pk]
        if start is not None:
            kept.append(world.book(doctor, world.a_patient(), start))

    def cancel() -> None:
        if kept:
            world.cancel(kept.pop(chance.randrange(len(kept))), actor=doctor.person)

    def go_away() -> None:
        off.append(take_off(doctor, days=chance.randint(1, 9)))

    def come_back() -> None:
        if off:
            remove_time_off(actor=doctor.person, time_off_id=off.pop().pk)

    def work() -> None:
        days = chance.sample(list(world.EVERY_DAY), chance.randint(0, 7))
        change_hours(doctor, available_days=dict.fromkeys(days, world.LONG_DAY))

    seen = {remembered(doctor)}
    for _ in range(40):
        chance.choice([book, book, book, cancel, go_away, come_back, work])()
        seen.add(remembered(doctor))
    assert len(seen) > 5


def test_without_redis_nothing_is_remembered_and_everything_works(redis: Redis) -> None:
    doctor = world.a_doctor()
    assert remembered(doctor) == NOW
    redis.kill()

    assert remembered(doctor) == NOW
    world.book(doctor, world.a_patient(), NOW)
    assert remembered(doctor) == NOW + timedelta(minutes=30)
