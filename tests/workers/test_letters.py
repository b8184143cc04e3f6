"""What mails say, to whom, and when there is nothing to say any more."""

import re
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine

from clinic import clock
from clinic.errors import LinkInvalid
from clinic.links import LIFE, LinkKind, read_link
from clinic.models import Clinic, Mail, MailKind, Person, Reminder
from tests import world
from workers.mail.letters import TEMPLATES, WRITERS, Written, write

pytestmark = pytest.mark.django_db
LINKED = {
    MailKind.INVITE: LinkKind.INVITE,
    MailKind.PASSWORD_RESET: LinkKind.RESET,
    MailKind.EMAIL_VERIFICATION: LinkKind.VERIFY,
}


@pytest.fixture(autouse=True)
def public_url(settings: Any) -> None:
    settings.PUBLIC_URL = "https://clinic.example"


def a_reader(kind: MailKind, **fields: Any) -> Person:
    if kind is MailKind.INVITE:
        fields["password"] = None
    if kind is MailKind.DOCTOR_ASSIGNED:
        return world.a_doctor("ana", **fields).person
    return world.a_patient("ana", **fields)


def a_reminder(patient: Person) -> Reminder:
    doctor = world.a_doctor(zone="Europe/Berlin", first_name="Zebulon", last_name="Quirk")
    start = clock.now().replace(hour=8, minute=0, second=0, microsecond=0) + timedelta(days=30)
    visit = world.book(doctor, patient, start, notes="a-marker")
    return visit.reminders.get(kind="1d", channel="email")


def a_mail(kind: MailKind, person: Person, **fields: Any) -> Mail:
    if kind is MailKind.DOCTOR_ASSIGNED:
        patient = world.a_patient(first_name="Zebulon", last_name="Quirk")
        world.assign(patient, person.doctor)
        fields = {"subject_kind": "patient", "subject_id": patient.pk, **fields}
    if kind is MailKind.VISIT_REMINDER:
        fields = {"subject_kind": "reminder", "subject_id": a_reminder(person).pk, **fields}
    whose = None if kind is MailKind.PASSWORD_RESET else person
    address = fields.pop("address", person.email)
    return Mail(kind=kind, person=whose, address=address, **fields)


def written(mail: Mail) -> Written:
    found = write(mail)
    assert found is not None
    return found


def token_in(letter: Written) -> str:
    [token] = re.findall(r"^https://clinic\.example/[a-z-]+#(\S+)$", letter.text, re.MULTILINE)
    return str(token)


def test_every_kind_has_its_writer_and_its_template() -> None:
    assert WRITERS.keys() == set(MailKind)
    assert {path.stem for path in TEMPLATES.glob("*.txt")} == set(MailKind)


@pytest.mark.parametrize("kind", MailKind)
def test_a_letter_says_the_same_in_both_its_forms(kind: MailKind) -> None:
    letter = written(a_mail(kind, a_reader(kind)))

    assert letter.address == "ana@example.org"
    assert letter.subject
    assert "\n" not in letter.subject
    for left in ("{{", "{%", "]("):
        assert left not in letter.text + letter.html
    assert f">{letter.subject}</h1>" in letter.html
    assert letter.text.endswith("-- \nClinic\nhttps://clinic.example\n")
    for address in re.findall(r"https://\S+#\S+", letter.text):
        assert f'href="{address}"' in letter.html
    # Nothing is loaded from anywhere when it is read.
    assert not re.search(r"<img|src=|url\(|<script", letter.html)


@pytest.mark.parametrize("kind", LINKED)
def test_a_link_carries_its_token_where_no_server_log_sees_it(kind: MailKind) -> None:
    person = a_reader(kind)

    link = read_link(token_in(written(a_mail(kind, person))), LINKED[kind])

    assert link.person_id == person.pk
    assert link.stands_for(person)


@pytest.mark.parametrize("kind", LINKED)
def test_a_link_ends_with_its_life(kind: MailKind) -> None:
    with time_machine.travel(clock.now().replace(microsecond=0), tick=False) as time:
        token = token_in(written(a_mail(kind, a_reader(kind))))
        time.shift(LIFE[LINKED[kind]])
        read_link(token, LINKED[kind])
        time.shift(timedelta(seconds=1))
        with pytest.raises(LinkInvalid):
            read_link(token, LINKED[kind])


@pytest.mark.parametrize("kind", LINKED)
def test_a_link_is_good_for_nothing_else(kind: MailKind) -> None:
    token = token_in(written(a_mail(kind, a_reader(kind))))

    for other in set(LinkKind) - {LINKED[kind]}:
        with pytest.raises(LinkInvalid):
            read_link(token, other)
    for garbled in (token[:-1], token[1:], token + "x", "", "a:b:c", "\x00", ".a:b:c"):
        with pytest.raises(LinkInvalid):
            read_link(garbled, *LinkKind)


@pytest.mark.parametrize("kind", LINKED)
def test_a_link_dies_when_the_address_becomes_another(kind: MailKind) -> None:
    person = a_reader(kind)
    link = read_link(token_in(written(a_mail(kind, person))), LINKED[kind])

    person.email = "other@example.org"

    assert not link.stands_for(person)


@pytest.mark.parametrize("kind", [MailKind.INVITE, MailKind.PASSWORD_RESET])
def test_a_new_password_uses_up_all_links_to_one_even_if_it_is_the_same(kind: MailKind) -> None:
    person = a_reader(kind)
    link = read_link(token_in(written(a_mail(kind, person))), LINKED[kind])

    person.set_password(world.PASSWORD)

    assert not link.stands_for(person)


def test_who_has_no_password_yet_and_asks_for_a_new_one_is_invited() -> None:
    person = world.a_patient("ana", password=None)

    letter = written(a_mail(MailKind.PASSWORD_RESET, person))

    assert read_link(token_in(letter), LinkKind.INVITE).stands_for(person)


def test_an_address_is_found_in_any_case_and_mailed_as_its_owner_wrote_it() -> None:
    person = world.a_patient("ana", email="Ana@example.org")

    letter = written(a_mail(MailKind.PASSWORD_RESET, person, address="aNA@example.ORG"))

    assert letter.address == "Ana@example.org"


def test_what_is_asked_for_an_unknown_address_goes_nowhere() -> None:
    ana = world.a_patient("ana")

    assert write(a_mail(MailKind.PASSWORD_RESET, ana, address="nobody@example.org")) is None
    assert write(a_mail(MailKind.PASSWORD_RESET, ana, address="")) is None


def test_letters_that_only_look_alike_are_another_address() -> None:
    # PostgreSQL takes some of these for an i or an s; each would be one more mail to the same person.
    iris = world.a_patient("iris")

    for alike in ("\N{LATIN SMALL LETTER DOTLESS I}ris", "\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}ris",
                  "iri\N{LATIN SMALL LETTER LONG S}"):  # fmt: skip
        mail = a_mail(MailKind.PASSWORD_RESET, iris, address=f"{alike}@example.org")
        assert write(mail) is None
    mail = a_mail(MailKind.PASSWORD_RESET, iris, address="IRIS@Example.org")
    assert written(mail).address == "iris@example.org"


@pytest.mark.parametrize("kind", [*LINKED, MailKind.DOCTOR_ASSIGNED, MailKind.VISIT_REMINDER])
def test_a_deactivated_person_is_sent_nothing_to_act_on(kind: MailKind) -> None:
    person = a_reader(kind)
    mail = a_mail(kind, person)
    assert write(mail) is not None

    person.is_active = False
    person.save()

    assert write(mail) is None


@pytest.mark.parametrize(
    "kind",
    [
        MailKind.INVITE,
        MailKind.EMAIL_VERIFICATION,
        MailKind.DOCTOR_ASSIGNED,
        MailKind.VISIT_REMINDER,
    ],
)
def test_what_was_planned_for_an_address_is_not_sent_when_it_is_another(kind: MailKind) -> None:
    person = a_reader(kind)
    mail = a_mail(kind, person)

    person.email = "new@example.org"

    assert write(mail) is None


@pytest.mark.parametrize("kind", [MailKind.PASSWORD_CHANGED, MailKind.EMAIL_CHANGED])
def test_a_warning_reaches_the_address_it_was_planned_for(kind: MailKind) -> None:
    person = a_reader(kind)
    mail = a_mail(kind, person)

    person.email = "thief@example.org"

    assert written(mail).address == "ana@example.org"


def test_what_has_been_done_meanwhile_is_not_asked_for() -> None:
    invited, verified = world.a_patient(), world.a_patient(email_verified_at=clock.now())

    assert write(a_mail(MailKind.INVITE, invited)) is None
    assert write(a_mail(MailKind.EMAIL_VERIFICATION, verified)) is None


def test_a_doctor_is_told_of_a_patient_without_a_name() -> None:
    doctor = world.a_doctor("osei").person

    letter = written(a_mail(MailKind.DOCTOR_ASSIGNED, doctor))

    said = letter.subject + letter.text + letter.html
    assert not re.search(r"Zebulon|Quirk|patient-\d", said)


def test_a_doctor_is_told_while_the_assignment_stands_and_not_afterwards() -> None:
    doctor, patient = world.a_doctor("osei"), world.a_patient()
    assignment = world.assign(patient, doctor)
    record = world.a_record(world.a_patient(), doctor)
    kind = MailKind.DOCTOR_ASSIGNED
    of_patient = a_mail(kind, doctor.person, subject_kind="patient", subject_id=patient.pk)
    of_record = a_mail(kind, doctor.person, subject_kind="record", subject_id=record.pk)
    assert write(of_patient) is not None
    assert write(of_record) is not None

    world.end(assignment)
    world.remove_record(record)

    for gone in (of_patient, of_record):
        assert write(gone) is None
    for kind_of_it, number in (("patient", 10**15), ("record", 10**15), ("", None)):
        mail = a_mail(kind, doctor.person, subject_kind=kind_of_it, subject_id=number)
        assert write(mail) is None
    doctor.person.is_approved = False
    assert write(a_mail(kind, doctor.person)) is None


def test_the_clinic_s_name_stays_words_whatever_it_is() -> None:
    Clinic.objects.update_or_create(
        id=1, defaults={"name": "<b>[Press](https://evil.example)</b>\n\nPark & Co"}
    )

    letter = written(a_mail(MailKind.INVITE, a_reader(MailKind.INVITE)))

    assert "<b>" not in letter.html
    assert 'href="https://evil.example' not in letter.html
    assert "Park &amp; Co" in letter.html
    assert "Park & Co" in letter.subject


def test_a_reminder_names_time_and_zone_and_neither_doctor_nor_notes() -> None:
    ana = world.a_patient("ana")
    letter = written(a_mail(MailKind.VISIT_REMINDER, ana))

    [visit] = ana.appointments.all()
    when = visit.start.astimezone(ZoneInfo("Europe/Berlin"))
    said = f"{when:%A} {when.day} {when:%B %Y} at {when:%H:%M} (time zone Europe/Berlin)"
    assert said in letter.text
    assert f"https://clinic.example/appointments/{visit.pk}" in letter.text
    for kept in ("a-marker", "Quirk", "Cardiology"):
        assert kept not in letter.text + letter.html + letter.subject


@pytest.mark.parametrize("change", ["cancelled", "moved", "begun", "gone"])
def test_a_reminder_of_a_visit_that_is_not_to_come_is_dropped(change: str) -> None:
    ana = world.a_patient("ana")
    mail = a_mail(MailKind.VISIT_REMINDER, ana)
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
        assert write(mail) is None
