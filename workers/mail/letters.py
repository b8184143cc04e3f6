"""What each kind of mail says to whom: one function and one template of its name."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template import Context, Engine

from clinic import clock
from clinic.links import LinkKind, new_link_token
from clinic.models import Appointment, Message, MessageKind, Person, Reminder
from clinic.queries.assignments import patients_of
from clinic.queries.messages import has_changed_since
from clinic.queries.people import person_with_address
from clinic.queries.place import the_clinic
from clinic.queries.records import readers_of
from clinic.rules.messages import VISIT_NEWS, Why
from clinic.rules.reminders import why_not
from clinic.rules.statuses import Status

TEMPLATES: Final = Path(__file__).with_name("templates")
_ENGINE: Final = Engine(dirs=[str(TEMPLATES)])
# A paragraph that is nothing but `[words](address)` is a button.
_BUTTON: Final = re.compile(r"\[(?P<words>[^\]]+)\]\((?P<address>\S+)\)")


@dataclass(frozen=True, slots=True)
class Letter:
    """To whom, by which template, and what the template needs besides the clinic's name."""

    address: str
    template: str
    values: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Written:
    """A letter in both its forms."""

    address: str
    subject: str
    text: str
    html: str


Writer = Callable[[Message], Letter | Why]


def write(mail: Message) -> Written | Why:
    """The letter as things stand now, or why there is none."""
    letter = WRITERS[MessageKind(mail.kind)](mail)
    if isinstance(letter, Why):
        return letter
    clinic = " ".join(str(the_clinic()).split())
    context = {**letter.values, "clinic": clinic, "site": settings.PUBLIC_URL}
    # Plain text: only the frame, which is HTML, escapes what it is given.
    words = _ENGINE.get_template(f"{letter.template}.txt").render(
        Context(context, autoescape=False)
    )
    subject, *paragraphs = [part.strip() for part in re.split(r"\n\s*\n", words.strip())]
    return Written(
        address=letter.address,
        subject=subject,
        text=_as_text(paragraphs, context),
        html=_as_html(subject, paragraphs, context),
    )


def _as_text(paragraphs: list[str], context: dict[str, str]) -> str:
    shown = [_BUTTON.sub(r"\g<words>:\n\g<address>", part) for part in paragraphs]
    return "\n\n".join([*shown, f"-- \n{context['clinic']}\n{context['site']}"]) + "\n"


def _as_html(subject: str, paragraphs: list[str], context: dict[str, str]) -> str:
    blocks = []
    for part in paragraphs:
        button = _BUTTON.fullmatch(part)
        blocks.append(button.groupdict() if button else {"text": part})
    frame = _ENGINE.get_template("frame.html")
    return frame.render(Context({**context, "subject": subject, "blocks": blocks}))


# -- who writes what ----------------------------------------------------------------------------------------


def _reader(mail: Message) -> Person | Why:
    """Whom it was planned for, while they can sign in and still have this address."""
    person = mail.person
    if person is None or not person.is_active:
        return Why.NO_ACCOUNT
    return person if person.email == mail.address else Why.NO_ADDRESS


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
    return Letter(person.email, MessageKind.PASSWORD_RESET, {"link": link})


def _invitation(person: Person) -> Letter:
    link = _page("reset-password", new_link_token(LinkKind.INVITE, person))
    return Letter(person.email, MessageKind.INVITE, {"link": link, "username": person.username})


def _password_changed(mail: Message) -> Letter:
    link = f"{settings.PUBLIC_URL}/forgot-password"
    return Letter(mail.address, MessageKind.PASSWORD_CHANGED, {"link": link})


def _email_verification(mail: Message) -> Letter | Why:
    person = _reader(mail)
    if isinstance(person, Why):
        return person
    if person.email_verified_at is not None:
        return Why.POINTLESS
    link = _page("verify-email", new_link_token(LinkKind.VERIFY, person))
    return Letter(person.email, MessageKind.EMAIL_VERIFICATION, {"link": link})


def _email_changed(mail: Message) -> Letter:
    """To the address that was theirs before."""
    return Letter(mail.address, MessageKind.EMAIL_CHANGED)


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
    return Letter(mail.address, MessageKind.DOCTOR_REJECTED)


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


def _signed_in_page(mail: Message, person: Person, *, path: str = "") -> Letter:
    return Letter(person.email, mail.kind, {"link": f"{settings.PUBLIC_URL}/{path}"})


# -- visits ---------------------------------------------------------------------------------------------------


def _visit_reminder(mail: Message) -> Letter | Why:
    """While the visit stands as it was planned, and is still to come."""
    person = _reader(mail)
    if isinstance(person, Why):
        return person
    reminder = Reminder.objects.filter(pk=mail.subject_id or 0).first()
    visit = reminder and _visit(reminder.appointment_id)
    if not reminder or not visit:
        return Why.POINTLESS
    against = why_not(
        status=Status(visit.status),
        was_moved=visit.sequence != reminder.sequence,
        start=visit.start,
        until=reminder.until,
        now=clock.now(),
    )
    return Why.POINTLESS if against else _visit_letter(mail, person, visit)


def _visit_news(mail: Message) -> Letter | Why:
    """What became of a visit, unless something else has become of it since: that has a mail of its own."""
    person = _reader(mail)
    if isinstance(person, Why):
        return person
    visit = _visit(mail.subject_id or 0)
    if visit is None or mail.event is None:
        return Why.POINTLESS
    if has_changed_since(mail.event, VISIT_NEWS):
        return Why.OVERTAKEN
    return _visit_letter(mail, person, visit)


def _visit(appointment_id: int) -> Appointment | None:
    # Without what patients wrote: nothing of it is told, and one note that cannot be opened stops no mail.
    visits = Appointment.objects.select_related("doctor__person").defer("notes", "reason")
    return visits.filter(pk=appointment_id).first()


def _visit_letter(mail: Message, person: Person, visit: Appointment) -> Letter:
    zone = visit.doctor.person.time_zone
    when = visit.start.astimezone(ZoneInfo(zone))
    # Neither the doctor nor the field is named: mails are read on many screens.
    values = {"day": f"{when:%A} {when.day} {when:%B %Y}", "time": f"{when:%H:%M}", "zone": zone}
    link = f"{settings.PUBLIC_URL}/appointments/{visit.pk}"
    return Letter(person.email, mail.kind, {"link": link, **values})


def _page(path: str, token: str) -> str:
    # What stands behind the # is never sent to a server, and so is in no log.
    return f"{settings.PUBLIC_URL}/{path}#{token}"


WRITERS: Final[dict[MessageKind, Writer]] = {
    MessageKind.INVITE: _invite,
    MessageKind.PASSWORD_RESET: _password_reset,
    MessageKind.PASSWORD_CHANGED: _password_changed,
    MessageKind.EMAIL_VERIFICATION: _email_verification,
    MessageKind.EMAIL_CHANGED: _email_changed,
    MessageKind.DOCTOR_APPROVED: _doctor_approved,
    MessageKind.DOCTOR_REJECTED: _doctor_rejected,
    MessageKind.DOCTOR_ASSIGNED: _doctor_assigned,
    MessageKind.NEW_NOTE: _new_note,
    MessageKind.VISIT_BOOKED: _visit_news,
    MessageKind.VISIT_MOVED: _visit_news,
    MessageKind.VISIT_CANCELLED: _visit_news,
    MessageKind.VISIT_REMINDER: _visit_reminder,
}
