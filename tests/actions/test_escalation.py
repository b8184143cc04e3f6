"""What is urgent goes on to the next way while it is unread, and stops as soon as it is read anywhere."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from clinic import clock as the_clock
from clinic.actions.appointments import cancel_appointment, reschedule_appointment
from clinic.actions.notifications import mark_read
from clinic.models import Appointment, Message, Person, Preferences
from clinic.rules.messages import Channel, Why
from tests import world
from workers import messages
from workers.messages import Carrier, send_due

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

TODAY_AT_NOON = world.utc("2027-03-01 12:00")
MINUTE = timedelta(minutes=1)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Counter[tuple[str, str, str]]:
    """What left the house: by which way, of which kind, to whom."""
    settings.SMS = "console"
    gone: Counter[tuple[str, str, str]] = Counter()

    def send(message: Message) -> Why | None:
        assert message.person is not None
        gone[message.channel, message.kind, message.person.username] += 1
        return None

    for channel in messages.CARRIERS:
        monkeypatch.setitem(messages.CARRIERS, channel, Carrier(send, lambda error: ("x", True)))
    return gone


@pytest.fixture
def ana() -> Person:
    return world.a_patient("ana", phone_number="+4915112345678")


@pytest.fixture
def visit(ana: Person, sent: Counter[Any]) -> Appointment:
    booked = world.book(world.a_doctor("ada", email=""), ana, TODAY_AT_NOON)
    send_due()
    sent.clear()
    return booked


def cancel_by_the_desk(visit: Appointment) -> None:
    cancel_appointment(actor=world.a_receptionist(), appointment_id=visit.pk)
    send_due()


def test_what_is_not_read_in_time_is_sent_on(
    visit: Appointment, sent: Counter[Any], clock: time_machine.Traveller
) -> None:
    cancel_by_the_desk(visit)
    assert sent == {("email", "visit_cancelled", "ana"): 1}
    clock.shift(10 * MINUTE - timedelta(seconds=1))
    send_due()
    assert sent.total() == 1
    clock.shift(timedelta(seconds=1))
    send_due()
    send_due()

    assert sent == {("email", "visit_cancelled", "ana"): 1, ("sms", "visit_cancelled", "ana"): 1}


def test_what_was_read_on_any_device_goes_no_further(
    visit: Appointment, ana: Person, sent: Counter[Any], clock: time_machine.Traveller
) -> None:
    cancel_by_the_desk(visit)
    clock.shift(9 * MINUTE)
    mark_read(actor=ana, up_to=10**6)
    clock.shift(MINUTE)
    send_due()

    assert sent == {("email", "visit_cancelled", "ana"): 1}
    assert Message.objects.get(channel=Channel.SMS).reason == Why.READ


def test_what_somebody_else_read_is_not_read(
    visit: Appointment, sent: Counter[Any], clock: time_machine.Traveller
) -> None:
    cancel_by_the_desk(visit)
    mark_read(actor=visit.doctor.person, up_to=10**6)
    clock.shift(10 * MINUTE)
    send_due()

    assert sent["sms", "visit_cancelled", "ana"] == 1


def test_a_visit_of_today_that_is_moved_away_is_urgent_even_at_night(
    visit: Appointment, ana: Person, sent: Counter[Any]
) -> None:
    now = the_clock.now().time()
    Preferences.objects.create(
        person=ana, quiet_from=now, quiet_until=(the_clock.now() + timedelta(hours=3)).time()
    )
    reschedule_appointment(
        actor=world.a_receptionist(),
        appointment_id=visit.pk,
        when=TODAY_AT_NOON + timedelta(days=7),
    )
    send_due()

    assert sent == {("email", "visit_moved", "ana"): 1}
    assert Message.objects.filter(channel=Channel.SMS, unless_read=True).exists()


def test_what_somebody_did_themselves_is_never_sent_on(
    visit: Appointment, ana: Person, sent: Counter[Any], clock: time_machine.Traveller
) -> None:
    cancel_appointment(actor=ana, appointment_id=visit.pk)
    send_due()
    clock.shift(timedelta(hours=2))
    send_due()

    assert {way for way, _, who in sent if who == "ana"} == {"email"}


def test_every_way_out_has_its_carrier() -> None:
    assert messages.CARRIERS.keys() == set(Channel) - {Channel.IN_APP}
