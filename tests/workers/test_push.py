"""Browsers without an open tab are told that there is news: signed, without a word, and never in our own network."""

import base64
import socket
from collections.abc import Iterator
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric import ec
from django.db import transaction

from clinic import clock
from clinic.actions.messages import plan_for_events, plan_message
from clinic.actions.notifications import mark_read
from clinic.actions.people import deactivate_person
from clinic.actions.push import REFUSALS, subscribe_browser
from clinic.actions.sessions import end_sessions_of, open_session
from clinic.models import (
    Event,
    Message,
    MessageKind,
    Person,
    Preferences,
    PushSubscription,
    Session,
)
from clinic.queries.messages import PAUSES
from clinic.rules.messages import PUSH_GRACE, Channel, Why
from clinic.tokens import read_access
from clinic.vapid import public_key
from tests import world
from tests.servers.push_service import Answer, PushService
from workers import outward
from workers.messages import send_due

pytestmark = pytest.mark.django_db
# What the key that signs tokens is made into when it is forty times "j".
KNOWN = "BG-UjCQ4FjQ9NQ7CJGYcD7LMR-MYk-Ag-nkEmh1A6NT-hjfJeuolEA925tRw50wayj7LvEkgcz-rLa-6YJgtyzo"


@pytest.fixture
def service(settings: Any) -> Iterator[PushService]:
    settings.PUSH_TO_LOOPBACK = True
    service = PushService()
    yield service
    service.close()
    assert service.wrong == []


def a_browser(person: Person, endpoint: str) -> PushSubscription:
    session_id = read_access(open_session(person).access).session_id
    subscribe_browser(actor=person, session_id=session_id, endpoint=endpoint)
    return PushSubscription.objects.get(session=session_id)


def a_push(person: Person, kind: MessageKind = MessageKind.NEWS, **fields: Any) -> Message:
    with transaction.atomic():
        message = plan_message(
            kind=kind, person=person, channel=Channel.PUSH, address="-", **fields
        )
    assert message is not None
    return message


def carried(message: Message) -> Message:
    send_due()
    message.refresh_from_db()
    return message


# -- what push services see -----------------------------------------------------------------------------------


def test_a_push_is_signed_for_its_service_and_has_no_words(
    service: PushService, settings: Any
) -> None:
    settings.DEFAULT_FROM_EMAIL = "Desk <desk@clinic.example>"
    ana = world.a_patient("ana")
    a_browser(ana, service.endpoint("phone"))

    assert carried(a_push(ana)).sent_at is not None
    assert send_due() == 0

    [push] = service.pushes
    assert push.key == public_key()
    assert push.claims["sub"] == "mailto:desk@clinic.example"
    assert (push.headers["topic"], push.headers["urgency"]) == ("news", "normal")
    assert int(push.headers["ttl"]) == 24 * 3600


def test_what_cannot_wait_wakes_a_sleeping_telephone(service: PushService) -> None:
    ana = world.a_patient("ana")
    a_browser(ana, service.endpoint("phone"))

    carried(a_push(ana, MessageKind.VISIT_CANCELLED))

    assert service.pushes[0].headers["urgency"] == "high"


def test_a_clinic_with_an_address_of_its_own_is_reached_there(
    service: PushService, settings: Any
) -> None:
    settings.PUBLIC_URL = "https://clinic.example"
    ana = world.a_patient("ana")
    a_browser(ana, service.endpoint("phone"))

    carried(a_push(ana))

    assert service.pushes[0].claims["sub"] == "https://clinic.example"


@pytest.mark.engine("sqlite")
def test_the_key_is_a_point_of_the_curve_and_the_same_as_long_as_the_keys_are(
    settings: Any,
) -> None:
    before = public_key()
    point = base64.urlsafe_b64decode(before + "=")
    ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    assert point[0] == 4

    jwt = settings.SIMPLE_JWT
    settings.SIMPLE_JWT = {**jwt, "SIGNING_KEY": "another " * 8}
    assert public_key() != before
    # A fixed one: copies of the keys on other machines, and later versions, must come to the same.
    settings.SIMPLE_JWT = {**jwt, "SIGNING_KEY": "j" * 40}
    assert public_key() == KNOWN
    settings.SIMPLE_JWT = jwt
    assert public_key() == before


# -- from an event to a browser -------------------------------------------------------------------------------


def test_an_event_is_pushed_a_moment_later_unless_it_was_read_by_then(
    service: PushService,
) -> None:
    doctor, ana, ben = world.a_doctor("osei"), world.a_patient("ana"), world.a_patient("ben")
    with time_machine.travel(world.utc("2027-03-01 08:00"), tick=False) as time:
        for person in (ana, ben):
            a_browser(person, service.endpoint(person.username))
        for person, hour in ((ana, 10), (ben, 11)):
            world.book(
                doctor, person, world.utc(f"2027-03-01 {hour}:00"), actor=world.a_receptionist()
            )
        plan_for_events()
        time.shift(PUSH_GRACE - timedelta(seconds=1))
        send_due()
        assert service.told == []
        mark_read(actor=ben, up_to=10**6)
        time.shift(1)
        send_due()

    assert service.told == ["ana"]
    assert Message.objects.get(person=ben, channel=Channel.PUSH).reason == Why.READ


def test_one_push_says_all_there_is_to_say(service: PushService) -> None:
    ana = world.a_patient("ana")
    a_browser(ana, service.endpoint("phone"))
    first, second = a_push(ana), a_push(ana)

    assert carried(first).sent_at
    assert carried(second).sent_at
    assert service.told == ["phone"]
    # What happens after it is news again.
    carried(a_push(ana))
    assert service.told == ["phone", "phone"]


# -- what push services answer --------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [201, 202, 204])
def test_taken_is_sent(service: PushService, status: int) -> None:
    ana = world.a_patient("ana")
    browser = a_browser(ana, service.endpoint("phone"))
    PushSubscription.objects.update(failures=REFUSALS - 1)
    service.answers["phone"] = Answer(status)

    assert carried(a_push(ana)).sent_at is not None

    browser.refresh_from_db()
    assert browser.failures == 0


@pytest.mark.parametrize("status", [404, 410])
def test_a_browser_that_is_gone_is_forgotten(service: PushService, status: int) -> None:
    ana = world.a_patient("ana")
    a_browser(ana, service.endpoint("phone"))
    service.answers["phone"] = Answer(status)

    message = carried(a_push(ana))

    assert (message.reason, message.dropped_at is not None) == (Why.NO_ADDRESS, True)
    assert not PushSubscription.objects.exists()


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        (Answer(429), 60),
        (Answer(500), 60),
        (Answer(503, {"Retry-After": "600"}), 600),
        (Answer(429, {"Retry-After": "5"}), 60),
        (Answer(429, {"Retry-After": "9" * 40}), 3600),
        (Answer(429, {"Retry-After": "soon"}), 60),
        (
            Answer(
                503, {"Retry-After": format_datetime(world.utc("2027-03-01 08:20"), usegmt=True)}
            ),
            1200,
        ),
    ],
)
def test_who_is_busy_is_asked_again_when_they_like_within_reason(
    service: PushService, answer: Answer, seconds: int
) -> None:
    assert PAUSES[0] == timedelta(seconds=60)
    with time_machine.travel(world.utc("2027-03-01 08:00"), tick=False) as time:
        ana = world.a_patient("ana")
        a_browser(ana, service.endpoint("phone"))
        service.answers["phone"] = answer

        message = carried(a_push(ana))
        assert (message.reason, message.failed_at) == ("busy", None)
        assert message.due_at == clock.now() + timedelta(seconds=seconds)

        service.answers.clear()
        time.shift(seconds)
        assert carried(message).sent_at is not None


@pytest.mark.parametrize("status", [400, 401, 403, 413])
def test_a_few_refusals_in_a_row_are_an_answer(service: PushService, status: int) -> None:
    with time_machine.travel(world.utc("2027-03-01 08:00"), tick=False) as time:
        ana = world.a_patient("ana")
        browser = a_browser(ana, service.endpoint("phone"))
        service.answers["phone"] = Answer(status)
        message = a_push(ana)
        for failures in range(1, REFUSALS):
            assert carried(message).reason == "refused"
            browser.refresh_from_db()
            assert browser.failures == failures
            time.move_to(message.due_at)

        carried(message)

        assert not PushSubscription.objects.exists()


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_nobody_is_led_on_to_another_address(service: PushService, status: int) -> None:
    ana = world.a_patient("ana")
    a_browser(ana, service.endpoint("phone"))
    service.answers["phone"] = Answer(status, {"Location": service.endpoint("elsewhere")})

    assert carried(a_push(ana)).reason == "refused"

    assert service.told == ["phone"]


def test_who_answers_without_end_is_cut_off(
    service: PushService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outward, "SECONDS", 0.3)
    ana = world.a_patient("ana")
    a_browser(ana, service.endpoint("phone"))
    service.answers["phone"] = Answer(201, trickle=True)

    assert carried(a_push(ana)).reason == "unreachable"


def test_it_is_sent_when_one_browser_took_it(service: PushService) -> None:
    ana = world.a_patient("ana")
    for name in ("gone", "busy", "phone", "broken"):
        a_browser(ana, service.endpoint(name))
    service.answers.update(gone=Answer(410), busy=Answer(503), broken=Answer(400))

    assert carried(a_push(ana)).sent_at is not None

    assert service.told == ["gone", "busy", "phone", "broken"]


def test_after_a_kill_only_those_are_told_that_were_not(service: PushService) -> None:
    ana = world.a_patient("ana")
    for name in ("phone", "desktop"):
        a_browser(ana, service.endpoint(name))
    service.answers["desktop"] = Answer(503)
    message = carried(a_push(ana))
    # Its worker died before it could say that it was sent.
    Message.objects.update(sent_at=None, due_at=clock.now())
    service.answers.clear()

    carried(message)

    assert service.told == ["phone", "desktop", "desktop"]


# -- who is told nothing --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "how", ["signed out", "expired", "deactivated", "not wanted", "no browser"]
)
def test_who_has_left_is_told_nothing(service: PushService, how: str) -> None:
    ana = world.a_patient("ana")
    a_browser(ana, service.endpoint("phone"))
    message = a_push(ana)
    why = Why.NO_ADDRESS
    match how:
        case "signed out":
            end_sessions_of(ana)
        case "expired":
            Session.objects.update(expires_at=clock.now())
        case "deactivated":
            deactivate_person(actor=world.an_admin(), person_id=ana.pk)
            why = Why.NO_ACCOUNT
        case "not wanted":
            Preferences.objects.create(person=ana, push=False)
            why = Why.NOT_WANTED
        case "no browser":
            PushSubscription.objects.all().delete()

    assert carried(message).reason == why

    assert service.told == []


def test_of_news_that_newer_news_has_overtaken_nobody_is_told(service: PushService) -> None:
    ana, desk = world.a_patient("ana"), world.a_receptionist()
    with time_machine.travel(world.utc("2027-03-01 08:00"), tick=False) as time:
        a_browser(ana, service.endpoint("phone"))
        visit = world.book(world.a_doctor(), ana, world.utc("2027-03-09 10:00"), actor=desk)
        plan_for_events()
        time.shift(1)
        world.cancel(visit, actor=desk)
        time.shift(10)
        plan_for_events()
        time.shift(10)
        send_due()

    booked = Event.objects.get(type="appointment.booked")
    assert Message.objects.get(event=booked, channel=Channel.PUSH).reason == Why.OVERTAKEN
    assert service.told == ["phone"]


# -- where a push may not lead --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], ["10.1.2.3"], ["::1"], ["93.184.215.14", "192.168.0.1"], ["::ffff:10.0.0.1"]],
)
def test_a_name_that_leads_into_a_private_network_is_refused_when_it_is_used(
    service: PushService, settings: Any, monkeypatch: pytest.MonkeyPatch, addresses: list[str]
) -> None:
    settings.PUSH_TO_LOOPBACK = False
    connected: list[Any] = []
    monkeypatch.setattr(socket, "create_connection", lambda *a, **k: connected.append(a))
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda *a, **k: [(0, 0, 0, "", (at, 443)) for at in addresses]
    )
    ana = world.a_patient("ana")
    a_browser(ana, "https://push.example/send/phone")

    assert carried(a_push(ana)).reason == "refused"

    assert connected == []


def test_the_log_names_no_endpoint_and_shows_no_signature(
    service: PushService, caplog: pytest.LogCaptureFixture
) -> None:
    ana = world.a_patient("ana")
    a_browser(ana, service.endpoint("secret-phone"))
    carried(a_push(ana))
    service.answers["secret-phone"] = Answer(503)
    carried(a_push(ana))

    said = caplog.text
    assert "message_sent" in said
    assert "message_not_sent" in said
    for kept in ("secret-phone", service.origin, "vapid", "eyJ"):
        assert kept not in said
