"""Staying signed in and signing out: rotation, races, reuse, ends."""

from datetime import timedelta

import pytest
import time_machine

from clinic import clock
from clinic.models import Session
from tests import world
from tests.api.client import Api, ok, refused, refused_fields, same_refusal

pytestmark = pytest.mark.django_db

REFRESH = ["/api/auth/refresh/", "/api/token/refresh/"]


def works(access: str) -> bool:
    return Api(token=access).get("/api/users/me/").status_code == 200


@pytest.mark.parametrize("path", REFRESH)
def test_a_refresh_token_is_traded_for_a_new_pair(path: str) -> None:
    old = world.tokens(world.a_patient())

    new = ok(Api().post(path, {"refresh": old.refresh}))

    assert new.keys() == {"access", "refresh"}
    assert new["refresh"] != old.refresh
    assert works(new["access"])
    assert works(old.access)


@pytest.mark.parametrize("path", REFRESH)
def test_the_second_use_within_ten_seconds_loses_and_the_session_stands(path: str) -> None:
    old = world.tokens(world.a_patient())
    new = ok(Api().post(path, {"refresh": old.refresh}))

    refused(Api().post(path, {"refresh": old.refresh}), 401, "refresh_raced")

    assert works(new["access"])
    ok(Api().post(path, {"refresh": new["refresh"]}))


def test_a_use_after_ten_seconds_ends_the_session() -> None:
    with time_machine.travel(clock.now(), tick=False) as time:
        old = world.tokens(world.a_patient())
        new = ok(Api().post(REFRESH[0], {"refresh": old.refresh}))
        time.shift(10)
        refused(Api().post(REFRESH[0], {"refresh": old.refresh}), 401, "refresh_raced")
        time.shift(1)
        refused(Api().post(REFRESH[0], {"refresh": old.refresh}), 401, "token_invalid")

        assert not works(new["access"])
        refused(Api().post(REFRESH[0], {"refresh": new["refresh"]}), 401, "token_invalid")


def test_an_older_generation_ends_the_session_at_once() -> None:
    first = world.tokens(world.a_patient())
    second = ok(Api().post(REFRESH[0], {"refresh": first.refresh}))
    third = ok(Api().post(REFRESH[0], {"refresh": second["refresh"]}))

    refused(Api().post(REFRESH[0], {"refresh": first.refresh}), 401, "token_invalid")

    assert not works(third["access"])


def test_a_session_ends_after_a_day_without_use() -> None:
    with time_machine.travel(clock.now(), tick=False) as time:
        old = world.tokens(world.a_patient())
        time.shift(timedelta(hours=23))
        new = ok(Api().post(REFRESH[0], {"refresh": old.refresh}))
        time.shift(timedelta(hours=23))
        newer = ok(Api().post(REFRESH[0], {"refresh": new["refresh"]}))
        time.shift(timedelta(hours=24, seconds=1))

        refused(Api().post(REFRESH[0], {"refresh": newer["refresh"]}), 401, "token_invalid")


def test_an_access_token_lives_five_minutes() -> None:
    with time_machine.travel(clock.now(), tick=False) as time:
        access = world.tokens(world.a_patient()).access
        time.shift(299)
        assert works(access)
        time.shift(2)
        refused(Api(token=access).get("/api/users/me/"), 401, "token_invalid")


@pytest.mark.parametrize("path", REFRESH)
def test_without_a_token_there_is_nothing_to_refresh(path: str) -> None:
    refused(Api().post(path), 401, "token_invalid")


@pytest.mark.parametrize(
    ("body", "field"),
    [({"refresh": None}, "refresh"), ({"refresh": ["x"]}, "refresh"), ({"token": "x"}, "token")],
)
def test_a_malformed_refresh_names_the_field(body: object, field: str) -> None:
    assert field in refused_fields(Api().post(REFRESH[0], body))


def test_a_garbled_cookie_is_no_token() -> None:
    api = Api()
    api.client.cookies["clinic_refresh"] = "garbage"

    refused(api.post(REFRESH[0]), 401, "token_invalid")


def test_logging_out_ends_this_session_and_no_other() -> None:
    patient = world.a_patient()
    here, there = world.tokens(patient), world.tokens(patient)
    api = Api(token=here.access)

    response = api.post("/api/auth/logout/")

    assert (response.status_code, response.content) == (204, b"")
    assert response.cookies["clinic_refresh"]["max-age"] == 0
    assert response.cookies["clinic_refresh"]["path"] == "/api/auth/"
    refused(api.get("/api/users/me/"), 401, "token_invalid")
    refused(Api().post(REFRESH[0], {"refresh": here.refresh}), 401, "token_invalid")
    refused(api.post("/api/auth/logout/"), 401, "token_invalid")
    assert works(there.access)


def test_deactivating_ends_every_session_and_says_no_more_than_any_refusal() -> None:
    patient = world.a_patient()
    held = [world.tokens(patient) for _ in range(3)]

    ok(Api(world.an_admin()).post(f"/api/users/{patient.pk}/deactivate/"))

    answers = [Api(token=pair.access).get("/api/users/me/") for pair in held]
    refused(answers[0], 401, "token_invalid")
    assert same_refusal(answers[0], Api(token="garbage").get("/api/users/me/"))
    for pair in held:
        refused(Api().post(REFRESH[0], {"refresh": pair.refresh}), 401, "token_invalid")


def test_activating_lets_people_sign_in_again_but_revives_no_session() -> None:
    patient, admin = world.a_patient(), Api(world.an_admin())
    held = world.tokens(patient)
    ok(admin.post(f"/api/users/{patient.pk}/deactivate/"))

    answer = ok(admin.post(f"/api/users/{patient.pk}/activate/"))

    assert answer["user"]["is_active"] is True
    assert not works(held.access)
    body = {"username": patient.username, "password": world.PASSWORD}
    ok(Api().post("/api/auth/login/", body))


def test_a_session_remembers_its_device_in_printable_letters() -> None:
    world.a_patient("ana")
    body = {"username": "ana", "password": world.PASSWORD}

    ok(Api().post("/api/auth/login/", body, User_Agent="Fire\0fox " + "x" * 500))

    assert Session.objects.get().device == ("Firefox " + "x" * 500)[:200]
