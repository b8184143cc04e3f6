"""Django's admin: what it changes goes through the same actions, and what the engine refuses stays refused."""

import pytest
from django.test import Client

from clinic.models import Appointment, Event
from clinic.rules.statuses import Status
from clinic.topics import DESK
from tests import world

pytestmark = pytest.mark.django_db(transaction=True)
ADD = "/admin/clinic/appointment/add/"


@pytest.fixture
def operator(client: Client) -> Client:
    superuser = world.an_admin(is_superuser=True, is_staff=True)
    client.force_login(superuser)
    return client


def _booking(doctor: object, patient: object, start: object) -> dict[str, object]:
    return {
        "doctor": doctor.pk,  # type: ignore[attr-defined]
        "patient": patient.pk,  # type: ignore[attr-defined]
        "start_0": f"{start:%Y-%m-%d}",
        "start_1": f"{start:%H:%M:%S}",
    }


def test_a_booking_in_the_admin_is_announced_like_any_other(operator: Client) -> None:
    doctor, patient = world.a_doctor(), world.a_patient()
    start = world.next_free_start(doctor)
    operator.post(ADD, _booking(doctor, patient, start))
    booked = Appointment.objects.get()
    assert (booked.start, booked.patient_id) == (start, patient.pk)
    assert world.types_in(DESK) == ["appointment.booked"]


def test_the_admin_cannot_book_a_doctor_twice_at_one_time(operator: Client) -> None:
    doctor, patient, other = world.a_doctor(), world.a_patient(), world.a_patient()
    start = world.book(doctor, patient).start
    answer = operator.post(ADD, _booking(doctor, other, start), follow=True)
    assert "This time has just been taken." in answer.content.decode()
    assert Appointment.objects.count() == 1


def test_the_admin_cannot_book_a_patient_twice_at_one_time(operator: Client) -> None:
    patient, doctor, other = world.a_patient(), world.a_doctor(), world.a_doctor()
    start = world.book(doctor, patient).start
    answer = operator.post(ADD, _booking(other, patient, start), follow=True)
    assert "The patient has another appointment at this time." in answer.content.decode()
    assert Appointment.objects.count() == 1


def test_cancelling_in_the_admin_is_announced(operator: Client) -> None:
    appointment = world.book(world.a_doctor(), world.a_patient())
    chosen = {"action": "cancel_selected", "_selected_action": [appointment.pk]}
    operator.post("/admin/clinic/appointment/", chosen)
    appointment.refresh_from_db()
    assert appointment.status == Status.CANCELLED
    assert world.types_in(DESK)[-1] == "appointment.cancelled"


@pytest.mark.parametrize("noun", ["person", "doctor", "event", "appointment"])
def test_nothing_is_edited_by_hand(operator: Client, noun: str) -> None:
    appointment = world.book(world.a_doctor(), world.a_patient())
    keys = {
        "person": appointment.patient_id,
        "doctor": appointment.doctor_id,
        "event": Event.objects.values_list("pk", flat=True)[0],
        "appointment": appointment.pk,
    }
    page = f"/admin/clinic/{noun}/{keys[noun]}/change/"
    assert operator.get(page).status_code == 200
    assert operator.post(page, {}).status_code == 403


def test_the_admin_shows_no_notes(operator: Client) -> None:
    appointment = world.book(world.a_doctor(), world.a_patient(), notes="only-between-us")
    page = operator.get(f"/admin/clinic/appointment/{appointment.pk}/change/")
    assert "only-between-us" not in page.content.decode()
