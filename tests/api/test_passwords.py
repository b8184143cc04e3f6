"""Passwords, addresses and the list of sessions over HTTP: what is answered, to whom, and what ends."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine

from clinic import clock
from clinic.links import LinkKind, new_link_token
from clinic.models import Message, Person, Session
from tests import world
from tests.api.client import UNKNOWN, Api, Json, ok, refused, refused_fields, same_refusal

pytestmark = pytest.mark.django_db

CHANGE = "/api/auth/password/"
RESET = "/api/auth/password/reset/"
CONFIRM = "/api/auth/password/reset/confirm/"
VERIFY = "/api/auth/email/verify/"
RESEND = "/api/auth/email/resend/"
SESSIONS = "/api/auth/sessions/"
ME = "/api/users/me/"
NEW = "another-horse-battery-8"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:143.0) Gecko/20100101 Firefox/143.0"


def works(api: Api) -> bool:
    return api.get(ME).status_code == 200


def can_sign_in(name: str, password: str) -> bool:
    body = {"username": name, "password": password}
    return Api().post("/api/auth/login/", body).status_code == 200


# -- passwords ----------------------------------------------------------------------------------------------


def test_a_password_is_changed_and_every_other_session_ends() -> None:
    ana = world.a_patient("ana")
    here, there = Api(ana), Api(ana)

    response = here.post(CHANGE, {"old_password": world.PASSWORD, "new_password": NEW})

    assert (response.status_code, response.content) == (204, b"")
    assert works(here)
    refused(there.get(ME), 401, "token_invalid")
    assert can_sign_in("ana", NEW)
    assert not can_sign_in("ana", world.PASSWORD)


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"old_password": "required", "new_password": "required"}),
        ({"old_password": "x", "new_password": NEW}, {"old_password": "wrong_password"}),
        ({"old_password": world.PASSWORD, "new_password": "7"}, {"new_password": "password_too_short"}),
        ({"old_password": world.PASSWORD, "new_password": NEW, "x": 1}, {"x": "unknown"}),
        ({"old_password": ["x"], "new_password": NEW}, {"old_password": "invalid"}),
        ({"old_password": "x" * 1001, "new_password": NEW}, {"old_password": "max_length"}),
    ],
)  # fmt: skip
def test_a_change_that_is_refused_names_the_field(body: Json, fields: dict[str, str]) -> None:
    assert refused_fields(Api(world.a_patient()).post(CHANGE, body)) == fields


def test_asking_for_a_link_is_answered_alike_for_every_address() -> None:
    world.a_patient("ana")
    world.a_patient("gone", is_active=False)

    answers = [
        Api().post(RESET, {"email": f"{name}@example.org"})
        for name in ("ana", "ana", "ANA", "gone", "nobody")
    ]

    assert {ok(answer, 202)["message"] for answer in answers} == {
        "If there is an account with this address, a link is on its way to it."
    }
    assert all(same_headers(answers[0], answer) for answer in answers)


def same_headers(one: Any, other: Any) -> bool:
    left, right = (
        {k: v for k, v in each.headers.items() if k != "X-Request-ID"} for each in (one, other)
    )
    return left == right


def test_asking_costs_the_same_queries_for_every_address(
    django_assert_num_queries: Any, settings: Any
) -> None:
    settings.LIMIT_PASSWORD_RESET = settings.LIMIT_STRANGERS = None
    world.a_patient("ana")
    api = Api(checked=False)

    for name in ("ana", "nobody"):
        with django_assert_num_queries(3) as counted:
            api.post(RESET, {"email": f"{name}@example.org"})
        asked = [each["sql"] for each in counted.captured_queries]
        assert not [sql for sql in asked if sql.startswith("SELECT")], asked


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"email": "required"}),
        ({"email": "nowhere"}, {"email": "invalid"}),
        ({"email": "a@example.org", "username": "a"}, {"username": "unknown"}),
    ],
)
def test_what_is_no_address_is_refused(body: Json, fields: dict[str, str]) -> None:
    assert refused_fields(Api().post(RESET, body)) == fields
    assert not Message.objects.exists()


def test_a_network_that_asks_too_often_is_told_to_wait(settings: Any) -> None:
    from clinic.rules.rates import parse_rate

    settings.LIMIT_PASSWORD_RESET = parse_rate("2/3600")
    for n in range(2):
        ok(Api().post(RESET, {"email": f"{n}@example.org"}), 202)

    refused(Api().post(RESET, {"email": "3@example.org"}), 429, "rate_limited")


@pytest.mark.parametrize("name", ["password", "new_password"])
def test_a_link_sets_a_password_once(name: str) -> None:
    ana = world.a_patient("ana")
    there = Api(ana)
    body = {"token": new_link_token(LinkKind.RESET, ana), name: NEW}

    response = Api().post(CONFIRM, body)

    assert (response.status_code, response.content) == (204, b"")
    assert not works(there)
    assert can_sign_in("ana", NEW)
    again = refused(Api().post(CONFIRM, body), 400, "invalid")
    assert again["errors"][0]["field"] == "token"
    assert again["errors"][0]["code"] == "link_invalid"


def test_a_link_is_good_for_an_hour() -> None:
    ana = world.a_patient("ana")
    with time_machine.travel(clock.now().replace(microsecond=0), tick=False) as time:
        token = new_link_token(LinkKind.RESET, ana)
        time.shift(timedelta(hours=1, seconds=1))
        found = refused_fields(Api().post(CONFIRM, {"token": token, "password": NEW}))

        assert found == {"token": "link_invalid"}


def test_whatever_is_wrong_with_a_link_is_answered_alike() -> None:
    ana = world.a_patient("ana")
    used, gone = new_link_token(LinkKind.RESET, ana), world.a_patient("gone")
    of_gone = new_link_token(LinkKind.RESET, gone)
    Person.objects.filter(pk=gone.pk).update(is_active=False)
    ok(Api().post(CONFIRM, {"token": used, "password": NEW}), 204)

    first, *others = (
        Api().post(CONFIRM, {"token": token, "password": NEW})
        for token in (used, of_gone, "x", "a:b:c", used[:-1], Api(ana).token or "")
    )

    assert refused_fields(first) == {"token": "link_invalid"}
    assert all(same_refusal(first, other) for other in others)


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"password": NEW}, {"token": "required"}),
        ({"token": "x"}, {"password": "required"}),
        ({"token": "x", "password": NEW, "new_password": NEW}, {"password": "invalid"}),
        ({"token": "x", "password": NEW, "username": "ana"}, {"username": "unknown"}),
        ({"token": "x" * 1001, "password": NEW}, {"token": "max_length"}),
    ],
)
def test_a_malformed_confirmation_names_the_field(body: Json, fields: dict[str, str]) -> None:
    assert refused_fields(Api().post(CONFIRM, body)) == fields


# -- addresses ----------------------------------------------------------------------------------------------


def test_an_address_is_verified_by_its_link() -> None:
    ana = world.a_patient("ana")
    api = Api(ana)
    assert ok(api.get(ME))["user"]["email_verified_at"] is None

    response = Api().post(VERIFY, {"token": new_link_token(LinkKind.VERIFY, ana)})

    assert (response.status_code, response.content) == (204, b"")
    assert ok(api.get(ME))["user"]["email_verified_at"] is not None
    assert refused_fields(Api().post(VERIFY, {"token": "x"})) == {"token": "link_invalid"}
    assert refused_fields(Api().post(VERIFY, {"token": "x", "y": 1})) == {"y": "unknown"}


def test_the_link_is_mailed_again_to_whoever_asks_for_their_own() -> None:
    ana = world.a_patient("ana")

    ok(Api(ana).post(RESEND), 202)

    assert [mail.address for mail in Message.objects.all()] == ["ana@example.org"]
    refused(Api().post(RESEND), 401, "unauthenticated")


def test_another_address_is_taken_with_the_password() -> None:
    api = Api(world.a_patient("ana"))
    new = {"email": "ana@new.example"}

    assert refused_fields(api.patch(ME, new)) == {"current_password": "wrong_password"}
    wrong = {**new, "current_password": "x"}
    assert refused_fields(api.patch(ME, wrong)) == {"current_password": "wrong_password"}
    assert ok(api.get(ME))["user"]["email"] == "ana@example.org"

    user = ok(api.patch(ME, {**new, "current_password": world.PASSWORD}))["user"]

    assert (user["email"], user["email_verified_at"]) == ("ana@new.example", None)
    assert "current_password" not in user
    # As it is answered, it can be sent back.
    ok(api.put(ME, user))


def test_who_has_no_address_sends_their_profile_back_whole() -> None:
    api = Api(world.a_patient(email=""))

    user = ok(api.get(ME))["user"]

    assert ok(api.put(ME, user))["user"]["email"] == ""
    assert refused_fields(api.patch(ME, {"email": "nowhere"})) == {"email": "invalid"}


# -- sessions -----------------------------------------------------------------------------------------------


def test_the_sessions_of_a_person_are_listed_with_their_devices() -> None:
    ana = world.a_patient("ana")
    with time_machine.travel(clock.now() - timedelta(hours=3), tick=False):
        world.tokens(ana, device=FIREFOX)
    world.tokens(world.a_patient("ben"))
    ended = Api(ana)
    ok(ended.post("/api/auth/logout/"), 204)
    api = Api(ana)

    answer = ok(api.get(SESSIONS))

    assert answer.keys() == {"sessions", "count", "next", "previous"}
    here, there = answer["sessions"]
    assert here.keys() == {"id", "device", "last_seen_at", "current"}
    assert (here["current"], there["current"]) == (True, False)
    assert there["device"] == "Firefox on Windows"
    assert isinstance(here["id"], int)
    assert here["last_seen_at"] > there["last_seen_at"]
    # What the list shows opens nothing.
    assert str(Session.objects.get(number=there["id"]).id) not in str(answer)


def test_an_expired_session_is_not_listed() -> None:
    ana = world.a_patient("ana")
    with time_machine.travel(clock.now() - timedelta(days=1, seconds=1), tick=False):
        world.tokens(ana)

    assert ok(Api(ana).get(SESSIONS))["count"] == 1


def test_renewing_is_what_being_seen_means_and_a_request_writes_nothing(
    django_assert_num_queries: Any,
) -> None:
    with time_machine.travel(clock.now(), tick=False) as time:
        ana = world.a_patient("ana")
        pair = world.tokens(ana)
        time.shift(200)
        with django_assert_num_queries(3) as counted:
            [seen] = ok(Api(token=pair.access, checked=False).get(SESSIONS))["sessions"]
        assert all(q["sql"].startswith("SELECT") for q in counted.captured_queries)
        new = ok(Api().post("/api/auth/refresh/", {"refresh": pair.refresh}))
        [renewed] = ok(Api(token=new["access"]).get(SESSIONS))["sessions"]

    assert renewed["last_seen_at"] > seen["last_seen_at"]


def test_signing_out_elsewhere_ends_that_session_and_no_other() -> None:
    ana = world.a_patient("ana")
    here, there, third = Api(ana), Api(ana), Api(ana)
    listed = {each["current"]: each["id"] for each in ok(there.get(SESSIONS))["sessions"]}

    response = here.delete(f"{SESSIONS}{listed[True]}/")

    assert (response.status_code, response.content) == (204, b"")
    refused(there.get(ME), 401, "token_invalid")
    assert works(here)
    assert works(third)
    assert ok(here.get(SESSIONS))["count"] == 2
    refused(here.delete(f"{SESSIONS}{listed[True]}/"), 404, "not_found")


def test_one_s_own_session_can_be_ended_too() -> None:
    api = Api(world.a_patient())
    [own] = ok(api.get(SESSIONS))["sessions"]

    ok(api.delete(f"{SESSIONS}{own['id']}/"), 204)

    refused(api.get(ME), 401, "token_invalid")


def test_a_session_of_somebody_else_is_answered_as_one_that_does_not_exist() -> None:
    other = Api(world.a_patient())
    [theirs] = ok(other.get(SESSIONS))["sessions"]
    api = Api(world.an_admin())

    foreign = api.delete(f"{SESSIONS}{theirs['id']}/")
    unknown = api.delete(f"{SESSIONS}{UNKNOWN}/")

    refused(foreign, 404, "not_found")
    assert same_refusal(foreign, unknown)
    assert works(other)
