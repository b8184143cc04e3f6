"""Whoever tries too often is told when to try again; nobody can lock anybody else out."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import time_machine
from django.http import HttpResponse

from clinic import clock
from clinic.actions.retention import drop_expired
from clinic.actions.sessions import sign_in
from clinic.context import RequestContext, current_request
from clinic.errors import RateLimited, WrongCredentials
from clinic.models import KnownNetwork, Person
from clinic.rules.rates import growing, steady
from tests import world
from tests.api.client import Api, Json, ok, refused, same_refusal
from tests.together import together

pytestmark = pytest.mark.django_db

LOGIN = "/api/auth/login/"
HOME, AWAY, ELSEWHERE = "203.0.113.7", "198.51.100.1", "2001:db8:7::1"


@pytest.fixture
def time() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(clock.now(), tick=False) as traveller:
        yield traveller


def at(network: str, person: Person | None = None) -> Api:
    api = Api(person)
    api.client.defaults["REMOTE_ADDR"] = network
    return api


def login(network: str, name: str, password: str = "wrong") -> HttpResponse:
    return at(network).post(LOGIN, {"username": name, "password": password})


def limited(response: HttpResponse) -> int:
    """The milliseconds to wait that a refusal names, in every place that says so."""
    body = refused(response, 429, "rate_limited")
    seconds = -(-body["retry_after_ms"] // 1000)
    assert response.headers["Retry-After"] == str(seconds)
    assert str(seconds) in body["detail"]
    return int(body["retry_after_ms"])


# -- signing in -----------------------------------------------------------------------------------


def test_a_sixth_wrong_try_waits_and_each_further_one_twice_as_long(time: Any) -> None:
    world.a_patient("ana")
    for _ in range(5):
        refused(login(HOME, "ana"), 401, "wrong_credentials")

    waits = []
    for _ in range(12):
        waits.append(limited(login(HOME, "ana")))
        time.shift(timedelta(milliseconds=waits[-1]))
        refused(login(HOME, "ana"), 401, "wrong_credentials")

    doubled = [1000 * 2**n for n in range(10)]
    assert waits == [*doubled, 900_000, 900_000]


def test_the_right_password_waits_like_a_wrong_one_and_begins_anew(time: Any) -> None:
    world.a_patient("ana")
    for _ in range(5):
        login(HOME, "ana")

    limited(login(HOME, "ana", world.PASSWORD))
    time.shift(timedelta(seconds=1))
    ok(login(HOME, "ana", world.PASSWORD))

    for _ in range(5):
        refused(login(HOME, "ana"), 401, "wrong_credentials")


@pytest.mark.django_db(transaction=True)
def test_of_sixty_wrong_tries_at_the_same_moment_exactly_five_are_looked_at() -> None:
    world.a_patient("ana")

    def attempt() -> Any:
        current_request.set(RequestContext(network=HOME))
        return sign_in(username="ana", password="wrong")

    found = together(*[attempt] * 60)

    assert Counter(map(type, found)) == {WrongCredentials: 5, RateLimited: 55}


def test_accounts_that_exist_and_that_do_not_are_limited_alike(time: Any) -> None:
    world.a_patient("ana")
    world.a_patient("gone", is_active=False)
    world.a_patient("phoned", password=None)

    known, *others = (
        [login(HOME, name) for _ in range(8)] for name in ("ana", "nobody", "gone", "phoned")
    )

    assert [answer.status_code for answer in known] == [401] * 5 + [429] * 3
    for other in others:
        assert all(same_refusal(one, two) for one, two in zip(known, other, strict=True))


def test_a_name_and_an_address_of_one_account_do_not_show_that_they_are_one() -> None:
    world.a_patient("ana")
    for _ in range(5):
        login(HOME, "ana")

    refused(login(HOME, "ana@example.org"), 401, "wrong_credentials")


@pytest.mark.parametrize("spelling", ["ANA", "Ana", "aNa"])
def test_another_spelling_of_a_name_is_no_new_try(spelling: str) -> None:
    world.a_patient("ana")
    for _ in range(5):
        login(HOME, "ana")

    limited(login(HOME, spelling))


def test_strangers_everywhere_cannot_lock_a_person_out_at_home(time: Any) -> None:
    world.a_doctor("house")
    ok(login(HOME, "house", world.PASSWORD))
    time.shift(timedelta(days=30))
    answers = [login(f"198.51.100.{n}", "house") for n in range(100)]
    assert Counter(answer.status_code for answer in answers) == {401: 20, 429: 80}

    limited(login(ELSEWHERE, "house", world.PASSWORD))
    ok(login(HOME, "house", world.PASSWORD))


def test_a_guess_from_everywhere_gets_slower_and_never_ends_for_the_owner(time: Any) -> None:
    """The owner is where they never were: they wait for minutes at most, however long it goes on."""
    world.a_doctor("house")
    asked = 0
    for n in range(60):
        left = login(f"198.51.100.{n}", "house")
        if left.status_code == 429:
            asked += 1
            assert limited(left) <= 300_000
            time.shift(timedelta(milliseconds=limited(left)))

    assert asked > 15
    time.shift(timedelta(seconds=300))
    ok(login(ELSEWHERE, "house", world.PASSWORD))


def test_a_network_that_was_not_used_for_long_is_no_home_any_more(time: Any) -> None:
    world.a_doctor("house")
    ok(login(HOME, "house", world.PASSWORD))

    time.shift(timedelta(days=91))
    for n in range(100):
        login(f"198.51.100.{n}", "house")

    limited(login(HOME, "house", world.PASSWORD))
    drop_expired()
    assert not KnownNetwork.objects.exists()


def test_where_somebody_has_been_is_not_readable_in_the_database() -> None:
    ana = world.a_patient("ana")
    ok(login(HOME, "ana", world.PASSWORD))
    ok(login(HOME, "ana", world.PASSWORD))

    [known] = KnownNetwork.objects.filter(person=ana)
    assert HOME not in known.digest


def test_one_network_cannot_try_a_password_on_everybody(settings: Any) -> None:
    settings.LIMIT_SIGN_IN_NETWORK = steady(10, 600)

    answers = [login(AWAY, f"person{n}") for n in range(20)]

    assert Counter(answer.status_code for answer in answers) == {401: 10, 429: 10}
    refused(login(HOME, "person1"), 401, "wrong_credentials")


def test_a_try_that_is_refused_for_the_network_costs_the_account_nothing(settings: Any) -> None:
    settings.LIMIT_SIGN_IN_NETWORK = steady(1, 600)
    world.a_patient("ana")
    for _ in range(30):
        login(AWAY, "ana")
    settings.LIMIT_SIGN_IN_NETWORK = None

    for _ in range(4):
        refused(login(AWAY, "ana"), 401, "wrong_credentials")


def test_a_household_of_ipv6_is_one_network() -> None:
    for n in range(5):
        login(f"2001:db8:1:2::{n}", "ana")

    limited(login("2001:db8:1:2:ffff::9", "ana"))
    refused(login("2001:db8:1:3::1", "ana"), 401, "wrong_credentials")


def test_nobody_gets_new_tries_by_naming_other_addresses() -> None:
    for n in range(5):
        at(AWAY).post(LOGIN, {"username": "ana", "password": "x"}, X_Forwarded_For=f"10.0.0.{n}")

    limited(at(AWAY).post(LOGIN, {"username": "ana", "password": "x"}, X_Forwarded_For="10.1.1.1"))


def test_behind_a_proxy_each_client_has_its_own_tries(settings: Any) -> None:
    settings.TRUSTED_PROXIES = 1
    body = {"username": "ana", "password": "x"}
    for n in range(5):
        at("10.0.0.1").post(LOGIN, body, X_Forwarded_For=f"10.9.9.{n}, {AWAY}")

    limited(at("10.0.0.1").post(LOGIN, body, X_Forwarded_For=AWAY))
    other = at("10.0.0.1").post(LOGIN, body, X_Forwarded_For=HOME)
    refused(other, 401, "wrong_credentials")


def test_the_operators_way_in_counts_too() -> None:
    Person.objects.create_superuser("root", "root@example.org", world.PASSWORD)
    for _ in range(5):
        login("127.0.0.1", "root")
    client = Api().client
    client.handler.enforce_csrf_checks = False
    try:
        page = client.post("/admin/login/", {"username": "root", "password": world.PASSWORD})
    finally:
        client.handler.enforce_csrf_checks = True

    assert page.status_code == 200
    assert b"Try again in 1 second." in page.content


# -- everything else ------------------------------------------------------------------------------


def registration(number: int) -> Json:
    return {
        "username": f"new{number}", "email": f"new{number}@example.org", "role": "PATIENT",
        "password": world.PASSWORD,
    }  # fmt: skip


def test_one_network_makes_so_many_accounts_and_no_more(settings: Any) -> None:
    settings.LIMIT_REGISTER = steady(3, 3600)
    for number in range(3):
        ok(at(AWAY).post("/api/auth/register/", registration(number)), 201)

    assert 1_199_000 < limited(at(AWAY).post("/api/users/register/", registration(4))) <= 1_200_000
    ok(at(HOME).post("/api/users/register/", registration(5)), 201)
    assert Person.objects.count() == 4


def test_one_session_is_refreshed_so_often_and_no_more(settings: Any) -> None:
    settings.LIMIT_REFRESH = steady(2, 60)
    ana = world.a_patient("ana")
    first, other = world.tokens(ana).refresh, world.tokens(ana).refresh
    second = ok(Api().post("/api/auth/refresh/", {"refresh": first}))["refresh"]
    third = ok(Api().post("/api/auth/refresh/", {"refresh": second}))["refresh"]

    limited(Api().post("/api/token/refresh/", {"refresh": third}))
    ok(Api().post("/api/token/refresh/", {"refresh": other}))


def test_a_person_asks_so_often_and_no_more_whatever_is_answered(settings: Any) -> None:
    settings.LIMIT_PERSON = steady(4, 60)
    ana, ben = world.a_patient("ana"), world.a_patient("ben")
    api = Api(ana)
    ok(api.get("/api/clinic/"))
    refused(api.get("/api/users/"), 403, "forbidden")
    refused(api.get("/api/appointments/999/"), 404, "not_found")
    ok(Api(ana).get("/api/users/me/"))

    assert 0 < limited(api.get("/api/clinic/")) <= 15_000
    limited(Api(ana).post("/api/appointments/book/", {}))
    ok(Api(ben).get("/api/clinic/"))


@pytest.mark.parametrize("path", ["/api/clinic/", "/api/schema/", "/api/no-such-thing/"])
def test_whoever_is_not_signed_in_shares_what_their_network_has(settings: Any, path: str) -> None:
    settings.LIMIT_STRANGERS = steady(3, 60)
    for token in (None, "garbage", world.tokens(world.a_patient()).refresh):
        api = at(AWAY)
        api.token = token
        assert api.get("/api/clinic/").status_code == 401

    answer = at(AWAY).get(path)
    if path == "/api/no-such-thing/":
        refused(answer, 404, "not_found")  # it costs nothing to say so
    else:
        limited(answer)
        ok(at(AWAY, world.a_patient()).get("/api/clinic/"))
        assert at(HOME).get(path).status_code in (200, 401)


def test_a_limit_that_is_reached_says_so_to_other_sites_scripts_too(settings: Any) -> None:
    settings.LIMIT_PERSON = steady(1, 60)
    settings.CORS_ALLOWED_ORIGINS = ["https://app.example"]
    api = Api(world.a_patient())
    asked = partial(api.send, "GET", "/api/clinic/", headers={"Origin": "https://app.example"})
    asked()

    response = asked()

    limited(response)
    assert response.headers["Access-Control-Allow-Origin"] == "https://app.example"
    exposed = response.headers["Access-Control-Expose-Headers"].lower()
    assert {"retry-after", "x-request-id", "etag"} <= set(exposed.replace(" ", "").split(","))


def test_every_operation_of_the_document_says_that_it_may_be_too_often() -> None:
    document = json.loads(Api(checked=False).get("/api/schema/", format="json").content)

    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            answer = operation["responses"]["429"]
            assert answer["headers"]["Retry-After"]["schema"]["type"] == "integer", (path, method)
            [content] = answer["content"].values()
            assert content["schema"]["$ref"].endswith("/Problem")


def test_waits_that_are_switched_off_are_off(settings: Any) -> None:
    settings.LIMIT_SIGN_IN = settings.LIMIT_SIGN_IN_ACCOUNT = settings.LIMIT_SIGN_IN_NETWORK = None

    assert {login(AWAY, "ana").status_code for _ in range(30)} == {401}


def test_settings_name_the_waits_that_hold(settings: Any) -> None:
    settings.LIMIT_SIGN_IN = growing(1, 7, 7, 60)
    login(AWAY, "ana")

    assert 6_000 < limited(login(AWAY, "ana")) <= 7_000
