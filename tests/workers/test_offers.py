"""What is offered to who waits is mailed while there is time to take it, and never afterwards."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from clinic import clock
from clinic.actions.notifications import mark_read
from clinic.models import Message, Person, Preferences
from clinic.rules.messages import OUTBOUND, PUSH_GRACE, Why
from tests import world
from tests.servers.gateway import Gateway
from tests.servers.push_service import PushService
from tests.servers.smtp import Smtp
from tests.workers.test_push import a_browser
from workers.messages import send_due

pytestmark = pytest.mark.django_db

TEN = timedelta(minutes=10)


@pytest.fixture(autouse=True)
def monday() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(world.utc("2027-03-01 08:00"), tick=False) as traveller:
        yield traveller


@pytest.fixture
def ways(smtp: Smtp, settings: Any) -> Iterator[tuple[Smtp, PushService, Gateway]]:
    """This process mails, pushes and sends SMS to servers of the test."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", int(smtp.url.rpartition(":")[2])
    settings.PUBLIC_URL = "https://clinic.example"
    settings.PUSH_TO_LOOPBACK = True
    push, gateway = PushService(), Gateway()
    settings.SMS = gateway.url
    yield smtp, push, gateway
    push.close()
    gateway.close()


def who_waits(**fields: Any) -> Person:
    return world.a_patient("ana", **{"phone_number": "+49 30 1234567", **fields})


def offer(patient: Person) -> None:
    doctor = world.a_doctor(zone="Europe/Berlin", first_name="Zebulon", last_name="Quirk")
    world.offer(patient, doctor, stands=TEN)


def reasons() -> dict[str, str]:
    return dict(Message.objects.values_list("channel", "reason"))


@pytest.mark.parametrize(
    ("language", "subject", "until"),
    [
        (
            "en",
            "A time on Tuesday 2 March 2027 is offered to you",
            "until 09:10 (Europe/Berlin) on Monday 1 March 2027;",
        ),
        (
            "de",
            "Ein Termin am Dienstag, 2. März 2027 wird Ihnen angeboten",
            "bis Montag, 1. März 2027, 09:10\N{NO-BREAK SPACE}Uhr (Europe/Berlin);",
        ),
    ],
)
def test_who_waits_is_mailed_once_what_is_offered_and_for_how_long(
    ways: tuple[Smtp, PushService, Gateway], language: str, subject: str, until: str
) -> None:
    offer(who_waits(language=language))

    for _ in range(3):
        send_due()

    [mail] = ways[0].received
    # A long one begins on a line of its own.
    assert (mail["To"], mail["Subject"].strip()) == ("ana@example.org", subject)
    text, html = mail.iter_parts()
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    for part in (text.get_content(), html.get_content()):
        assert until in part
        assert "08:00" in part
        assert "Europe/Berlin" in part
        assert "https://clinic.example/waitlist/7" in part
        # As in every mail of a visit: with whom it is, says its field.
        for kept in ("Quirk", "Cardiology"):
            assert kept not in part
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_an_offer_waits_for_no_morning_and_goes_on_by_sms_while_it_is_unread(
    ways: tuple[Smtp, PushService, Gateway], monday: time_machine.Traveller
) -> None:
    smtp, push, gateway = ways
    ana = who_waits()
    a_browser(ana, push.endpoint("ana"))
    night = clock.now().time(), (clock.now() + timedelta(hours=8)).time()
    Preferences.objects.create(person=ana, quiet_from=night[0], quiet_until=night[1])
    offer(ana)

    send_due()
    monday.shift(PUSH_GRACE)
    send_due()
    assert (len(smtp.received), push.told, len(gateway.received)) == (1, ["ana"], 0)
    assert push.pushes[0].headers["urgency"] == "high"
    monday.shift(timedelta(minutes=2))
    send_due()

    [sms] = gateway.received
    assert sms["text"].endswith("Take it by Mon 1 Mar 2027, 09:10.")
    assert len(smtp.received) == 1


def test_who_has_read_of_it_gets_no_sms(
    ways: tuple[Smtp, PushService, Gateway], monday: time_machine.Traveller
) -> None:
    ana = who_waits()
    offer(ana)
    send_due()
    mark_read(actor=ana, up_to=10**6)
    monday.shift(timedelta(minutes=2))
    send_due()

    assert ways[2].received == []
    assert reasons() == {"email": "", "sms": Why.READ}


def test_nothing_is_sent_of_an_offer_whose_time_is_over(
    ways: tuple[Smtp, PushService, Gateway], monday: time_machine.Traveller
) -> None:
    smtp, push, gateway = ways
    ana = who_waits()
    a_browser(ana, push.endpoint("ana"))
    offer(ana)
    # No worker was there for ten minutes.
    monday.shift(TEN)
    send_due()
    monday.shift(TEN)
    send_due()

    assert (smtp.received, push.told, gateway.received) == ([], [], [])
    assert reasons() == dict.fromkeys(OUTBOUND, Why.POINTLESS)


def test_what_a_mail_server_held_up_is_not_mailed_after_the_time_is_over(
    ways: tuple[Smtp, PushService, Gateway], monday: time_machine.Traveller, settings: Any
) -> None:
    ana = who_waits(phone_number="")
    offer(ana)
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, 1
    send_due()
    [message] = Message.objects.all()
    assert message.reason == "unreachable"
    settings.EMAIL_PORT = port
    monday.move_to(message.due_at + TEN)
    send_due()

    assert ways[0].received == []
    assert reasons() == {"email": Why.POINTLESS}
