"""Accounts that staff make for others, and finding people."""

from typing import Any

import pytest

from clinic.models import Doctor, IdempotentAnswer, Person
from tests import world
from tests.api.client import Api, Json, ok, refused, refused_fields
from tests.api.test_registering import DOCTOR, USER

pytestmark = pytest.mark.django_db

USERS = "/api/users/"
PATIENTS = "/api/users/patients/"
ANA: Json = {"first_name": "Ana", "last_name": "López"}


def make(**fields: Any) -> Json:
    return ok(Api(world.an_admin()).post(USERS, {**ANA, **fields}), 201)["user"]


def test_an_admin_makes_a_doctor_who_is_booked_at_once() -> None:
    user = make(role="DOCTOR", specialization="Surgery", password=world.PASSWORD)

    assert user.keys() == DOCTOR
    shown = {name: user[name] for name in ("username", "role", "is_approved", "specialization")}
    assert shown == {
        "username": "ana.lopez", "role": "DOCTOR", "is_approved": True, "specialization": "Surgery",
    }  # fmt: skip
    admin = Api(world.an_admin())
    hours = {"available_days": {"MONDAY": world.LONG_DAY}, "appointment_duration": 20}
    ok(admin.put(f"/api/doctors/{user['id']}/availability/", hours))
    world.book(Doctor.objects.get(), world.a_patient())


@pytest.mark.parametrize("role", ["PATIENT", "RECEPTIONIST", "ADMIN"])
def test_an_admin_makes_the_others_and_they_sign_in(role: str) -> None:
    user = make(role=role, username="ana", email="ana@example.org", password=world.PASSWORD)

    assert user.keys() == USER
    assert (user["role"], user["is_approved"]) == (role, True)
    login = {"username": "ana@example.org", "password": world.PASSWORD}
    access = ok(Api().post("/api/auth/login/", login))["access"]
    assert ok(Api(token=access).get("/api/users/me/"))["user"] == user


def test_without_a_password_the_account_waits_for_an_invitation() -> None:
    make(role="RECEPTIONIST", username="desk")

    assert not Person.objects.get(username="desk").has_usable_password()
    login = {"username": "desk", "password": "!"}
    refused(Api().post("/api/auth/login/", login), 401, "wrong_credentials")


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({}, {"role": "required"}),
        ({"role": "NURSE"}, {"role": "invalid_choice"}),
        ({"role": "ADMIN", "username": "a@b"}, {"username": "invalid"}),
        ({"role": "ADMIN", "username": "taken"}, {"username": "unique"}),
        ({"role": "ADMIN", "email": "TAKEN@example.org"}, {"email": "unique"}),
        ({"role": "ADMIN", "email": "nowhere"}, {"email": "invalid"}),
        ({"role": "ADMIN", "password": "12345678"}, {"password": "password_too_common"}),
        ({"role": "ADMIN", "time_zone": "Atlantis"}, {"time_zone": "invalid"}),
        ({"role": "ADMIN", "is_staff": True}, {"is_staff": "unknown"}),
        ({"role": "ADMIN", "is_superuser": True}, {"is_superuser": "unknown"}),
        ({"role": "ADMIN", "first_name": "", "last_name": ""}, {"username": "required"}),
    ],
)
def test_what_cannot_be_is_refused_by_field(fields: Json, refusal: dict[str, str]) -> None:
    world.a_patient("taken")
    admin = Api(world.an_admin())

    assert refused_fields(admin.post(USERS, {**ANA, **fields})) == refusal
    assert Person.objects.count() == 2


def test_read_only_fields_are_not_taken_from_the_request() -> None:
    user = make(role="ADMIN", id=77, is_approved=False, is_active=False)

    assert (user["is_approved"], user["is_active"]) == (True, True)
    assert user["id"] != 77
    person = Person.objects.get(pk=user["id"])
    assert (person.is_staff, person.is_superuser) == (False, False)


def test_a_repeated_request_makes_one_account_and_keeps_no_password() -> None:
    admin = Api(world.an_admin())
    body = {**ANA, "role": "DOCTOR", "password": world.PASSWORD}

    first, again = (ok(admin.post(USERS, body, key="one"), 201) for _ in range(2))

    assert first == again
    assert Person.objects.filter(role="DOCTOR").count() == 1
    assert world.PASSWORD not in IdempotentAnswer.objects.get().body
    refused(admin.post(USERS, {**body, "password": "x" * 9}, key="one"), 422, "idempotency_key_reused")  # fmt: skip


# -- patients who phoned ---------------------------------------------------------------------------


@pytest.mark.parametrize("who", [world.a_receptionist, world.an_admin])
def test_staff_adds_a_patient_who_phoned_and_books_for_them(who: Any) -> None:
    staff, doctor = Api(who()), world.a_doctor()

    answer = ok(staff.post(PATIENTS, ANA), 201)

    user = answer["user"]
    assert answer["possible_duplicates"] == []
    assert user.keys() == USER
    assert (user["role"], user["username"], user["email"]) == ("PATIENT", "ana.lopez", "")
    assert not Person.objects.get(pk=user["id"]).has_usable_password()
    booking = {
        "doctor_id": doctor.pk, "patient_id": user["id"],
        "start": world.next_free_start(doctor).isoformat(),
    }  # fmt: skip
    booked = ok(staff.post("/api/appointments/book/", booking), 201)["appointment"]
    assert booked["patient"] == {"id": user["id"], "name": "Ana López"}


def test_likely_duplicates_are_named_and_the_patient_is_added_all_the_same() -> None:
    known = world.a_patient(first_name="Anna", last_name="Lopez", date_of_birth="1980-02-29")
    desk = Api(world.a_receptionist())

    answer = ok(desk.post(PATIENTS, {**ANA, "date_of_birth": "1980-02-29"}), 201)

    assert answer["possible_duplicates"] == [
        {
            "id": known.pk,
            "name": "Anna Lopez",
            "date_of_birth": "1980-02-29",
            "phone_number": "",
            "email": known.email,
            "alike": ["birth_date", "name"],
        }
    ]
    assert answer["user"]["id"] != known.pk


def test_a_careful_client_is_refused_with_the_duplicates_and_nobody_is_added() -> None:
    known = world.a_patient(phone_number="0171 1234567")
    desk = Api(world.a_receptionist())
    body = {**ANA, "phone_number": "+49 171 1234567"}

    answer = desk.post(PATIENTS, {**body, "unless_duplicate": True}, key="once")

    told = refused(answer, 409, "possible_duplicate")
    assert [(each["id"], each["alike"]) for each in told["possible_duplicates"]] == [
        (known.pk, ["phone"])
    ]
    assert Person.objects.filter(role="PATIENT").count() == 1
    # The refusal is not kept: the same key may go on without the caution.
    ok(desk.post(PATIENTS, {**body, "unless_duplicate": False}, key="once"), 201)


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"first_name": ""}, {"first_name": "blank"}),
        ({"last_name": None}, {"last_name": "null"}),
        ({"password": "abc-defg-1"}, {"password": "unknown"}),
        ({"date_of_birth": "29.2.1980"}, {"date_of_birth": "invalid"}),
        ({"unless_duplicate": "perhaps"}, {"unless_duplicate": "invalid"}),
    ],
)
def test_a_patient_who_cannot_be_is_refused_by_field(fields: Json, refusal: Any) -> None:
    desk = Api(world.a_receptionist())

    assert refused_fields(desk.post(PATIENTS, {**ANA, **fields})) == refusal
    assert not Person.objects.filter(role="PATIENT").exists()


def test_who_phoned_is_a_patient_whatever_else_is_sent() -> None:
    user = ok(Api(world.a_receptionist()).post(PATIENTS, {**ANA, "role": "ADMIN"}), 201)["user"]

    assert user["role"] == "PATIENT"


# -- finding people --------------------------------------------------------------------------------


def found(path: str, plural: str, **query: Any) -> list[str]:
    answer = ok(Api(world.an_admin("asking", last_name="Zz")).get(path, **query))
    return [user["username"] for user in answer[plural]]


@pytest.mark.parametrize(
    ("q", "who"),
    [
        ("ana", ["ana"]),
        ("ANA lóp", ["ana"]),
        ("0171", ["ana", "ben"]),
        ("ben@", ["ben"]),
        ("1980-02-29", ["ben"]),
        ("ben 1980-02-29", ["ben"]),
        ("1980-02-30", []),
        ("weber ana", []),
        ("%", []),
        ("", ["ana", "ben"]),
        ("  ", ["ana", "ben"]),
    ],
)
def test_patients_are_found_by_every_word(q: str, who: list[str]) -> None:
    world.a_patient("ana", first_name="Ana", last_name="López", phone_number="0171 1")
    world.a_patient("ben", last_name="Weber", phone_number="0171 2", date_of_birth="1980-02-29")
    world.a_doctor("anatol")

    assert found(PATIENTS, "patients", q=q) == who


def test_one_patient_is_found_by_id_and_only_a_patient() -> None:
    patient, doctor = world.a_patient("ana"), world.a_doctor("doc")
    world.a_patient("ben")

    assert found(PATIENTS, "patients", id=patient.pk) == ["ana"]
    desk = Api(world.a_receptionist())
    for other in (doctor.pk, 10**15):
        assert ok(desk.get(PATIENTS, id=other))["patients"] == []


def test_people_are_found_by_role_and_word_page_by_page() -> None:
    for name in ("desk-a", "desk-b", "desk-c"):
        world.a_receptionist(name)
    world.a_doctor("doc")
    world.a_patient("desk-patient")
    admin = Api(world.an_admin("boss"))

    assert found(USERS, "users", role="DOCTOR") == ["doc"]
    both = admin.client.get(
        f"{USERS}?role=DOCTOR&role=RECEPTIONIST&q=d&limit=2",
        headers={"Authorization": f"Bearer {admin.token}"},
    )
    page = ok(both)  # type: ignore[arg-type]
    assert (page["count"], len(page["users"])) == (4, 2)
    rest = ok(admin.follow(page["next"]))
    assert len(rest["users"]) <= 2
    assert refused_fields(admin.get(USERS, role="NURSE")) == {"role.0": "invalid_choice"}
