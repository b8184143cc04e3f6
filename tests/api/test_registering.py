"""Making an account: what it takes, what it answers, what it never gives."""

from typing import Any

import pytest

from clinic.models import Person, Role
from clinic.rules.hours import Weekday
from clinic.shapes.people import DoctorUserShape, UserShape
from tests import world
from tests.api.client import Api, Json, ok, refused_fields

pytestmark = pytest.mark.django_db

PATHS = ["/api/auth/register/", "/api/users/register/"]
USER = {
    "id", "username", "email", "email_verified_at", "email_bounced_at", "first_name", "last_name", "role",
    "date_of_birth", "phone_number", "address", "location", "time_zone", "language",
    "is_approved", "is_active", "created_at", "updated_at",
}  # fmt: skip
DOCTOR = USER | {
    "specialization", "available_days", "appointment_duration", "max_patients_per_day",
}  # fmt: skip


def body(**changes: Any) -> Json:
    whole: dict[str, Any] = {
        "username": "ana", "email": "ana@example.org", "password": world.PASSWORD, "role": "PATIENT",
    }  # fmt: skip
    whole.update(changes)
    return {name: value for name, value in whole.items() if value is not None}


@pytest.mark.parametrize("path", PATHS)
def test_a_patient_registers_and_is_signed_in(path: str) -> None:
    profile = {"first_name": "Ana", "last_name": "Diaz", "date_of_birth": "1990-05-01"}
    answer = ok(Api().post(path, body(**profile)), 201)

    assert answer["user"].keys() == USER
    assert answer["user"] | profile == answer["user"]
    assert (answer["user"]["role"], answer["user"]["is_approved"]) == ("PATIENT", True)
    assert answer["tokens"].keys() == {"access", "refresh"}
    me = ok(Api(token=answer["tokens"]["access"]).get("/api/users/me/"))
    assert me["user"] == answer["user"]


def test_the_second_path_says_the_main_fields_at_the_top_too() -> None:
    first, second = (
        ok(Api().post(path, body(username=f"ana{n}", email=f"a{n}@example.org")), 201)
        for n, path in enumerate(PATHS)
    )

    assert first.keys() == {"message", "user", "tokens"}
    assert second.keys() == first.keys() | {"id", "username", "email", "role"}
    assert all(second[name] == second["user"][name] for name in ("id", "username", "email", "role"))


@pytest.mark.parametrize("path", PATHS)
def test_a_doctor_registers_as_pending(path: str) -> None:
    answer = ok(Api().post(path, body(role="DOCTOR", specialization="Surgery")), 201)

    assert answer["user"].keys() == DOCTOR
    assert answer["user"]["is_approved"] is False
    assert answer["user"]["specialization"] == "Surgery"
    days = answer["user"]["available_days"]
    assert set(days) == {day.name for day in Weekday}
    assert not any(day["is_available"] for day in days.values())


def test_the_shapes_of_people_hold_these_fields_and_no_others() -> None:
    assert UserShape.model_fields.keys() == USER
    assert DoctorUserShape.model_fields.keys() == DOCTOR


@pytest.mark.parametrize("role", ["ADMIN", "RECEPTIONIST", "patient", "SUPERUSER", ""])
def test_nobody_registers_as_staff(role: str) -> None:
    assert "role" in refused_fields(Api().post(PATHS[0], body(role=role)))
    assert not Person.objects.exists()


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"username": None}, "username", "required"),
        ({"username": "ana@example.org"}, "username", "invalid"),
        ({"username": ""}, "username", "blank"),
        ({"username": "a b"}, "username", "invalid"),
        ({"username": "a" * 151}, "username", "max_length"),
        ({"username": ["ana"]}, "username", "invalid"),
        ({"email": None}, "email", "required"),
        ({"email": "nowhere"}, "email", "invalid"),
        ({"password": None}, "password", "required"),
        ({"password": "short-7"}, "password", "password_too_short"),
        ({"password": "x" * 129}, "password", "too_long"),
        ({"password": "password1"}, "password", "password_too_common"),
        ({"password": "839201847561"}, "password", "password_entirely_numeric"),
        (
            {"username": "annabella", "password": "annabella1"},
            "password",
            "password_too_similar",
        ),
        ({"role": None}, "role", "required"),
        ({"time_zone": "Mars/Olympus"}, "time_zone", "invalid"),
        ({"date_of_birth": "1990-02-30"}, "date_of_birth", "invalid"),
        ({"date_of_birth": "yesterday"}, "date_of_birth", "invalid"),
        ({"first_name": "x" * 151}, "first_name", "max_length"),
        ({"first_name": "zero\0"}, "first_name", "null_characters_not_allowed"),
        ({"favourite_colour": "blue"}, "favourite_colour", "unknown"),
        ({"is_superuser": True}, "is_superuser", "unknown"),
        ({"is_staff": True}, "is_staff", "unknown"),
        ({"groups": [1]}, "groups", "unknown"),
    ],
)
def test_a_refusal_names_the_field(changes: Json, field: str, code: str) -> None:
    found = refused_fields(Api().post(PATHS[0], body(**changes)))

    assert found[field] == code
    assert not Person.objects.exists()


@pytest.mark.parametrize(
    ("field", "taken", "other"),
    [
        ("username", "Ana", {"email": "other@example.org"}),
        ("email", "ANA@example.ORG", {"username": "other"}),
    ],
)
def test_user_names_and_addresses_are_taken_whatever_their_case(
    field: str, taken: str, other: Json
) -> None:
    ok(Api().post(PATHS[0], body()), 201)

    found = refused_fields(Api().post(PATHS[0], body(**{field: taken}, **other)))

    assert found == {field: "unique"}
    assert Person.objects.count() == 1


@pytest.mark.parametrize("role", ["PATIENT", "DOCTOR"])
def test_fields_that_only_answers_have_are_passed_over(role: str) -> None:
    asked = {"id": 4711, "is_approved": role == "DOCTOR", "is_active": False}

    answer = ok(Api().post(PATHS[0], body(role=role, **asked)), 201)

    person = Person.objects.get()
    assert answer["user"]["id"] == person.pk != 4711
    assert person.is_approved is (role == "PATIENT")
    assert person.is_active
    assert not person.is_staff
    assert not person.is_superuser


def test_a_password_of_128_characters_and_of_any_letters_works() -> None:
    password = "пароль-" * 18 + "ab"
    ok(Api().post(PATHS[0], body(password=password)), 201)

    ok(Api().post("/api/auth/login/", {"username": "ana", "password": password}))


def test_a_password_keeps_its_spaces() -> None:
    ok(Api().post(PATHS[0], body(password="  two words and more  ")), 201)

    wrong = {"username": "ana", "password": "two words and more"}
    assert Api().post("/api/auth/login/", wrong).status_code == 401


def test_passwords_are_kept_as_argon2() -> None:
    ok(Api().post(PATHS[0], body()), 201)

    assert Person.objects.get().password.startswith("argon2$argon2id$")


def test_a_newcomer_without_a_zone_gets_the_clinics() -> None:
    from clinic.models import Clinic

    Clinic.objects.update_or_create(id=Clinic.THE_ONE, defaults={"time_zone": "Asia/Kathmandu"})

    answer = ok(Api().post(PATHS[0], body()), 201)

    assert answer["user"]["time_zone"] == "Asia/Kathmandu"


def test_registering_does_not_care_who_is_signed_in() -> None:
    admin = Api(world.an_admin())

    assert ok(admin.post(PATHS[0], body()), 201)["user"]["role"] == Role.PATIENT
    assert (
        Api(token="garbage").post(PATHS[0], body(username="b", email="b@x.org")).status_code == 201
    )
