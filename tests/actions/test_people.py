"""Registering, and what admins decide about people."""

from datetime import date
from typing import Any

import pytest

from clinic.actions.passwords import check_new_password
from clinic.actions.people import (
    Registration,
    activate_person,
    approve_doctor,
    deactivate_person,
    register_person,
    reject_doctor,
    update_profile,
)
from clinic.actions.sessions import sign_in
from clinic.errors import FieldError, Forbidden, NotFound, WrongCredentials
from clinic.models import Doctor, Notification, Person, Role, Session
from clinic.queries.people import doctors_in_directory
from clinic.topics import DESK, slots_topic, user_topic
from tests import world

pytestmark = pytest.mark.django_db


def register(**changes: Any) -> Person:
    fields = {
        "username": "newcomer",
        "email": "newcomer@example.org",
        "password": world.PASSWORD,
        "role": "PATIENT",
    }
    return register_person(Registration(**{**fields, **changes}))


def test_a_patient_is_there_at_once() -> None:
    person = register()

    assert (person.role, person.is_approved, person.is_active) == (Role.PATIENT, True, True)
    assert person.check_password(world.PASSWORD)
    assert (person.is_staff, person.is_superuser) == (False, False)
    sign_in(username="newcomer", password=world.PASSWORD)


def test_a_doctor_is_pending_and_the_desk_is_told() -> None:
    person = register(role="DOCTOR", specialization="Dermatology")

    assert not person.is_approved
    assert Doctor.objects.get().specialization == "Dermatology"
    assert not doctors_in_directory().exists()
    assert world.types_in(DESK) == ["doctor.registered"]


@pytest.mark.parametrize("role", ["ADMIN", "RECEPTIONIST", "", "patient", "NURSE", "SUPERUSER"])
def test_nobody_gives_themselves_another_role(role: str) -> None:
    with pytest.raises(FieldError) as refusal:
        register(role=role)

    assert (refusal.value.field, refusal.value.field_code) == ("role", "invalid_choice")
    assert not Person.objects.exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"email": "other@example.org"}, "username"),
        ({"username": "NewComer", "email": "other@example.org"}, "username"),
        ({"username": "other"}, "email"),
        ({"username": "other", "email": "NewComer@Example.ORG"}, "email"),
    ],
)
def test_names_and_addresses_are_taken_whatever_their_case(
    changes: dict[str, Any], field: str
) -> None:
    register()

    with pytest.raises(FieldError) as refusal:
        register(**changes)

    assert (refusal.value.field, refusal.value.field_code) == (field, "unique")
    assert Person.objects.count() == 1


def test_people_without_an_address_do_not_collide() -> None:
    for username in ("one", "two"):
        world.a_patient(username, email="")

    assert Person.objects.filter(email="").count() == 2


@pytest.mark.parametrize(
    "password",
    ["", "short-1", "password", "1234567890", "newcomer", "x" * 129, "qwertyuiop"],
)
def test_weak_passwords_are_refused(password: str) -> None:
    with pytest.raises(FieldError) as refusal:
        register(password=password)

    assert refusal.value.field == "password"
    assert not Person.objects.exists()


@pytest.mark.parametrize("password", ["x7-" + "y" * 5, "ü" * 64 + "-geheim-", "x7" * 64])
def test_passwords_of_8_to_128_characters_are_accepted(password: str) -> None:
    check_new_password(password, Person(username="someone"))


@pytest.mark.parametrize("zone", ["Mars/Olympus_Mons", "", "../etc/passwd"])
def test_an_unknown_time_zone_is_refused(zone: str) -> None:
    with pytest.raises(FieldError) as refusal:
        register(profile={"time_zone": zone})
    assert refusal.value.field == "time_zone"

    person = register()
    with pytest.raises(FieldError):
        update_profile(actor=person, changes={"time_zone": zone}, specialization=None)


def test_a_profile_is_changed_and_a_move_changes_the_slots() -> None:
    doctor = world.a_doctor()

    update_profile(actor=doctor.person, changes={"phone_number": "1"}, specialization="Dermatology")
    assert world.types_in(slots_topic(doctor.pk)) == []
    update_profile(actor=doctor.person, changes={"time_zone": "Asia/Tokyo"}, specialization=None)

    again = Doctor.objects.select_related("person").get()
    assert (again.specialization, again.person.phone_number) == ("Dermatology", "1")
    assert world.types_in(slots_topic(doctor.pk)) == ["hours.changed"]


def test_a_profile_cannot_take_another_persons_address() -> None:
    world.a_patient(email="taken@example.org")
    person = world.a_patient()

    with pytest.raises(FieldError) as refusal:
        update_profile(
            actor=person,
            changes={"email": "TAKEN@example.org"},
            specialization=None,
            password=world.PASSWORD,
        )
    assert refusal.value.field == "email"


# -- what admins decide ---------------------------------------------------------------------------------------


def test_an_approved_doctor_can_be_found_and_booked_and_is_told() -> None:
    doctor, admin = world.a_pending_doctor(), world.an_admin()

    assert approve_doctor(actor=admin, person_id=doctor.pk).is_approved

    assert list(doctors_in_directory()) == [doctor]
    world.book(Doctor.objects.get(), world.a_patient())
    line = Notification.objects.get(type="doctor.approved")
    assert line.person == doctor.person
    assert world.types_in(slots_topic(doctor.pk))[0] == "hours.changed"
    assert world.types_in(user_topic(doctor.pk))[0] == "doctor.approved"


def test_approving_again_is_no_news() -> None:
    doctor, admin = world.a_pending_doctor(), world.an_admin()
    approve_doctor(actor=admin, person_id=doctor.pk)

    approve_doctor(actor=admin, person_id=doctor.pk)

    assert world.types_in(DESK) == ["doctor.approved"]


def test_a_rejected_doctor_is_signed_out_and_cannot_sign_in() -> None:
    doctor, admin = world.a_pending_doctor("dr-no"), world.an_admin()
    world.tokens(doctor.person)

    person = reject_doctor(actor=admin, person_id=doctor.pk)

    assert (person.is_active, person.is_approved) == (False, False)
    assert not Session.objects.filter(ended_at=None).exists()
    with pytest.raises(WrongCredentials):
        sign_in(username="dr-no", password=world.PASSWORD)
    assert world.types_in(DESK) == ["doctor.rejected"]
    reject_doctor(actor=admin, person_id=doctor.pk)
    assert world.types_in(DESK) == ["doctor.rejected"]


def test_an_approved_doctor_is_not_rejected() -> None:
    doctor = world.a_doctor()

    with pytest.raises(FieldError):
        reject_doctor(actor=world.an_admin(), person_id=doctor.pk)
    assert Person.objects.get(pk=doctor.pk).is_active


@pytest.mark.parametrize("decide", [approve_doctor, reject_doctor])
def test_only_doctors_are_approved_or_rejected(decide: Any) -> None:
    for person_id in (world.a_patient().pk, 10**9):
        with pytest.raises(NotFound):
            decide(actor=world.an_admin(), person_id=person_id)


@pytest.mark.parametrize(
    "decide", [approve_doctor, reject_doctor, deactivate_person, activate_person]
)
def test_only_an_admin_decides(decide: Any) -> None:
    doctor = world.a_pending_doctor()
    for actor in (world.a_receptionist(), world.a_patient(), world.a_doctor().person):
        with pytest.raises(Forbidden):
            decide(actor=actor, person_id=doctor.pk)
    assert not Person.objects.get(pk=doctor.pk).is_approved


def test_deactivating_ends_every_session_of_that_person_only() -> None:
    patient, other = world.a_patient("leaver"), world.a_patient()
    for person in (patient, patient, other):
        world.tokens(person)

    deactivate_person(actor=world.an_admin(), person_id=patient.pk)

    assert list(Session.objects.filter(ended_at=None).values_list("person", flat=True)) == [
        other.pk
    ]
    with pytest.raises(WrongCredentials):
        sign_in(username="leaver", password=world.PASSWORD)
    assert world.types_in(user_topic(patient.pk)) == ["person.deactivated"]
    assert world.types_in(DESK) == ["person.deactivated"]


@pytest.mark.parametrize("make", [world.a_receptionist, world.an_admin])
def test_the_desk_is_told_who_of_the_staff_has_left_and_nothing_private(make: Any) -> None:
    private = {"phone_number": "0171-7734", "address": "Weg 7734", "location": "Dorf 7734"}
    colleague = make("code-7734", date_of_birth=date(1977, 3, 4), **private)

    deactivate_person(actor=world.an_admin(), person_id=colleague.pk)

    [told], [own] = world.entries(DESK), world.entries(user_topic(colleague.pk))
    assert f'"id":{colleague.pk},' in told.body
    assert '"is_active":false' in told.body
    for known in (*private.values(), "code-7734", "1977-03-04"):
        assert known not in told.body
        assert known in own.body


def test_a_deactivated_doctor_leaves_the_directory_and_comes_back() -> None:
    doctor, admin = world.a_doctor(), world.an_admin()

    deactivate_person(actor=admin, person_id=doctor.pk)
    assert not doctors_in_directory().exists()
    activate_person(actor=admin, person_id=doctor.pk)

    assert list(doctors_in_directory()) == [doctor]
    assert world.types_in(slots_topic(doctor.pk)) == ["hours.changed", "hours.changed"]


def test_nobody_deactivates_themselves() -> None:
    admin = world.an_admin()

    with pytest.raises(Forbidden):
        deactivate_person(actor=admin, person_id=admin.pk)
    assert Person.objects.get().is_active


def test_deactivating_and_activating_again_is_no_news() -> None:
    patient, admin = world.a_patient(), world.an_admin()
    for _ in range(2):
        deactivate_person(actor=admin, person_id=patient.pk)
    for _ in range(2):
        activate_person(actor=admin, person_id=patient.pk)

    assert world.types_in(DESK) == ["person.deactivated"]
    assert Person.objects.get(pk=patient.pk).is_active
