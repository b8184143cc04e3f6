"""The factories make what they say."""

import pytest

from clinic.models import HealthRecord
from clinic.queries.people import doctors_in_directory
from tests import world

pytestmark = pytest.mark.django_db


def test_a_doctor_of_this_world_can_be_found_and_booked() -> None:
    doctor = world.a_doctor(zone="Europe/Berlin", minutes=20)
    patient = world.a_patient()

    appointment = world.book(doctor, patient)

    assert list(doctors_in_directory()) == [doctor]
    assert (appointment.end - appointment.start).total_seconds() == 20 * 60
    assert HealthRecord.objects.get().appointment == appointment


def test_free_starts_are_different_times() -> None:
    starts = world.next_free_starts(world.a_doctor(), 50)

    assert len(set(starts)) == 50


def test_a_pending_doctor_is_not_found() -> None:
    world.a_pending_doctor()

    assert not doctors_in_directory().exists()
