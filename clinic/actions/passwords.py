"""Passwords: proved, changed, forgotten, set for the first time."""

import uuid

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from clinic import clock
from clinic.actions.messages import plan_message, plan_message_to_address
from clinic.actions.sessions import end_sessions_of, forgive_sign_ins
from clinic.context import current_request
from clinic.errors import FieldError, LinkInvalid
from clinic.journal import announce_rights
from clinic.limits import digest, forgive, guard, line
from clinic.links import LinkKind, read_link
from clinic.models import MessageKind, Person


def change_password(*, actor: Person, session_id: uuid.UUID, old: str, new: str) -> None:
    """Set another password and end all sessions but this one. Raises FieldError and RateLimited."""
    prove_password(actor, old, field="old_password")
    check_new_password(new, actor, field="new_password")
    hashed = make_password(new)
    with transaction.atomic():
        person = _locked(actor.pk)
        if person.password != actor.password:
            # Another change was faster: what was proved is no longer so.
            raise wrong_password("old_password")
        _set(person, hashed, but=session_id)


def request_password_reset(*, email: str) -> None:
    """Have a link mailed to whoever has this address, every few minutes at most. Raises RateLimited.

    What is done, and how long it takes, is the same whether anybody has it: nobody is looked for here.
    """
    guard(*line("password_reset", settings.LIMIT_PASSWORD_RESET, current_request.get().network))
    with transaction.atomic():
        plan_message_to_address(
            kind=MessageKind.PASSWORD_RESET,
            address=email,
            # Folded as `person_with_address` does it: one mailbox, one key.
            once=once_a_while("password_reset", digest(email.lower())),
        )


def set_password_by_link(*, token: str, password: str) -> None:
    """The first password, or one instead of a forgotten one; ends all sessions. Raises FieldError, LinkInvalid.

    Of any number of uses one succeeds. Whoever holds the link has the address it was mailed to.
    """
    link = read_link(token, LinkKind.RESET, LinkKind.INVITE)
    person = Person.objects.filter(pk=link.person_id).first()
    if person is None or not person.is_active or not link.stands_for(person):
        raise LinkInvalid
    check_new_password(password, person)
    # Slow on purpose: not under the lock.
    hashed = make_password(password)
    with transaction.atomic():
        person = _locked(link.person_id)
        if not person.is_active or not link.stands_for(person):
            raise LinkInvalid
        person.email_verified_at = person.email_verified_at or clock.now()
        person.email_bounced_at = None
        _set(person, hashed)
    forgive_sign_ins(person)


def prove_password(person: Person, given: str, *, field: str) -> None:
    """Raises FieldError for a wrong one, and RateLimited for too many, whatever they are."""
    tries = line("password", settings.LIMIT_SIGN_IN, str(person.pk))
    guard(*tries)
    if not check_password(given, person.password, setter=None):
        raise wrong_password(field)
    forgive(*tries)


def check_new_password(password: str, person: Person, *, field: str = "password") -> None:
    """Raises FieldError with the first rule a password breaks."""
    if len(password) > settings.PASSWORD_MAX_CHARS:
        raise FieldError(
            field, f"At most {settings.PASSWORD_MAX_CHARS} characters.", code="too_long"
        )
    try:
        validate_password(password, person)
    except ValidationError as error:
        first = error.error_list[0]
        raise FieldError(field, first.messages[0], code=first.code or "invalid") from None


def once_a_while(what: str, whose: str) -> str:
    """The same for all who ask for it within some minutes: a mailbox is not filled by asking."""
    return f"{what}.{whose}.{int(clock.now().timestamp()) // settings.MAIL_AGAIN_SECONDS}"


def _set(person: Person, hashed: str, *, but: uuid.UUID | None = None) -> None:
    had_one = person.has_usable_password()
    person.password = hashed
    person.save(update_fields=["password", "email_verified_at", "email_bounced_at", "updated_at"])
    end_sessions_of(person, but=but)
    if had_one:
        plan_message(kind=MessageKind.PASSWORD_CHANGED, person=person)
    announce_rights(person.pk)


def _locked(person_id: int) -> Person:
    return Person.objects.select_for_update(no_key=True).get(pk=person_id)


def wrong_password(field: str) -> FieldError:
    return FieldError(field, "This is not your password.", code="wrong_password")
