"""What Mailjet tells of mails: believed with the secret only, and kept with the mail and the address."""

import base64
import json
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction

from clinic.actions.messages import plan_message
from clinic.environment import mail_events_secret
from clinic.links import LinkKind, new_link_token
from clinic.models import Message, MessageKind, Person, Preferences
from clinic.queries.preferences import all_preferences, usable_channels
from clinic.rules.messages import Channel
from tests import world
from tests.api.client import Api, ok, refused

pytestmark = pytest.mark.django_db

EVENTS = "/api/mail/events/"
SECRET = "mailjet:a-long-and-random-password"


@pytest.fixture(autouse=True)
def secret(settings: Any) -> None:
    settings.MAIL_EVENTS_SECRET = SECRET


def tell(*events: Any, raw: bytes | None = None, shown: str = SECRET) -> Any:
    return Api().client.post(
        EVENTS,
        data=json.dumps(events) if raw is None else raw,
        content_type="application/json",
        headers={"Authorization": f"Basic {base64.b64encode(shown.encode()).decode()}"},
    )


def a_mail(person: Person, **fields: Any) -> Message:
    with transaction.atomic():
        mail = plan_message(kind=MessageKind.VISIT_BOOKED, person=person, **fields)
    assert mail is not None
    return mail


def event_of(mail: Message, event: str, **more: Any) -> Any:
    payload = json.dumps({"mail": str(mail.seal)})
    return {"event": event, "time": 1433333949, "MessageID": 19421777835146490,
            "email": mail.address, "Payload": payload, **more}  # fmt: skip


def takes_mails(person: Person) -> bool:
    person.refresh_from_db()
    return Channel.EMAIL in usable_channels([person], all_preferences([person.pk]))[person.pk]


def test_an_address_that_a_mail_came_back_from_for_good_is_no_way_any_more() -> None:
    ana, ben = world.a_patient("ana"), world.a_patient("ben")
    mail = a_mail(ana)

    response = tell(event_of(mail, "bounce", hard_bounce=True, error="user unknown"))

    assert (response.status_code, response.content) == (200, b"")
    mail.refresh_from_db()
    assert (mail.reason, mail.bounced_at is not None) == ("came_back_bounced", True)
    assert not takes_mails(ana)
    assert takes_mails(ben)
    shown = ok(Api(world.a_receptionist()).get("/api/users/patients/", q="ana"))["patients"]
    assert [each["email_bounced_at"] is not None for each in shown] == [True]
    assert ok(Api(ana).get("/api/users/me/"))["user"]["email_bounced_at"] is not None


def test_a_mailbox_that_is_full_today_stays_a_way() -> None:
    ana = world.a_patient("ana")
    mail = a_mail(ana)

    tell(event_of(mail, "bounce", hard_bounce=False, error="quota exceeded"))

    mail.refresh_from_db()
    assert mail.bounced_at is not None
    assert takes_mails(ana)


def test_an_address_works_again_when_it_is_confirmed_or_another_one() -> None:
    ana, ben = world.a_patient("ana"), world.a_patient("ben")
    for person in (ana, ben):
        tell(event_of(a_mail(person), "blocked", error="preblocked"))
        assert not takes_mails(person)

    link = new_link_token(LinkKind.VERIFY, ana)
    assert Api().post("/api/auth/email/verify/", {"token": link}).status_code == 204
    change = {"email": "ben@new.example", "current_password": world.PASSWORD}
    ok(Api(ben).patch("/api/users/me/", change))

    assert takes_mails(ana)
    assert takes_mails(ben)


def test_what_came_back_from_an_earlier_address_says_nothing_of_the_new_one() -> None:
    ana = world.a_patient("ana")
    mail = a_mail(ana)
    Person.objects.filter(pk=ana.pk).update(email="new@example.org")

    tell(event_of(mail, "bounce", hard_bounce=True, error="user unknown"))

    assert takes_mails(ana)


def test_whose_address_it_was_before_says_nothing_for_them() -> None:
    ana = world.a_patient("ana")
    mail = a_mail(ana, address="old@example.org")

    tell(event_of(mail, "spam"))

    assert takes_mails(ana)


@pytest.mark.parametrize("event", ["spam", "unsub"])
def test_who_complains_or_unsubscribes_there_is_mailed_no_more(event: str) -> None:
    ana = world.a_patient("ana")

    tell(event_of(a_mail(ana), event))

    assert not Preferences.objects.get(person=ana).email


@pytest.mark.parametrize(
    "event",
    [
        {"event": "sent"},
        {"event": "bounce", "hard_bounce": True, "Payload": "not ours"},
        {"event": "bounce", "hard_bounce": True, "Payload": "5"},
        {"event": "bounce", "hard_bounce": True, "Payload": '{"mail": 7}'},
        {"event": "bounce", "hard_bounce": True, "Payload": '{"mail": "x"}'},
        {
            "event": "bounce",
            "hard_bounce": True,
            "Payload": '{"mail": "0b0c9f1e-4b6c-4a34-9d1d-7f0a4c1d2e3f"}',
        },
    ],
)
def test_what_is_of_no_mail_of_ours_is_taken_and_left(event: Any) -> None:
    ana = world.a_patient("ana")
    a_mail(ana)

    assert tell(event).status_code == 200

    assert takes_mails(ana)
    assert not Message.objects.exclude(bounced_at=None).exists()


@pytest.mark.parametrize("shown", ["", "mailjet:wrong", "other:a-long-and-random-password", ":"])
def test_without_the_secret_there_is_nothing(shown: str, settings: Any) -> None:
    ana = world.a_patient("ana")
    event = event_of(a_mail(ana), "bounce", hard_bounce=True)

    refused(tell(event, shown=shown), 404, "not_found")
    refused(Api().post(EVENTS, [event]), 404, "not_found")
    settings.MAIL_EVENTS_SECRET = ""
    refused(tell(event), 404, "not_found")

    assert takes_mails(ana)


@pytest.mark.parametrize(
    "raw", [b"{", b"5", b"null", b"[5]", b"[{}]", b"\xff", b"[" * 100_000, b'{"a": 1}', b'"x"']
)
def test_what_is_no_list_of_events_is_a_parse_error(raw: bytes) -> None:
    assert tell(raw=raw).status_code == 400


@pytest.mark.parametrize("given", ["x", "mailjet:", ":a-long-and-random-password", "mailjet:short"])
def test_a_secret_that_can_be_guessed_is_refused_at_the_start(given: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="CLINIC_MAIL_EVENTS_SECRET"):
        mail_events_secret(given)
    assert mail_events_secret("") == ""
