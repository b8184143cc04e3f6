"""A browser asks to be told of news, or to be told no more."""

from functools import partial
from typing import Any

import pytest

from clinic.actions.push import BROWSERS, subscribe_browser
from clinic.models import PushSubscription
from clinic.rules.endpoints import ENDPOINT_MAX_CHARS
from clinic.tokens import read_access
from clinic.vapid import public_key
from tests import world
from tests.api.client import Api, ok, refused
from tests.together import together

pytestmark = pytest.mark.django_db

PHONE = "https://push.example/send/phone"


def subscribed(api: Api) -> bool:
    answer = ok(api.get("/api/push/"))
    assert answer["public_key"] == public_key()
    return bool(answer["subscribed"])


def test_a_browser_is_told_from_when_it_asks_until_it_asks_again() -> None:
    ana = world.a_patient("ana")
    phone, desktop = Api(ana), Api(ana)
    assert not subscribed(phone)

    # As the browser writes it.
    told = phone.post(
        "/api/push/",
        {"endpoint": PHONE, "expirationTime": None, "keys": {"p256dh": "x", "auth": "y"}},
    )

    assert ok(told)["subscribed"] is True
    assert subscribed(phone)
    assert not subscribed(desktop)
    [stored] = PushSubscription.objects.all()
    assert stored.endpoint == PHONE
    assert PHONE not in stored.digest

    for _ in range(2):
        assert phone.delete("/api/push/").status_code == 204
        assert not subscribed(phone)
    assert not PushSubscription.objects.exists()


def test_a_browser_belongs_to_who_used_it_last() -> None:
    ana, ben = Api(world.a_patient("ana")), Api(world.a_patient("ben"))
    ana.post("/api/push/", {"endpoint": PHONE})

    ben.post("/api/push/", {"endpoint": PHONE})

    assert (subscribed(ana), subscribed(ben)) == (False, True)
    ana.delete("/api/push/")
    assert subscribed(ben)


def test_a_session_has_one_browser_whose_address_may_change() -> None:
    ana = Api(world.a_patient("ana"))

    for endpoint in (PHONE, f"{PHONE}-2", f"{PHONE}-2"):
        ok(ana.post("/api/push/", {"endpoint": endpoint}))

    assert [each.endpoint for each in PushSubscription.objects.all()] == [f"{PHONE}-2"]


def test_of_very_many_browsers_the_last_ones_are_told() -> None:
    ana, ben = world.a_patient("ana"), Api(world.a_patient("ben"))
    ben.post("/api/push/", {"endpoint": f"{PHONE}-ben"})
    for number in range(BROWSERS + 2):
        Api(ana, checked=False).post("/api/push/", {"endpoint": f"{PHONE}-{number}"})

    kept = [each.endpoint for each in PushSubscription.objects.order_by("pk")]
    assert kept == [f"{PHONE}-ben", *(f"{PHONE}-{number}" for number in range(2, BROWSERS + 2))]


@pytest.mark.django_db(transaction=True)
def test_two_who_use_one_browser_at_once_leave_it_to_one_of_them() -> None:
    people = [world.a_patient() for _ in range(4)]
    sessions = [read_access(world.tokens(person).access).session_id for person in people]

    results = together(
        *[
            partial(subscribe_browser, actor=person, session_id=session, endpoint=PHONE)
            for person, session in zip(people, sessions, strict=True)
        ]
    )

    assert results == [None] * 4
    assert PushSubscription.objects.get().session_id in sessions


@pytest.mark.django_db(transaction=True)
@pytest.mark.engine("postgres")
def test_sessions_that_exchange_their_browsers_at_once_do_not_wait_for_each_other_for_ever() -> (
    None
):
    people = [world.a_patient() for _ in range(4)]
    sessions = [read_access(world.tokens(person).access).session_id for person in people]

    for turn in range(15):
        moved = [
            partial(
                subscribe_browser,
                actor=person,
                session_id=session,
                endpoint=f"{PHONE}-{(number + turn) % 4}",
            )
            for number, (person, session) in enumerate(zip(people, sessions, strict=True))
        ]
        assert together(*moved) == [None] * 4


@pytest.mark.parametrize(
    "body",
    [
        None, {}, [], "x", {"endpoint": None}, {"endpoint": ""}, {"endpoint": 7}, {"endpoint": [PHONE]},
        {"endpoint": "http://push.example/x"}, {"endpoint": "https://127.0.0.1/x"},
        {"endpoint": "http://127.0.0.1:8000/x"}, {"endpoint": "https://169.254.169.254/latest/"},
        {"endpoint": "https://push.example/" + "x" * ENDPOINT_MAX_CHARS}, {"endpoint": PHONE, "person": 1},
        {"endpoint": "https://push.example/\u0000"},
    ],
)  # fmt: skip
def test_what_is_no_push_service_is_refused(body: Any) -> None:
    answer = Api(world.a_patient("ana")).post("/api/push/", body)

    refused(answer, 400, "invalid")
    assert not PushSubscription.objects.exists()
