"""What each kind of mail tells whom: one function and one template of its name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parseaddr
from typing import Final
from zoneinfo import ZoneInfo

from django.conf import settings

from clinic import clock
from clinic.letters.calendars import CalendarFile, Method, Visit, calendar_file
from clinic.letters.dates import when_in_words
from clinic.letters.writing import OPTIONAL, language_for, written
from clinic.letters.writing import Letter as Template
from clinic.links import (
    LinkKind,
    VisitAct,
    new_link_token,
    new_unsubscribe_token,
    new_visit_token,
)
from clinic.models import Appointment, Message, MessageKind, Person, Role
from clinic.queries.assignments import patients_of
from clinic.queries.people import person_with_address
from clinic.queries.place import the_clinic
from clinic.queries.preferences import preferences_of
from clinic.queries.records import readers_of
from clinic.rules.messages import Channel, Why
from workers.standing import offer_told_of, visit_told_of


@dataclass(frozen=True, slots=True)
class Letter:
    """To which address of whom, by which template, and what the template needs besides the clinic's name."""

    address: str
    reader: Person | None
    template: str
    values: dict[str, str] = field(default_factory=dict)
    calendar: CalendarFile | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """A letter in both its forms, with its file; `unsubscribe` is the address where such mails are stopped."""

    address: str
    subject: str
    text: str
    html: str
    calendar: CalendarFile | None = None
    unsubscribe: str = ""


Writer = Callable[[Message], Letter | Why]


def write(mail: Message) -> Written | Why:
    """The letter as things stand now, or why there is none."""
    kind = MessageKind(mail.kind)
    letter = WRITERS[kind](mail)
    if isinstance(letter, Why):
        return letter
    reader = letter.reader if kind in OPTIONAL else None
    words = written(
        Template(
            template=letter.template,
            language=_language(letter.reader),
            values=letter.values,
            account=f"{settings.PUBLIC_URL}/account" if reader else "",
        ),
        clinic=str(the_clinic()),
        site=settings.PUBLIC_URL,
    )
    return Written(
        address=letter.address,
        subject=words.subject,
        text=words.text,
        html=words.html,
        calendar=letter.calendar,
        unsubscribe=_unsubscribe_address(reader) if reader else "",
    )


def _language(reader: Person | None) -> str:
    return language_for(reader.language if reader else "")


def _unsubscribe_address(reader: Person) -> str:
    return f"{settings.PUBLIC_URL}/api/messages/unsubscribe/{new_unsubscribe_token(reader)}/"


# -- who writes what ----------------------------------------------------------------------------------------


def _reader(mail: Message) -> Person | Why:
    """Whom it was planned for, while they can sign in, still have this address, and want such mails."""
    person = mail.person
    if person is None or not person.is_active:
        return Why.NO_ACCOUNT
    if person.email != mail.address:
        return Why.NO_ADDRESS
    if mail.kind not in OPTIONAL:
        return person
    if not preferences_of(person).wants(Channel.EMAIL):
        return Why.NOT_WANTED
    return person if person.takes_mail else Why.BOUNCED


def _invite(mail: Message) -> Letter | Why:
    person = _reader(mail)
    if isinstance(person, Why):
        return person
    return Why.POINTLESS if person.has_usable_password() else _invitation(person)


def _password_reset(mail: Message) -> Letter | Why:
    """Somebody asked with this address. Whoever has it is mailed, at the address as they wrote it themselves."""
    person = person_with_address(mail.address)
    if person is None:
        return Why.NO_ACCOUNT
    if not person.has_usable_password():
        return _invitation(person)
    link = _page("reset-password", new_link_token(LinkKind.RESET, person))
    return Letter(person.email, person, MessageKind.PASSWORD_RESET, {"link": link})


def _invitation(person: Person) -> Letter:
    link = _page("reset-password", new_link_token(LinkKind.INVITE, person))
    return Letter(
        person.email, person, MessageKind.INVITE, {"link": link, "username": person.username}
    )


def _password_changed(mail: Message) -> Letter:
    link = f"{settings.PUBLIC_URL}/forgot-password"
    return Letter(mail.address, mail.person, MessageKind.PASSWORD_CHANGED, {"link": link})


def _email_verification(mail: Message) -> Letter | Why:
    person = _reader(mail)
    if isinstance(person, Why):
        return person
    if person.email_verified_at is not None:
        return Why.POINTLESS
    link = _page("verify-email", new_link_token(LinkKind.VERIFY, person))
    return Letter(person.email, person, MessageKind.EMAIL_VERIFICATION, {"link": link})


def _email_changed(mail: Message) -> Letter:
    """To the address that was theirs before."""
    return Letter(mail.address, mail.person, MessageKind.EMAIL_CHANGED)


def _doctor_approved(mail: Message) -> Letter | Why:
    person = _reader(mail)
    if isinstance(person, Why):
        return person
    return _signed_in_page(mail, person) if person.is_approved else Why.POINTLESS


def _doctor_rejected(mail: Message) -> Letter | Why:
    """Who was rejected cannot sign in: this is how they learn of it."""
    person = mail.person
    if person is None or person.is_active:
        return Why.POINTLESS
    return Letter(mail.address, mail.person, MessageKind.DOCTOR_REJECTED)


def _doctor_assigned(mail: Message) -> Letter | Why:
    person = _reader(mail)
    if isinstance(person, Why):
        return person
    # Nobody is named: mails are read on many screens.
    return _signed_in_page(mail, person) if _is_assigned(person, mail) else Why.POINTLESS


def _is_assigned(doctor: Person, mail: Message) -> bool:
    """Whether the assignment it tells of still stands."""
    if mail.subject_id is None or not doctor.is_approved:
        return False
    if mail.subject_kind == "record":
        return doctor.pk in readers_of([mail.subject_id])[mail.subject_id]
    return patients_of(doctor).filter(pk=mail.subject_id).exists()


def _new_note(mail: Message) -> Letter | Why:
    """That there is one, never what it says; while its reader may read it."""
    person = _reader(mail)
    if isinstance(person, Why):
        return person
    record_id = mail.subject_id or 0
    if person.pk not in readers_of([record_id]).get(record_id, frozenset()):
        return Why.POINTLESS
    return _signed_in_page(mail, person, path=f"records/{record_id}")


def _waitlist_offer(mail: Message) -> Letter | Why:
    """When it is and how long it is kept; with whom, they see where they take it up."""
    person = _reader(mail)
    if isinstance(person, Why):
        return person
    entry = offer_told_of(mail)
    if isinstance(entry, Why):
        return entry
    offer, language = entry.offer, _language(person)
    until = when_in_words(offer.expires_at, offer.time_zone, language)
    values = {
        **when_in_words(offer.start, offer.time_zone, language),
        **{f"until_{name}": words for name, words in until.items()},
        "link": f"{settings.PUBLIC_URL}/waitlist/{entry.id}",
    }
    return Letter(person.email, person, mail.kind, values)


def _signed_in_page(mail: Message, person: Person, *, path: str = "") -> Letter:
    return Letter(person.email, person, mail.kind, {"link": f"{settings.PUBLIC_URL}/{path}"})


# -- visits ---------------------------------------------------------------------------------------------------


def _visit_reminder(mail: Message) -> Letter | Why:
    person = _reader(mail)
    if isinstance(person, Why):
        return person
    visit = visit_told_of(mail)
    return visit if isinstance(visit, Why) else _visit_letter(mail, person, visit)


def _visit_news(mail: Message) -> Letter | Why:
    person = _reader(mail)
    if isinstance(person, Why):
        return person
    visit = visit_told_of(mail)
    if isinstance(visit, Why):
        return visit
    if person.role == Role.DOCTOR:
        return _doctors_letter(mail, person, visit)
    return _visit_letter(mail, person, visit, method=METHODS[MessageKind(mail.kind)])


def _visit_letter(
    mail: Message, person: Person, visit: Appointment, *, method: Method | None = None
) -> Letter:
    values = {
        **_when(visit, person),
        "link": f"{settings.PUBLIC_URL}/appointments/{visit.pk}",
        "confirm": _page("visit", new_visit_token(VisitAct.CONFIRM, person, visit)),
        "cancel": _page("visit", new_visit_token(VisitAct.CANCEL, person, visit)),
    }
    file = None if method is None else _calendar_file(visit, person, values["link"], method)
    return Letter(person.email, person, mail.kind, values, file)


def _doctors_letter(mail: Message, doctor: Person, visit: Appointment) -> Letter:
    day = visit.start.astimezone(ZoneInfo(visit.doctor.person.time_zone)).date()
    link = f"{settings.PUBLIC_URL}/today?date={day}&appointment={visit.pk}"
    values = {**_when(visit, doctor), "link": link}
    return Letter(doctor.email, doctor, f"{mail.kind}_doctor", values)


def _when(visit: Appointment, reader: Person) -> dict[str, str]:
    # Neither the doctor nor the field is named: mails are read on many screens.
    return when_in_words(visit.start, visit.doctor.person.time_zone, _language(reader))


def _calendar_file(visit: Appointment, person: Person, link: str, method: Method) -> CalendarFile:
    # The seal is this row's alone, never changes, and tells nothing.
    file = Visit(
        uid=str(visit.seal),
        sequence=visit.sequence,
        start=visit.start,
        end=visit.end,
        changed_at=visit.updated_at,
        clinic=str(the_clinic()),
        organizer=parseaddr(settings.DEFAULT_FROM_EMAIL)[1],
        attendee=person.email,
        link=link,
        language=_language(person),
    )
    return calendar_file(file, method, now=clock.now())


def _page(path: str, token: str) -> str:
    # What stands behind the # is never sent to a server, and so is in no log.
    return f"{settings.PUBLIC_URL}/{path}#{token}"


# What the reader's calendar is to do.
METHODS: Final[Mapping[MessageKind, Method]] = {
    MessageKind.VISIT_BOOKED: Method.REQUEST,
    MessageKind.VISIT_MOVED: Method.REQUEST,
    MessageKind.VISIT_CANCELLED: Method.CANCEL,
}

WRITERS: Final[dict[MessageKind, Writer]] = {
    MessageKind.INVITE: _invite,
    MessageKind.PASSWORD_RESET: _password_reset,
    MessageKind.PASSWORD_CHANGED: _password_changed,
    MessageKind.EMAIL_VERIFICATION: _email_verification,
    MessageKind.EMAIL_CHANGED: _email_changed,
    MessageKind.DOCTOR_APPROVED: _doctor_approved,
    MessageKind.DOCTOR_REJECTED: _doctor_rejected,
    MessageKind.DOCTOR_ASSIGNED: _doctor_assigned,
    MessageKind.WAITLIST_OFFER: _waitlist_offer,
    MessageKind.NEW_NOTE: _new_note,
    MessageKind.VISIT_BOOKED: _visit_news,
    MessageKind.VISIT_MOVED: _visit_news,
    MessageKind.VISIT_CANCELLED: _visit_news,
    MessageKind.VISIT_REMINDER: _visit_reminder,
}
