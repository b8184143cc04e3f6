"""Signing in: by name or address, and alike for whatever is wrong."""

from typing import Any

import pytest

from clinic.models import Session
from tests import world
from tests.api.client import Api, Json, ok, refused, refused_fields, same_refusal

pytestmark = pytest.mark.django_db

PATHS = ["/api/auth/login/", "/api/token/"]
COOKIE = {"X-Refresh-Cookie": "1"}


def login(name: str, password: str = world.PASSWORD) -> Json:
    return {"username": name, "password": password}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("name", ["ana", "ANA", "ana@example.org", "Ana@Example.ORG"])
def test_name_and_address_both_work_in_any_case(path: str, name: str) -> None:
    ana = world.a_patient("ana")

    answer = ok(Api().post(path, login(name)))

    assert answer.keys() == {"access", "refresh"}
    me = ok(Api(token=answer["access"]).get("/api/users/me/"))
    assert me["user"]["id"] == ana.pk


@pytest.mark.parametrize("path", PATHS)
def test_every_wrong_sign_in_is_answered_alike(path: str) -> None:
    world.a_patient("ana")
    world.a_patient("gone", is_active=False)
    world.a_patient("phoned", password=None)
    wrong = [
        login("ana", "not-her-password"), login("ana", world.PASSWORD.upper()), login("nobody"),
        login("nobody@example.org"), login("gone"), login("phoned"), login("phoned", "!"),
        login("a%"), login("an_"),
    ]  # fmt: skip

    first, *others = (Api().post(path, body) for body in wrong)

    refused(first, 401, "wrong_credentials")
    assert first.headers["WWW-Authenticate"] == "Bearer"
    assert all(same_refusal(first, other) for other in others)
    assert not Session.objects.exists()


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"password": "x"}, "username", "required"),
        ({"username": "ana"}, "password", "required"),
        ({"username": "", "password": "x"}, "username", "blank"),
        ({"username": None, "password": "x"}, "username", "null"),
        ({"username": "ana\0", "password": "x"}, "username", "null_characters_not_allowed"),
        ({"username": "a" * 255, "password": "x"}, "username", "max_length"),
        ({"username": "ana", "password": "x" * 1001}, "password", "max_length"),
        ({"username": "ana", "password": "x", "otp": "1"}, "otp", "unknown"),
        ({"username": {"a": 1}, "password": []}, "username", "invalid"),
    ],
)
def test_a_malformed_sign_in_names_the_field(body: Json, field: str, code: str) -> None:
    assert refused_fields(Api().post(PATHS[0], body))[field] == code


@pytest.mark.parametrize("path", PATHS)
def test_a_browser_gets_its_refresh_token_as_a_cookie_only(path: str) -> None:
    world.a_patient("ana")
    api = Api()

    response = api.post(path, login("ana"), **COOKIE)

    assert ok(response).keys() == {"access"}
    cookie = response.cookies["clinic_refresh"]
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Strict")
    assert cookie["path"] == "/api/auth/"
    assert cookie["max-age"] == 24 * 60 * 60
    assert not cookie["domain"]
    assert cookie.value not in response.content.decode()

    refreshed = api.post("/api/auth/refresh/", **COOKIE)
    assert ok(refreshed).keys() == {"access"}
    assert refreshed.cookies["clinic_refresh"].value != cookie.value


def test_registering_gives_the_cookie_too() -> None:
    body = {"email": "ana@example.org", "role": "PATIENT", **login("ana")}

    response = Api().post("/api/auth/register/", body, **COOKIE)

    assert ok(response, 201)["tokens"].keys() == {"access"}
    assert response.cookies["clinic_refresh"]["httponly"]


@pytest.mark.parametrize("secure", [False, True])
def test_the_cookie_is_secure_where_the_service_is(settings: Any, secure: bool) -> None:
    settings.BEHIND_TLS = secure
    world.a_patient("ana")

    response = Api().post(PATHS[0], login("ana"), **COOKIE)

    assert bool(response.cookies["clinic_refresh"]["secure"]) is secure


def test_the_body_holds_both_tokens_unless_the_cookie_is_asked_for() -> None:
    world.a_patient("ana")

    response = Api().post(PATHS[0], login("ana"), X_Refresh_Cookie="0")

    assert ok(response).keys() == {"access", "refresh"}
    assert not response.cookies
