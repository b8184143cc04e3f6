"""Django's admin: what it changes goes through the same actions, and what the engine refuses stays refused."""

import re
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib import admin
from django.test import Client

from clinic import clock
from clinic.actions.people import deactivate_person
from clinic.actions.sessions import end_session, sign_in
from clinic.letters.samples import templates
from clinic.letters.writing import LANGUAGES
from clinic.models import Appointment, Closure, Event, HealthRecord, Person, Room, Session
from clinic.queries.place import the_clinic
from clinic.rules.statuses import Status
from clinic.topics import DESK, slots_topic, user_topic
from tests import world

pytestmark = pytest.mark.django_db(transaction=True)
ADD = "/admin/clinic/appointment/add/"
PEOPLE = "/admin/clinic/person/"
SECRET = "only-between-us"


def sign_in_to_admin(client: Client, person: Person, password: str = world.PASSWORD) -> str:
    """The page that the sign-in leads to."""
    body = {"username": person.username, "password": password, "next": "/admin/"}
    return client.post("/admin/login/", body, follow=True).content.decode()


def is_inside(client: Client) -> bool:
    return client.get("/admin/").status_code == 200


@pytest.fixture
def superuser() -> Person:
    return world.an_admin("operator", is_superuser=True, is_staff=True)


@pytest.fixture
def operator(client: Client, superuser: Person) -> Client:
    sign_in_to_admin(client, superuser)
    return client


def _booking(doctor: object, patient: object, start: object) -> dict[str, object]:
    return {
        "doctor": doctor.pk,  # type: ignore[attr-defined]
        "patient": patient.pk,  # type: ignore[attr-defined]
        "start_0": f"{start:%Y-%m-%d}",
        "start_1": f"{start:%H:%M:%S}",
    }


# -- the way in ------------------------------------------------------------------------------------


def test_an_operator_signs_in_and_out(client: Client, superuser: Person) -> None:
    assert "What can be looked at" in sign_in_to_admin(client, superuser)
    session = Session.objects.get()
    assert (session.person, session.device) == (superuser, "Operators' admin")

    client.post("/admin/logout/")

    session.refresh_from_db()
    assert session.ended_at
    assert not is_inside(client)


@pytest.mark.parametrize(
    "make",
    [
        world.an_admin,
        world.a_patient,
        lambda: world.a_doctor(is_staff=True).person,
        lambda: world.an_admin(is_staff=True, is_active=False),
    ],
)
def test_only_operators_come_in_and_others_are_told_alike(client: Client, make: Any) -> None:
    assert "Please enter the correct" in sign_in_to_admin(client, make()) or not is_inside(client)
    assert not is_inside(client)
    assert not Session.objects.filter(ended_at=None).exists()


def test_a_wrong_password_is_refused(client: Client, superuser: Person) -> None:
    page = sign_in_to_admin(client, superuser, "not-the-password")
    assert "The user name or the password is wrong." in page
    assert not is_inside(client)
    assert not Session.objects.exists()


def test_djangos_own_session_alone_opens_nothing(client: Client, superuser: Person) -> None:
    client.force_login(superuser)
    assert not is_inside(client)


@pytest.mark.parametrize(
    "end",
    [
        lambda person: end_session(Session.objects.get().id),
        lambda person: deactivate_person(actor=world.an_admin(), person_id=person.pk),
        lambda person: Person.objects.filter(pk=person.pk).update(is_staff=False),
        lambda person: Person.objects.filter(pk=person.pk).update(
            role="RECEPTIONIST", is_superuser=False
        ),
        lambda person: Session.objects.all().delete(),
    ],
)
def test_what_ends_a_session_ends_it_here_too(
    operator: Client, superuser: Person, end: Any
) -> None:
    assert is_inside(operator)
    end(superuser)
    assert not is_inside(operator)


def test_a_session_lasts_a_day(operator: Client) -> None:
    with time_machine.travel(clock.now() + timedelta(hours=25)):
        assert not is_inside(operator)


def test_a_new_password_ends_the_other_sessions(operator: Client, superuser: Person) -> None:
    sign_in(username="operator", password=world.PASSWORD)
    new = "another-horse-battery-8"

    def change(password: str) -> str:
        body = {"old_password": world.PASSWORD, "new_password1": password}
        body["new_password2"] = password
        return operator.post("/admin/password_change/", body, follow=True).content.decode()

    assert "At most 128 characters" in change("x7-" * 50)
    assert "too common" in change("12345678")
    assert Session.objects.filter(ended_at=None).count() == 2
    assert "Your password was changed" in change(new)

    assert is_inside(operator)
    assert Session.objects.filter(ended_at=None).count() == 1
    sign_in(username="operator", password=new)


def test_an_operator_s_old_password_is_guessed_as_slowly_as_anybody_s(
    operator: Client, superuser: Person
) -> None:
    new = "another-horse-battery-8"
    body = {"old_password": "a-guess-7", "new_password1": new, "new_password2": new}

    pages = [operator.post("/admin/password_change/", body).content.decode() for _ in range(8)]

    assert "This is not your password." in pages[0]
    assert "Too many tries." in pages[-1]
    superuser.refresh_from_db()
    assert superuser.check_password(world.PASSWORD)


# -- appointments ----------------------------------------------------------------------------------


def test_a_booking_in_the_admin_is_announced_like_any_other(operator: Client) -> None:
    doctor, patient = world.a_doctor(), world.a_patient()
    start = world.next_free_start(doctor)
    operator.post(ADD, _booking(doctor, patient, start))
    booked = Appointment.objects.get()
    assert (booked.start, booked.patient_id) == (start, patient.pk)
    assert world.types_in(DESK) == ["appointment.booked", "doctor.assigned"]


def test_the_admin_cannot_book_a_doctor_twice_at_one_time(operator: Client) -> None:
    doctor, patient, other = world.a_doctor(), world.a_patient(), world.a_patient()
    start = world.book(doctor, patient).start
    answer = operator.post(ADD, _booking(doctor, other, start), follow=True)
    page = answer.content.decode()
    assert "This time has just been taken." in page
    assert f'value="{start:%H:%M:%S}"' in page, "what was typed is still there"
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


# -- people ----------------------------------------------------------------------------------------


def decide(operator: Client, what: str, *people: Person) -> str:
    chosen = {"action": what, "_selected_action": [person.pk for person in people]}
    return operator.post(PEOPLE, chosen, follow=True).content.decode()


def test_doctors_are_approved_and_rejected_by_the_usual_actions(operator: Client) -> None:
    yes, no = world.a_pending_doctor().person, world.a_pending_doctor().person

    assert f"{yes.name}: done." in decide(operator, "approve", yes)
    decide(operator, "reject", no)

    assert world.types_in(user_topic(yes.pk)) == ["doctor.approved"]
    assert world.types_in(user_topic(no.pk)) == ["doctor.rejected"]
    assert "This doctor is approved" in decide(operator, "reject", yes)
    assert Person.objects.get(pk=yes.pk).is_active


def test_people_are_shut_out_and_let_in_again_but_not_oneself(
    operator: Client, superuser: Person
) -> None:
    patient = world.a_patient()
    world.tokens(patient)

    page = decide(operator, "deactivate", patient, superuser)

    assert "You cannot deactivate yourself." in page
    assert Session.objects.filter(ended_at=None).get().person == superuser
    assert world.types_in(user_topic(patient.pk)) == ["person.deactivated"]
    decide(operator, "activate", patient)
    assert Person.objects.get(pk=patient.pk).is_active


def test_a_doctors_account_is_made_with_its_events(operator: Client) -> None:
    body = {
        "role": "DOCTOR", "first_name": "Mei", "last_name": "Tanaka", "email": "mei@example.org",
        "specialization": "Dermatology", "password": world.PASSWORD, "username": "",
    }  # fmt: skip
    page = operator.post(PEOPLE + "add/", body, follow=True).content.decode()

    assert "was added successfully" in page
    assert world.types_in(DESK) == ["doctor.registered", "doctor.approved"]
    made = Person.objects.get(username="mei.tanaka")
    assert (made.is_approved, made.is_staff, made.doctor.specialization) == (
        True, False, "Dermatology",
    )  # fmt: skip
    sign_in(username="mei@example.org", password=world.PASSWORD)


def test_an_account_that_cannot_be_is_refused_beside_what_was_typed(operator: Client) -> None:
    world.a_patient("taken", email="taken@example.org")
    body = {"role": "RECEPTIONIST", "first_name": "Dora", "email": "TAKEN@example.org"}
    page = operator.post(PEOPLE + "add/", body, follow=True).content.decode()

    assert "This is already in use." in page
    assert "TAKEN@example.org" in page
    assert not Person.objects.filter(role="RECEPTIONIST").exists()


# -- the clinic ------------------------------------------------------------------------------------


def test_the_clinic_is_named_and_a_zone_that_is_none_refused(operator: Client) -> None:
    the_clinic()
    page = "/admin/clinic/clinic/1/change/"
    assert operator.get("/admin/clinic/clinic/").status_code == 200
    operator.post(page, {"name": "Am Park", "time_zone": "Europe/Berlin"})
    assert (the_clinic().name, the_clinic().time_zone) == ("Am Park", "Europe/Berlin")

    refused = operator.post(page, {"name": "Elsewhere", "time_zone": "Mars"}).content.decode()
    assert "This is not an IANA time zone." in refused
    assert "Elsewhere" in refused
    assert the_clinic().name == "Am Park"


def test_rooms_are_added_renamed_and_removed_unless_in_use(operator: Client) -> None:
    path = "/admin/clinic/room/"
    operator.post(path + "add/", {"name": "1"})
    operator.post(path + "add/", {"name": "2"})
    one, two = Room.objects.all()
    operator.post(f"{path}{one.pk}/change/", {"name": "Lab"})
    operator.post(f"{path}{two.pk}/delete/", {"post": "yes"})
    assert list(Room.objects.values_list("pk", "name")) == [(one.pk, "Lab")]

    doctor = world.a_doctor()
    start = world.next_free_start(doctor)
    world.an_appointment(doctor, world.a_patient(), start, status=Status.ARRIVED, room="Lab")
    removing = operator.post(f"{path}{one.pk}/delete/", {"post": "yes"}, follow=True)
    renaming = operator.post(f"{path}{one.pk}/change/", {"name": "Attic"})
    for page in (removing, renaming):
        assert "Room Lab is in use" in page.content.decode()
    assert Room.objects.get().name == "Lab"


def test_closing_and_opening_days_is_told_to_those_who_look_at_slots(operator: Client) -> None:
    doctor = world.a_doctor()
    path = "/admin/clinic/closure/"
    operator.post(path + "add/", {"day": "2030-05-01", "reason": "Labour Day"})
    again = operator.post(path + "add/", {"day": "2030-05-01", "reason": ""}).content.decode()
    assert Closure.objects.get().day == date(2030, 5, 1)
    assert "already" in again

    operator.post(f"{path}2030-05-01/delete/", {"post": "yes"})

    assert not Closure.objects.exists()
    assert world.types_in(slots_topic(doctor.pk)) == ["hours.changed", "hours.changed"]


# -- what is only looked at --------------------------------------------------------------------------


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
    assert operator.post(f"/admin/clinic/{noun}/{keys[noun]}/delete/").status_code == 403


def test_there_is_nothing_that_no_action_stands_behind() -> None:
    names = {model._meta.model_name for model in admin.site._registry}
    assert names == {
        "appointment", "clinic", "closure", "doctor", "event", "message", "person", "preferences",
        "reminder", "room",
    }  # fmt: skip


def test_no_page_shows_clinical_text_or_a_password(operator: Client) -> None:
    patient = world.a_patient()
    appointment = world.book(world.a_doctor(), patient, notes=SECRET)
    record = HealthRecord.objects.get()
    record.title = record.description = SECRET
    record.save()
    the_clinic()
    Room.objects.create(name="1")
    Closure.objects.create(day=date(2030, 5, 1))
    world.cancel(appointment)

    seen = 0
    for model in admin.site._registry:
        path = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        pages = [path, *(f"{path}{row.pk}/change/" for row in model._default_manager.all())]
        pages += [f"{path}{row.pk}/history/" for row in model._default_manager.all()]
        for page in pages:
            answer = operator.get(page)
            assert answer.status_code == 200, page
            text = answer.content.decode()
            assert SECRET not in text, page
            assert patient.password not in text, page
            seen += 1
    assert seen > 15


# -- mails to look at ----------------------------------------------------------------------------------


def test_an_operator_looks_at_every_mail_in_every_language(operator: Client) -> None:
    world.a_patient("ana", first_name="Zebulon")
    assert "/admin/letters/" in operator.get("/admin/").content.decode()
    page = operator.get("/admin/letters/").content.decode()

    frames = re.findall(r'<iframe src="([^"]+)"', page)
    assert len(frames) == len(templates()) * len(LANGUAGES)
    for frame in frames:
        response = operator.get(frame)
        assert response.status_code == 200
        # It may look as it likes and do nothing, and nobody else may show it.
        policy = response.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "sandbox" in policy
        assert "frame-ancestors 'self'" in policy
        assert response.headers["X-Frame-Options"] == "SAMEORIGIN"
        assert "Zebulon" not in response.content.decode()
    assert "Guten Tag" in page
    assert "unsafe" not in operator.get("/admin/letters/").headers["Content-Security-Policy"]
    for gone in ("xx/invite", "en/frame", "en/foot", "en/..%2Fframe"):
        assert operator.get(f"/admin/letters/{gone}/").status_code == 404


def test_nobody_else_looks_at_mails(client: Client) -> None:
    sign_in_to_admin(client, world.an_admin("plain", is_staff=False))

    for path in ("/admin/letters/", "/admin/letters/en/invite/"):
        response = client.get(path)
        assert (response.status_code, "/admin/login/" in response.headers["Location"]) == (
            302,
            True,
        )
