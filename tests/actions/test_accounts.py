"""Accounts that staff make for others, and who may be there already."""

from datetime import date
from typing import Any

import pytest

from clinic.actions.accounts import AddedPatient, NewAccount, add_patient, create_account
from clinic.actions.sessions import sign_in
from clinic.errors import FieldError, Forbidden, PossibleDuplicate, WrongCredentials
from clinic.models import Clinic, Event, Notification, Person, Role
from clinic.queries.people import doctors_in_directory
from clinic.topics import DESK, slots_topic, user_topic
from tests import world
from tests.together import together

pytestmark = pytest.mark.django_db


def account(role: str = "PATIENT", **fields: Any) -> NewAccount:
    return NewAccount(**{"role": role, "first_name": "Ana", "last_name": "López", **fields})


def phoned(**fields: Any) -> Any:
    return add_patient(actor=world.a_receptionist(), account=account(**fields))


@pytest.mark.parametrize("role", Role.values)
def test_an_admin_makes_accounts_of_every_role(role: str) -> None:
    person = create_account(actor=world.an_admin(), account=account(role, password=world.PASSWORD))

    assert (person.role, person.username, person.is_active) == (role, "ana.lopez", True)
    assert (person.is_staff, person.is_superuser) == (False, False)
    sign_in(username="ana.lopez", password=world.PASSWORD)


def test_a_doctor_made_by_an_admin_is_found_at_once_and_the_desk_is_told() -> None:
    admin = world.an_admin()
    person = create_account(actor=admin, account=account("DOCTOR", specialization="Surgery"))

    assert person.is_approved
    assert [doctor.specialization for doctor in doctors_in_directory()] == ["Surgery"]
    assert world.types_in(DESK) == ["doctor.registered", "doctor.approved"]
    assert world.types_in(user_topic(person.pk)) == ["doctor.registered", "doctor.approved"]
    assert world.types_in(slots_topic(person.pk)) == ["hours.changed"]
    assert {event.actor for event in Event.objects.all()} == {admin}
    assert Notification.objects.get().person == person


@pytest.mark.parametrize("role", ["PATIENT", "RECEPTIONIST", "ADMIN"])
def test_others_are_made_without_an_event(role: str) -> None:
    create_account(actor=world.an_admin(), account=account(role))

    assert not Event.objects.exists()


@pytest.mark.parametrize("make", [world.a_receptionist, world.a_patient, world.a_doctor])
def test_only_an_admin_makes_accounts(make: Any) -> None:
    someone = make()
    with pytest.raises(Forbidden):
        create_account(actor=getattr(someone, "person", someone), account=account("ADMIN"))
    assert Person.objects.count() == 1


@pytest.mark.parametrize("make", [world.a_patient, world.a_doctor, world.a_pending_doctor])
def test_only_staff_adds_patients(make: Any) -> None:
    someone = make()
    with pytest.raises(Forbidden):
        add_patient(actor=getattr(someone, "person", someone), account=account())
    assert Person.objects.count() == 1


def test_without_a_password_nobody_can_sign_in() -> None:
    person = phoned().person

    assert not person.has_usable_password()
    for password in ("", person.password, "!"):
        with pytest.raises(WrongCredentials):
            sign_in(username=person.username, password=password)


def test_a_weak_password_is_refused() -> None:
    with pytest.raises(FieldError) as refusal:
        create_account(actor=world.an_admin(), account=account(password="12345678"))
    assert refusal.value.field == "password"
    assert Person.objects.count() == 1


def test_a_newcomer_lives_in_the_clinics_zone_unless_they_say_otherwise() -> None:
    Clinic.objects.update_or_create(id=Clinic.THE_ONE, defaults={"time_zone": "Europe/Lisbon"})

    assert phoned().person.time_zone == "Europe/Lisbon"
    assert phoned(profile={"time_zone": "Asia/Tokyo"}).person.time_zone == "Asia/Tokyo"
    with pytest.raises(FieldError):
        phoned(profile={"time_zone": "Atlantis"})


# -- user names ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "username"),
    [
        ({}, "ana.lopez"),
        ({"first_name": "", "last_name": "Łukasz-Núñez  de la Ó"}, "lukasz-nunez-de-la-o"),
        ({"first_name": "李", "last_name": "小龙"}, "person"),
        ({"first_name": "", "last_name": "", "email": "ana@example.org"}, "ana"),
    ],
)
def test_a_user_name_is_made_of_the_name(fields: dict[str, str], username: str) -> None:
    assert create_account(actor=world.an_admin(), account=account(**fields)).username == username


def test_a_user_name_that_is_used_gets_a_number() -> None:
    for taken in ("ANA.lopez", "ana.lopez7", "ana.lopez-x"):
        world.a_patient(taken)

    assert [phoned().person.username for _ in range(2)] == ["ana.lopez8", "ana.lopez9"]


def test_a_chosen_user_name_that_is_used_is_refused() -> None:
    world.a_patient("ana")
    with pytest.raises(FieldError) as refusal:
        phoned(username="Ana")
    assert (refusal.value.field, refusal.value.field_code) == ("username", "unique")


def test_an_account_of_nobody_is_refused() -> None:
    with pytest.raises(FieldError) as refusal:
        create_account(actor=world.an_admin(), account=account(first_name="", last_name=""))
    assert (refusal.value.field, refusal.value.field_code) == ("username", "required")


@pytest.mark.django_db(transaction=True)
def test_patients_of_one_name_who_are_added_at_once_get_names_of_their_own() -> None:
    desk = world.a_receptionist()

    added = together(*[lambda: add_patient(actor=desk, account=account())] * 4)

    assert {result.person.username for result in added if isinstance(result, AddedPatient)} == {
        "ana.lopez", "ana.lopez2", "ana.lopez3", "ana.lopez4",
    }  # fmt: skip


# -- duplicates ------------------------------------------------------------------------------------

BORN = date(1980, 2, 29)


def test_likely_duplicates_are_named_with_what_is_alike_the_likeliest_first() -> None:
    same_day = world.a_patient(date_of_birth=BORN)
    twin = world.a_patient(
        first_name="Anna", last_name="Lopez", date_of_birth=BORN, phone_number="+34 (91) 123-45 67"
    )
    world.a_patient(first_name="Ben", last_name="Weber", phone_number="030 7654321")

    added = phoned(profile={"date_of_birth": BORN, "phone_number": "0034 911234567"})

    assert [(each.person, each.alike) for each in added.duplicates] == [
        (twin, ("birth_date", "phone", "name")),
        (same_day, ("birth_date",)),
    ]
    assert added.person.pk not in (twin.pk, same_day.pk)


@pytest.mark.parametrize(
    ("known", "fields", "alike"),
    [
        ({"email": "ANA@example.org"}, {"email": "ana@example.org"}, "email"),
        ({"first_name": "López", "last_name": "ana"}, {}, "name"),
        ({"first_name": "Oezil", "last_name": "Mesut"}, {"first_name": "Mesut", "last_name": "Özil"}, "name"),
        ({"first_name": "Ana", "last_name": "Lopes"}, {}, "name"),
        ({"first_name": "Ana", "last_name": "Weber"}, {}, ""),
        ({"phone_number": "12 34"}, {"profile": {"phone_number": "1234"}}, ""),
        ({"phone_number": "12.345"}, {"profile": {"phone_number": "12/345"}}, "phone"),
    ],
)  # fmt: skip
def test_what_counts_as_alike(known: dict[str, Any], fields: dict[str, Any], alike: str) -> None:
    world.a_patient("someone", **{"first_name": "Zoe", "last_name": "Zimmer", **known})

    if not alike:
        assert phoned(**fields).duplicates == []
        return
    with pytest.raises(PossibleDuplicate) as refusal:
        add_patient(actor=world.a_receptionist(), account=account(**fields), unless_duplicate=True)
    assert [each.alike for each in refusal.value.duplicates] == [(alike,)]
    assert Person.objects.filter(role=Role.PATIENT).count() == 1


def test_staff_and_doctors_are_nobodys_duplicates() -> None:
    world.a_doctor(first_name="Ana", last_name="López")
    world.an_admin(first_name="Ana", last_name="López")

    assert phoned().duplicates == []


def test_an_address_that_is_used_is_refused_even_when_duplicates_are_welcome() -> None:
    world.a_patient(email="ana@example.org")
    with pytest.raises(FieldError) as refusal:
        phoned(email="Ana@example.org")
    assert (refusal.value.field, refusal.value.field_code) == ("email", "unique")


def test_at_most_ten_duplicates_are_named() -> None:
    for _ in range(12):
        world.a_patient(date_of_birth=BORN)

    assert len(phoned(profile={"date_of_birth": BORN}).duplicates) == 10
