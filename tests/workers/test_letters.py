"""What mails say, to whom, and when there is nothing to say any more."""

import re
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine

from clinic import clock
from clinic.actions.appointments import reschedule_appointment
from clinic.errors import LinkInvalid
from clinic.letters.calendars import Method
from clinic.letters.samples import templates
from clinic.letters.writing import OPTIONAL
from clinic.links import (
    LIFE,
    LinkKind,
    VisitAct,
    read_link,
    read_unsubscribe_link,
    read_visit_link,
)
from clinic.models import (
    Appointment,
    Clinic,
    Doctor,
    Event,
    Message,
    MessageKind,
    Person,
    Preferences,
    Reminder,
)
from clinic.rules.messages import Why
from tests import world
from tests.calendars import event_in
from workers.mail.letters import WRITERS, Written, write

pytestmark = pytest.mark.django_db
# News by push say nothing but that there are some.
MAILED = set(MessageKind) - {MessageKind.NEWS}
VISIT_KINDS = {MessageKind.VISIT_BOOKED, MessageKind.VISIT_MOVED, MessageKind.VISIT_CANCELLED}
LINKED = {
    MessageKind.INVITE: LinkKind.INVITE,
    MessageKind.PASSWORD_RESET: LinkKind.RESET,
    MessageKind.EMAIL_VERIFICATION: LinkKind.VERIFY,
}


@pytest.fixture(autouse=True)
def public_url(settings: Any) -> None:
    settings.PUBLIC_URL = "https://clinic.example"


def a_reader(kind: MessageKind, **fields: Any) -> Person:
    if kind is MessageKind.INVITE:
        fields["password"] = None
    if kind in (MessageKind.DOCTOR_ASSIGNED, MessageKind.DOCTOR_APPROVED):
        return world.a_doctor("ana", **fields).person
    if kind is MessageKind.DOCTOR_REJECTED:
        return world.a_doctor("ana", is_active=False, is_approved=False, **fields).person
    return world.a_patient("ana", **fields)


def a_reminder(patient: Person) -> Reminder:
    doctor = world.a_doctor(zone="Europe/Berlin", first_name="Zebulon", last_name="Quirk")
    start = clock.now().replace(hour=8, minute=0, second=0, microsecond=0) + timedelta(days=30)
    visit = world.book(doctor, patient, start, notes="a-marker")
    return visit.reminders.get(kind="1d", channel="email")


def a_mail(kind: MessageKind, person: Person, **fields: Any) -> Message:
    if kind is MessageKind.DOCTOR_ASSIGNED:
        patient = world.a_patient(first_name="Zebulon", last_name="Quirk")
        world.assign(patient, person.doctor)
        fields = {"subject_kind": "patient", "subject_id": patient.pk, **fields}
    if kind is MessageKind.VISIT_REMINDER:
        fields = {"subject_kind": "reminder", "subject_id": a_reminder(person).pk, **fields}
    if kind in VISIT_KINDS:
        visit = a_reminder(person).appointment
        event = Event.objects.get(type="appointment.booked", subject_id=visit.pk)
        fields = {"subject_kind": "appointment", "subject_id": visit.pk, "event": event, **fields}
    if kind is MessageKind.WAITLIST_OFFER:
        doctor = world.a_doctor(zone="Europe/Berlin", first_name="Zebulon", last_name="Quirk")
        world.offer(person, doctor, stands=timedelta(minutes=10))
        fields = {"event": Event.objects.get(type="waitlist.offered"), **fields}
    if kind is MessageKind.NEW_NOTE:
        record = world.a_record(person)
        fields = {"subject_kind": "record", "subject_id": record.pk, **fields}
    whose = None if kind is MessageKind.PASSWORD_RESET else person
    address = fields.pop("address", person.email)
    return Message(kind=kind, person=whose, address=address, **fields)


def written(mail: Message) -> Written:
    found = write(mail)
    assert isinstance(found, Written), found
    return found


def token_in(letter: Written) -> str:
    [token] = re.findall(r"^https://clinic\.example/[a-z-]+#(\S+)$", letter.text, re.MULTILINE)
    return str(token)


def test_every_kind_has_its_writer_and_its_template() -> None:
    assert WRITERS.keys() == MAILED
    doctors = {"visit_moved_doctor", "visit_cancelled_doctor"}
    assert set(templates()) == MAILED | doctors


@pytest.mark.parametrize("kind", sorted(MAILED))
def test_a_letter_says_the_same_in_both_its_forms(kind: MessageKind) -> None:
    letter = written(a_mail(kind, a_reader(kind)))

    assert letter.address == "ana@example.org"
    assert letter.subject
    assert "\n" not in letter.subject
    for left in ("{{", "{%", "]("):
        assert left not in letter.text + letter.html
    assert f">{letter.subject}</h1>" in letter.html
    assert "\n-- \nClinic\nhttps://clinic.example\n" in letter.text
    for address in re.findall(r"https://\S+#\S+", letter.text):
        assert f'href="{address}"' in letter.html
    # Nothing is loaded from anywhere when it is read.
    assert not re.search(r"<img|src=|url\(|<script", letter.html)


@pytest.mark.parametrize("kind", LINKED)
def test_a_link_carries_its_token_where_no_server_log_sees_it(kind: MessageKind) -> None:
    person = a_reader(kind)

    link = read_link(token_in(written(a_mail(kind, person))), LINKED[kind])

    assert link.person_id == person.pk
    assert link.stands_for(person)


@pytest.mark.parametrize("kind", LINKED)
def test_a_link_ends_with_its_life(kind: MessageKind) -> None:
    with time_machine.travel(clock.now().replace(microsecond=0), tick=False) as time:
        token = token_in(written(a_mail(kind, a_reader(kind))))
        time.shift(LIFE[LINKED[kind]])
        read_link(token, LINKED[kind])
        time.shift(timedelta(seconds=1))
        with pytest.raises(LinkInvalid):
            read_link(token, LINKED[kind])


@pytest.mark.parametrize("kind", LINKED)
def test_a_link_is_good_for_nothing_else(kind: MessageKind) -> None:
    token = token_in(written(a_mail(kind, a_reader(kind))))

    for other in set(LinkKind) - {LINKED[kind]}:
        with pytest.raises(LinkInvalid):
            read_link(token, other)
    for garbled in (token[:-1], token[1:], token + "x", "", "a:b:c", "\x00", ".a:b:c"):
        with pytest.raises(LinkInvalid):
            read_link(garbled, *LinkKind)


@pytest.mark.parametrize("kind", LINKED)
def test_a_link_dies_when_the_address_becomes_another(kind: MessageKind) -> None:
    person = a_reader(kind)
    link = read_link(token_in(written(a_mail(kind, person))), LINKED[kind])

    person.email = "other@example.org"

    assert not link.stands_for(person)


@pytest.mark.parametrize("kind", [MessageKind.INVITE, MessageKind.PASSWORD_RESET])
def test_a_new_password_uses_up_all_links_to_one_even_if_it_is_the_same(kind: MessageKind) -> None:
    person = a_reader(kind)
    link = read_link(token_in(written(a_mail(kind, person))), LINKED[kind])

    person.set_password(world.PASSWORD)

    assert not link.stands_for(person)


def test_who_has_no_password_yet_and_asks_for_a_new_one_is_invited() -> None:
    person = world.a_patient("ana", password=None)

    letter = written(a_mail(MessageKind.PASSWORD_RESET, person))

    assert read_link(token_in(letter), LinkKind.INVITE).stands_for(person)


def test_an_address_is_found_in_any_case_and_mailed_as_its_owner_wrote_it() -> None:
    person = world.a_patient("ana", email="Ana@example.org")

    letter = written(a_mail(MessageKind.PASSWORD_RESET, person, address="aNA@example.ORG"))

    assert letter.address == "Ana@example.org"


def test_what_is_asked_for_an_unknown_address_goes_nowhere() -> None:
    ana = world.a_patient("ana")

    assert isinstance(
        write(a_mail(MessageKind.PASSWORD_RESET, ana, address="nobody@example.org")), Why
    )
    assert isinstance(write(a_mail(MessageKind.PASSWORD_RESET, ana, address="")), Why)


def test_letters_that_only_look_alike_are_another_address() -> None:
    # PostgreSQL takes some of these for an i or an s; each would be one more mail to the same person.
    iris = world.a_patient("iris")

    for alike in ("\N{LATIN SMALL LETTER DOTLESS I}ris", "\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}ris",
                  "iri\N{LATIN SMALL LETTER LONG S}"):  # fmt: skip
        mail = a_mail(MessageKind.PASSWORD_RESET, iris, address=f"{alike}@example.org")
        assert isinstance(write(mail), Why)
    mail = a_mail(MessageKind.PASSWORD_RESET, iris, address="IRIS@Example.org")
    assert written(mail).address == "iris@example.org"


@pytest.mark.parametrize("kind", [*LINKED, MessageKind.DOCTOR_ASSIGNED, MessageKind.VISIT_REMINDER])
def test_a_deactivated_person_is_sent_nothing_to_act_on(kind: MessageKind) -> None:
    person = a_reader(kind)
    mail = a_mail(kind, person)
    assert isinstance(write(mail), Written)

    person.is_active = False
    person.save()

    assert isinstance(write(mail), Why)


@pytest.mark.parametrize(
    "kind",
    [
        MessageKind.INVITE,
        MessageKind.EMAIL_VERIFICATION,
        MessageKind.DOCTOR_ASSIGNED,
        MessageKind.VISIT_REMINDER,
    ],
)
def test_what_was_planned_for_an_address_is_not_sent_when_it_is_another(kind: MessageKind) -> None:
    person = a_reader(kind)
    mail = a_mail(kind, person)

    person.email = "new@example.org"

    assert isinstance(write(mail), Why)


@pytest.mark.parametrize("kind", [MessageKind.PASSWORD_CHANGED, MessageKind.EMAIL_CHANGED])
def test_a_warning_reaches_the_address_it_was_planned_for(kind: MessageKind) -> None:
    person = a_reader(kind)
    mail = a_mail(kind, person)

    person.email = "thief@example.org"

    assert written(mail).address == "ana@example.org"


def test_what_has_been_done_meanwhile_is_not_asked_for() -> None:
    invited, verified = world.a_patient(), world.a_patient(email_verified_at=clock.now())

    assert isinstance(write(a_mail(MessageKind.INVITE, invited)), Why)
    assert isinstance(write(a_mail(MessageKind.EMAIL_VERIFICATION, verified)), Why)


def test_a_doctor_is_told_of_a_patient_without_a_name() -> None:
    doctor = world.a_doctor("osei").person

    letter = written(a_mail(MessageKind.DOCTOR_ASSIGNED, doctor))

    said = letter.subject + letter.text + letter.html
    assert not re.search(r"Zebulon|Quirk|patient-\d", said)


def test_a_doctor_is_told_while_the_assignment_stands_and_not_afterwards() -> None:
    doctor, patient = world.a_doctor("osei"), world.a_patient()
    assignment = world.assign(patient, doctor)
    record = world.a_record(world.a_patient(), doctor)
    kind = MessageKind.DOCTOR_ASSIGNED
    of_patient = a_mail(kind, doctor.person, subject_kind="patient", subject_id=patient.pk)
    of_record = a_mail(kind, doctor.person, subject_kind="record", subject_id=record.pk)
    assert isinstance(write(of_patient), Written)
    assert isinstance(write(of_record), Written)

    world.end(assignment)
    world.remove_record(record)

    for gone in (of_patient, of_record):
        assert isinstance(write(gone), Why)
    for kind_of_it, number in (("patient", 10**15), ("record", 10**15), ("", None)):
        mail = a_mail(kind, doctor.person, subject_kind=kind_of_it, subject_id=number)
        assert isinstance(write(mail), Why)
    doctor.person.is_approved = False
    assert isinstance(write(a_mail(kind, doctor.person)), Why)


def test_the_clinic_s_name_stays_words_whatever_it_is() -> None:
    Clinic.objects.update_or_create(
        id=1, defaults={"name": "<b>[Press](https://evil.example)</b>\n\nPark & Co"}
    )

    letter = written(a_mail(MessageKind.INVITE, a_reader(MessageKind.INVITE)))

    assert "<b>" not in letter.html
    assert 'href="https://evil.example' not in letter.html
    assert "Park &amp; Co" in letter.html
    assert "Park & Co" in letter.subject


def test_a_reminder_names_time_and_zone_and_neither_doctor_nor_notes() -> None:
    ana = world.a_patient("ana")
    letter = written(a_mail(MessageKind.VISIT_REMINDER, ana))

    [visit] = ana.appointments.all()
    when = visit.start.astimezone(ZoneInfo("Europe/Berlin"))
    said = f"    {when:%A} {when.day} {when:%B %Y}, {when:%H:%M}\n    Time zone Europe/Berlin\n"
    assert said in letter.text
    assert f"https://clinic.example/appointments/{visit.pk}" in letter.text
    for kept in ("a-marker", "Quirk", "Cardiology"):
        assert kept not in letter.text + letter.html + letter.subject


@pytest.mark.parametrize("change", ["cancelled", "moved", "begun", "gone"])
def test_a_reminder_of_a_visit_that_is_not_to_come_is_dropped(change: str) -> None:
    ana = world.a_patient("ana")
    mail = a_mail(MessageKind.VISIT_REMINDER, ana)
    [visit] = ana.appointments.all()
    with time_machine.travel(clock.now(), tick=False) as time:
        match change:
            case "cancelled":
                world.cancel(visit)
            case "moved":
                ana.appointments.update(sequence=1)
            case "begun":
                time.move_to(visit.start)
            case "gone":
                visit.reminders.all().delete()
        assert isinstance(write(mail), Why)


# -- visits in calendars --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", sorted(VISIT_KINDS))
def test_news_of_a_visit_carries_it_for_the_reader_s_calendar(kind: MessageKind) -> None:
    ana = world.a_patient("ana")
    letter = written(a_mail(kind, ana))

    [visit] = ana.appointments.all()
    cancelled = kind is MessageKind.VISIT_CANCELLED
    assert letter.calendar is not None
    assert letter.calendar.method is (Method.CANCEL if cancelled else Method.REQUEST)
    event = event_in(letter.calendar.text)
    assert (event["uid"], event["sequence"]) == (str(visit.seal), visit.sequence)
    assert (event.start, event.end) == (visit.start, visit.end)
    assert event["attendee"] == "mailto:ana@example.org"
    assert event["url"] == f"https://clinic.example/appointments/{visit.pk}"
    for kept in ("a-marker", "Zebulon", "Quirk", "Cardiology", "Ana", "Test0"):
        assert kept not in letter.calendar.text


def test_what_becomes_of_a_visit_is_told_of_one_and_the_same_entry_in_a_calendar() -> None:
    ana = world.a_patient("ana")
    visit = world.book(world.a_doctor(zone="Europe/Berlin"), ana)
    told = [news_of(visit, MessageKind.VISIT_BOOKED, "booked")]
    later = visit.start + timedelta(days=1)
    reschedule_appointment(actor=ana, appointment_id=visit.pk, when=later)
    told.append(news_of(visit, MessageKind.VISIT_MOVED, "rescheduled"))
    world.cancel(visit)
    told.append(news_of(visit, MessageKind.VISIT_CANCELLED, "cancelled"))

    assert {event["uid"] for event in told} == {str(visit.seal)}
    assert [event["sequence"] for event in told] == [0, 1, 2]
    assert [event.start for event in told] == [visit.start, later, later]
    assert [event["status"] for event in told] == ["CONFIRMED", "CONFIRMED", "CANCELLED"]


def news_of(visit: Appointment, kind: MessageKind, happened: str) -> Any:
    """The visit as the mail of what has just happened to it carries it."""
    event = Event.objects.get(type=f"appointment.{happened}", subject_id=visit.pk)
    about = {"subject_kind": "appointment", "subject_id": visit.pk, "event": event}
    patient = visit.patient
    letter = written(Message(kind=kind, person=patient, address=patient.email, **about))
    assert letter.calendar is not None
    return event_in(letter.calendar.text)


# -- one tap --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind", [MessageKind.VISIT_BOOKED, MessageKind.VISIT_MOVED, MessageKind.VISIT_REMINDER]
)
def test_a_visit_is_confirmed_and_cancelled_by_links_for_this_very_time_of_it(
    kind: MessageKind,
) -> None:
    ana = world.a_patient("ana")
    letter = written(a_mail(kind, ana))

    [visit] = ana.appointments.all()
    tokens = re.findall(r"^https://clinic\.example/visit#(\S+)$", letter.text, re.MULTILINE)
    links = {link.act: link for link in map(read_visit_link, tokens)}
    assert links.keys() == set(VisitAct)
    for link in links.values():
        assert (link.person_id, link.appointment_id) == (ana.pk, visit.pk)
        assert link.sequence == visit.sequence
        assert link.stands_for(ana)
    for token in tokens:
        assert f'/visit#{token}"' in letter.html


def test_a_doctor_is_told_of_a_visit_in_other_words_and_led_to_their_day() -> None:
    doctor = world.a_doctor("osei", zone="Europe/Berlin")
    visit = world.book(doctor, world.a_patient("ana"))
    world.cancel(visit)
    event = Event.objects.get(type="appointment.cancelled", subject_id=visit.pk)
    mail = Message(
        kind=MessageKind.VISIT_CANCELLED,
        person=doctor.person,
        address=doctor.person.email,
        event=event,
        subject_kind="appointment",
        subject_id=visit.pk,
    )

    letter = written(mail)

    day = visit.start.astimezone(ZoneInfo("Europe/Berlin")).date()
    assert letter.subject.startswith("A visit of yours")
    assert f"https://clinic.example/today?date={day}&appointment={visit.pk}" in letter.text
    assert letter.calendar is None
    assert not re.search(r"[Aa]na|Test\d", letter.subject + letter.text)


def test_a_doctor_it_was_taken_from_is_mailed_no_time_of_a_colleague() -> None:
    before, now = world.a_doctor("osei"), world.a_doctor("eve")
    visit = world.book(before, world.a_patient("ana"))
    reschedule_appointment(
        actor=world.a_receptionist(),
        appointment_id=visit.pk,
        when=world.next_free_start(now),
        doctor_id=now.pk,
    )
    event = Event.objects.get(type="appointment.rescheduled")
    to = {"kind": MessageKind.VISIT_MOVED, "event": event}
    about = {"subject_kind": "appointment", "subject_id": visit.pk}

    def mail(doctor: Doctor) -> Message:
        return Message(person=doctor.person, address=doctor.person.email, **to, **about)

    assert isinstance(write(mail(now)), Written)
    assert write(mail(before)) is Why.POINTLESS


def test_a_cancellation_is_the_last_news_by_the_clocks_of_two_machines_too() -> None:
    visit = world.book(world.a_doctor(), world.a_patient("ana"))
    world.cancel(visit)
    events = {event.type: event for event in Event.objects.filter(subject_id=visit.pk)}
    booked, cancelled = events["appointment.booked"], events["appointment.cancelled"]
    # Cancelled on a machine whose clock is slow.
    cancelled.at = booked.at - timedelta(seconds=3)
    cancelled.save()

    def mail(kind: MessageKind, event: Event) -> Message:
        to = {"person": visit.patient, "address": visit.patient.email, "event": event}
        return Message(kind=kind, subject_kind="appointment", subject_id=visit.pk, **to)

    assert write(mail(MessageKind.VISIT_BOOKED, booked)) is Why.OVERTAKEN
    assert isinstance(write(mail(MessageKind.VISIT_CANCELLED, cancelled)), Written)


# -- who wants none -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", sorted(MAILED))
def test_only_what_concerns_no_account_can_be_stopped(kind: MessageKind) -> None:
    person = a_reader(kind)
    mail = a_mail(kind, person)
    letter = written(mail)
    address = letter.unsubscribe
    assert bool(address) is (kind in OPTIONAL)
    assert ("https://clinic.example/account\n" in letter.text) is (kind in OPTIONAL)
    if address:
        token = address.removeprefix("https://clinic.example/api/messages/unsubscribe/")
        assert read_unsubscribe_link(token.rstrip("/")).stands_for(person)

    Preferences.objects.create(person=person, email=False)

    assert (write(mail) is Why.NOT_WANTED) is (kind in OPTIONAL)


# -- languages ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "word"), [("de", "Termin"), ("de-AT", "Termin"), ("pt", "visit"), ("", "visit")]
)
def test_people_are_written_to_in_their_language_or_in_english(language: str, word: str) -> None:
    ana = world.a_patient("ana", language=language)

    letter = written(a_mail(MessageKind.VISIT_BOOKED, ana))

    assert word in letter.subject
    assert f'<html lang="{"de" if word == "Termin" else "en"}">' in letter.html
