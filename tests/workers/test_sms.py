"""SMS: what they say in 160 characters, to which numbers, and the ways they go."""

import dataclasses
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from zoneinfo import available_timezones

import pytest
import time_machine
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction

from clinic import clock
from clinic.actions.messages import plan_for_events, plan_message
from clinic.checks import sms_have_their_code
from clinic.environment import sms as way_of
from clinic.events import Subject
from clinic.models import Appointment, Clinic, Event, Message, MessageKind, Person, Preferences
from clinic.rules.messages import OUTGOING, Channel, Why
from clinic.rules.slots import Span
from clinic.shapes.waitlist import waitlist_entry
from tests import world
from tests.servers.gateway import Gateway
from workers.messages import send_due
from workers.sms.alphabet import GSM, LENGTH, in_gsm
from workers.sms.letters import TEMPLATES, text, text_of_offer

pytestmark = pytest.mark.django_db

NUMBER = "+49 30 1234567"
DIALLED = "+49301234567"


@pytest.fixture
def gateway(settings: Any) -> Iterator[Gateway]:
    gateway = Gateway()
    settings.SMS = gateway.url
    yield gateway
    gateway.close()


def a_visit(patient: Person | None = None) -> Appointment:
    doctor = world.a_doctor(
        zone="Europe/Berlin", last_name="Quirk", phone_number="+44 20 7946 0000"
    )
    patient = patient or world.a_patient("ana", phone_number=NUMBER)
    return world.book(
        doctor, patient, world.utc("2027-03-02 08:30"), actor=world.a_receptionist(), notes="marker"
    )


def an_sms(visit: Appointment, person: Person | None = None) -> Message:
    """Of its reminder, which has no gateway to be planned for while tests set it up."""
    reminder = visit.reminders.get(kind="2h", channel=Channel.EMAIL)
    with transaction.atomic():
        message = plan_message(
            kind=MessageKind.VISIT_REMINDER,
            channel=Channel.SMS,
            person=person or visit.patient,
            subject=Subject("reminder", reminder.pk),
        )
    assert message is not None
    return message


def carried(message: Message) -> Message:
    while send_due():
        """Mails, too."""
    message.refresh_from_db()
    return message


@pytest.fixture(autouse=True)
def monday() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(world.utc("2027-03-01 08:00"), tick=False) as traveller:
        yield traveller


# -- what they say ----------------------------------------------------------------------------------------------


def test_every_kind_that_may_go_by_sms_has_its_text_and_no_other() -> None:
    entries = [entry for by_role in OUTGOING.values() for entry in by_role.values()]
    climbed = {
        entry.kind
        for entry in entries
        if Channel.SMS in {*entry.at_once, *(rung.channel for rung in entry.ladder)}
    }
    assert {path.stem for path in TEMPLATES.glob("*.txt")} == {*climbed, "visit_reminder"}


OF_VISITS = sorted({path.stem for path in TEMPLATES.glob("*.txt")} - {MessageKind.WAITLIST_OFFER})


@pytest.mark.parametrize("kind", OF_VISITS)
def test_a_text_says_when_and_nothing_else_within_one_sms(kind: str) -> None:
    visit = a_visit()
    doctor = visit.doctor.person
    said = text(kind, visit.patient, visit)
    assert "on Tue 2 Mar 2027 at 09:30 (Europe/Berlin)" in said
    assert "your visit" in said
    # Doctors are not reminded.
    readers = [visit.patient] if kind == MessageKind.VISIT_REMINDER else [visit.patient, doctor]
    for reader in readers[1:]:
        assert "a visit in your calendar" in text(kind, reader, visit)
    for kept in ("Quirk", "Cardiology", "marker", "Ana"):
        assert kept not in said

    # The longest of everything.
    Clinic.objects.update_or_create(id=1, defaults={"name": "Ärztehaus Łódź “am Park” " * 4})
    doctor.time_zone = max(available_timezones(), key=len)
    visit.start = world.utc("2027-09-29 20:30")
    for reader in readers:
        said = text(kind, reader, visit)
        # In the night the clock is put back, the distance to UTC is said, too.
        assert len(said) + len(", UTC+10:30") <= LENGTH
        assert set(said) <= GSM
        assert "{" not in said


def test_an_offer_says_when_it_is_and_until_when_within_one_sms() -> None:
    doctor = world.a_doctor(zone="Europe/Berlin", last_name="Quirk")
    offered = world.an_offer(world.a_patient("ana"), doctor, stands=timedelta(minutes=10))

    said = text_of_offer(waitlist_entry(offered).offer)

    assert "Tue 2 Mar 2027 at 08:00 (Europe/Berlin)" in said
    assert said.endswith("Take it by Mon 1 Mar 2027, 09:10.")
    assert not re.search(r"Quirk|Cardiology|[Aa]na", said)
    Clinic.objects.update_or_create(id=1, defaults={"name": "Ärztehaus Łódź “am Park” " * 4})
    doctor.person.time_zone = max(available_timezones(), key=len)
    start = world.utc("2027-09-29 20:30")
    late = dataclasses.replace(
        offered, span=Span(start, start), expires_at=start - timedelta(hours=1)
    )
    longest = text_of_offer(waitlist_entry(late).offer)
    assert len(longest) + len(", UTC+10:30") <= LENGTH
    assert set(longest) <= GSM


def test_what_one_sms_cannot_write_is_written_plainly() -> None:
    assert in_gsm("Clínica São João – “Öl & Straße”…") == 'Clinica Sao Joao - "Öl & Straße"...'
    assert in_gsm("Клиника №5 €") == " No5 "


def test_a_clinic_whose_name_no_sms_can_write_is_a_clinic() -> None:
    Clinic.objects.update_or_create(id=1, defaults={"name": "診療所"})
    visit = a_visit()
    assert text("visit_reminder", visit.patient, visit).startswith("Clinic: your visit")


# -- a gateway --------------------------------------------------------------------------------------------------


def test_a_gateway_is_handed_number_text_and_a_key_of_its_own(
    gateway: Gateway, settings: Any
) -> None:
    settings.SMS_SECRET = "marker-secret"
    message = carried(an_sms(a_visit()))

    assert message.sent_at is not None
    [sms] = gateway.received
    assert (sms["to"], sms["id"]) == (DIALLED, str(message.seal))
    assert sms["text"].startswith("Clinic: your visit is on Tue 2 Mar 2027 at 09:30")
    [asked] = gateway.asked
    assert asked["idempotency-key"] == str(message.seal)
    assert asked["authorization"] == "Bearer marker-secret"
    assert (asked["path"], asked["content-type"]) == ("/sms?from=clinic", "application/json")


@pytest.mark.parametrize(
    ("status", "reason", "ends"),
    [
        (200, "", "sent_at"), (409, "", "sent_at"), (400, "refused", "failed_at"), (403, "refused", "failed_at"),
        (429, "busy", None), (503, "busy", None), (302, "unreachable", None),
    ],
)  # fmt: skip
def test_what_a_gateway_answers_is_what_becomes_of_it(
    gateway: Gateway, status: int, reason: str, ends: str | None
) -> None:
    gateway.status = status
    gateway.headers = {"Location": gateway.url, "Retry-After": "120"}

    message = carried(an_sms(a_visit()))

    assert message.reason == reason
    ended = [name for name in ("sent_at", "failed_at", "dropped_at") if getattr(message, name)]
    assert ended == ([ends] if ends else [])
    assert len(gateway.received) == 1
    if reason == "busy":
        assert message.due_at == clock.now() + timedelta(seconds=120)


def test_a_gateway_that_is_away_is_tried_again_under_the_same_key(
    gateway: Gateway, monday: time_machine.Traveller
) -> None:
    gateway.status = 500
    message = carried(an_sms(a_visit()))
    gateway.status = 202
    monday.move_to(message.due_at)

    assert carried(message).sent_at is not None
    assert {asked["idempotency-key"] for asked in gateway.asked} == {str(message.seal)}

    gateway.close()
    assert carried(an_sms(a_visit(world.a_patient(phone_number=NUMBER)))).reason == "unreachable"


# -- the other ways ---------------------------------------------------------------------------------------------


def test_the_console_shows_the_words_and_the_log_does_not(
    settings: Any, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    settings.SMS = "console"
    carried(an_sms(a_visit()))

    assert f"SMS to {DIALLED}: Clinic: your visit" in capsys.readouterr().out
    assert "+49…67" in caplog.text
    for kept in (DIALLED, "your visit", "Europe/Berlin"):
        assert kept not in caplog.text


CALLS: list[dict[str, str]] = []


def takes(**sms: str) -> None:
    CALLS.append(sms)


def refuses(**sms: str) -> bool:
    return False


def breaks(**sms: str) -> None:
    raise RuntimeError(sms["to"])


def test_code_of_the_operator_s_own_is_called(
    settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    CALLS.clear()
    messages = []
    for name in ("takes", "refuses", "breaks"):
        settings.SMS = f"python:{__name__}.{name}"
        assert sms_have_their_code() == []
        messages.append(carried(an_sms(a_visit(world.a_patient(phone_number=NUMBER)))))
        Appointment.objects.update(status="CANCELLED")

    taken, refused, broken = messages
    assert taken.sent_at
    assert CALLS[0].keys() == {"to", "text", "id"}
    assert CALLS[0]["id"] == str(taken.seal)
    assert refused.failed_at
    assert (broken.reason, broken.failed_at) == ("mistake", None)
    assert DIALLED not in caplog.text

    settings.SMS = "python:tests.no_such.code"
    [mistake] = sms_have_their_code()
    assert mistake.id == "clinic.E004"


@pytest.mark.parametrize(
    "given", ["", "console", "https://sms.example/send", "http://127.0.0.1:9000/", "python:a.b.c_1"]
)
def test_the_ways_that_there_are(given: str) -> None:
    assert way_of(given) == given


@pytest.mark.parametrize(
    "given",
    [
        "Console", "sms.example", "http://sms.example/", "https://", "https://user:marker@sms.example/", "python:",
        "python:f", "python:a.b()", "python:a..b", "smtp://x", "https://[", "true",
    ],
)  # fmt: skip
def test_whatever_else_starts_nothing(given: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"^CLINIC_SMS must be [^\n]+\.$") as refusal:
        way_of(given)
    assert "marker" not in str(refusal.value)


# -- to whom ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ("another number", Why.NO_ADDRESS), ("no country", Why.NO_ADDRESS), ("not wanted", Why.NOT_WANTED),
        ("deactivated", Why.NO_ACCOUNT), ("switched off", Why.NO_GATEWAY), ("cancelled", Why.POINTLESS),
        ("begun", Why.POINTLESS), ("somebody else's", Why.POINTLESS),
    ],
)  # fmt: skip
def test_everything_is_asked_again_right_before(
    gateway: Gateway, settings: Any, monday: time_machine.Traveller, how: str, why: Why
) -> None:
    visit = a_visit()
    ana = visit.patient
    message = an_sms(
        visit, world.a_patient(phone_number=NUMBER) if how == "somebody else's" else None
    )
    match how:
        case "another number":
            Person.objects.filter(pk=ana.pk).update(phone_number="+49 30 7654321")
        case "no country":
            Message.objects.filter(pk=message.pk).update(address="030 1234567")
        case "not wanted":
            Preferences.objects.create(person=ana, sms=False)
        case "deactivated":
            Person.objects.filter(pk=ana.pk).update(is_active=False)
        case "switched off":
            settings.SMS = ""
        case "cancelled":
            world.cancel(visit)
        case "begun":
            monday.move_to(visit.start)

    assert carried(message).reason == why
    assert gateway.received == []


@pytest.mark.parametrize(("minutes", "is_sent"), [(29, True), (30, False)])
def test_news_of_a_visit_is_told_until_it_would_have_ended(
    gateway: Gateway, monday: time_machine.Traveller, minutes: int, is_sent: bool
) -> None:
    visit = a_visit()
    monday.move_to(visit.start - timedelta(minutes=5))
    world.cancel(visit, actor=world.a_receptionist())
    plan_for_events()
    message = Message.objects.get(channel=Channel.SMS, person=visit.patient)

    monday.move_to(visit.start + timedelta(minutes=minutes))

    assert (carried(message).sent_at is not None) is is_sent
    assert message.reason == ("" if is_sent else Why.POINTLESS)


def test_urgent_news_goes_on_by_sms_to_those_who_have_not_read_it(
    gateway: Gateway, monday: time_machine.Traveller
) -> None:
    desk, visit = world.a_receptionist(), a_visit()
    nobody = world.a_patient("nobody", phone_number="0171 1234567")
    other = world.book(visit.doctor, nobody, world.utc("2027-03-02 09:30"), actor=desk)
    monday.move_to(world.utc("2027-03-01 10:00"))
    for each in (visit, other):
        world.cancel(each, actor=desk)
    plan_for_events()
    event = Event.objects.get(type="appointment.cancelled", subject_id=visit.pk)
    of_it = Message.objects.filter(event=event, channel=Channel.SMS)
    assert {each.person_id for each in of_it} == {visit.patient_id, visit.doctor_id}
    assert not Message.objects.filter(person=nobody, channel=Channel.SMS).exists()

    monday.shift(timedelta(minutes=20))
    while send_due():
        """Mails, too."""

    assert sorted(sms["to"] for sms in gateway.received) == ["+442079460000"] * 2 + [DIALLED]
    said = {sms["to"]: sms["text"] for sms in gateway.received}
    assert re.fullmatch(
        r"Clinic: your visit on Tue 2 Mar 2027 at 09:30 .* is cancelled\.", said[DIALLED]
    )
    assert "a visit in your calendar" in said["+442079460000"]
