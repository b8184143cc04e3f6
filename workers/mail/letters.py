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
from clinic.models import Mail, MailKind, Person, Reminder
from clinic.queries.assignments import patients_of
from clinic.queries.people import person_with_address
from clinic.queries.place import the_clinic
from clinic.queries.records import readers_of
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


Writer = Callable[[Mail], Letter | None]


def write(mail: Mail) -> Written | None:
    """The letter as it stands now; None if it has become pointless."""
    letter = WRITERS[MailKind(mail.kind)](mail)
    if letter is None:
        return None
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


def _reader(mail: Mail) -> Person | None:
    """Whom it was planned for, while they can sign in and still have this address."""
    person = mail.person
    if person is None or not person.is_active or person.email != mail.address:
        return None
    return person


def _invite(mail: Mail) -> Letter | None:
    person = _reader(mail)
    if person is None or person.has_usable_password():
        return None
    return _invitation(person)


def _password_reset(mail: Mail) -> Letter | None:
    """Somebody asked with this address. Whoever has it is mailed, at the address as they wrote it themselves."""
    person = person_with_address(mail.address)
    if person is None:
        return None
    if not person.has_usable_password():
        return _invitation(person)
    link = _page("reset-password", new_link_token(LinkKind.RESET, person))
    return Letter(person.email, MailKind.PASSWORD_RESET, {"link": link})


def _invitation(person: Person) -> Letter:
    link = _page("reset-password", new_link_token(LinkKind.INVITE, person))
    return Letter(person.email, MailKind.INVITE, {"link": link, "username": person.username})


def _password_changed(mail: Mail) -> Letter | None:
    return Letter(
        mail.address, MailKind.PASSWORD_CHANGED, {"link": f"{settings.PUBLIC_URL}/forgot-password"}
    )


def _email_verification(mail: Mail) -> Letter | None:
    person = _reader(mail)
    if person is None or person.email_verified_at is not None:
        return None
    link = _page("verify-email", new_link_token(LinkKind.VERIFY, person))
    return Letter(person.email, MailKind.EMAIL_VERIFICATION, {"link": link})


def _email_changed(mail: Mail) -> Letter | None:
    """To the address that was theirs before."""
    return Letter(mail.address, MailKind.EMAIL_CHANGED)


def _doctor_assigned(mail: Mail) -> Letter | None:
    person = _reader(mail)
    if person is None or not _is_assigned(person, mail):
        return None
    # Nobody is named: mails are read on many screens.
    return Letter(person.email, MailKind.DOCTOR_ASSIGNED, {"link": f"{settings.PUBLIC_URL}/"})


def _is_assigned(doctor: Person, mail: Mail) -> bool:
    """Whether the assignment it tells of still stands."""
    if mail.subject_id is None or not doctor.is_approved:
        return False
    if mail.subject_kind == "record":
        return doctor.pk in readers_of([mail.subject_id])[mail.subject_id]
    return patients_of(doctor).filter(pk=mail.subject_id).exists()


def _visit_reminder(mail: Mail) -> Letter | None:
    """While the visit stands as it was planned, and is still to come."""
    person = _reader(mail)
    reminder = (
        Reminder.objects.select_related("appointment__doctor__person")
        .defer("appointment__notes", "appointment__reason")
        .filter(pk=mail.subject_id or 0)
        .first()
    )
    if person is None or reminder is None or not _is_expected(reminder):
        return None
    zone = reminder.appointment.doctor.person.time_zone
    when = reminder.appointment.start.astimezone(ZoneInfo(zone))
    # Neither the doctor nor the field is named: mails are read on many screens.
    values = {"day": f"{when:%A} {when.day} {when:%B %Y}", "time": f"{when:%H:%M}", "zone": zone}
    link = f"{settings.PUBLIC_URL}/appointments/{reminder.appointment_id}"
    return Letter(person.email, MailKind.VISIT_REMINDER, {"link": link, **values})


def _is_expected(reminder: Reminder) -> bool:
    visit = reminder.appointment
    against = why_not(
        status=Status(visit.status),
        was_moved=visit.sequence != reminder.sequence,
        start=visit.start,
        until=reminder.until,
        now=clock.now(),
    )
    return against is None


def _page(path: str, token: str) -> str:
    # What stands behind the # is never sent to a server, and so is in no log.
    return f"{settings.PUBLIC_URL}/{path}#{token}"


WRITERS: Final[dict[MailKind, Writer]] = {
    MailKind.INVITE: _invite,
    MailKind.PASSWORD_RESET: _password_reset,
    MailKind.PASSWORD_CHANGED: _password_changed,
    MailKind.EMAIL_VERIFICATION: _email_verification,
    MailKind.EMAIL_CHANGED: _email_changed,
    MailKind.DOCTOR_ASSIGNED: _doctor_assigned,
    MailKind.VISIT_REMINDER: _visit_reminder,
}
