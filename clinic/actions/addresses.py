"""E-mail addresses: shown to be somebody's."""

from django.db import transaction

from clinic import clock
from clinic.actions.messages import plan_message
from clinic.actions.passwords import once_a_while
from clinic.errors import LinkInvalid
from clinic.links import LinkKind, read_link
from clinic.models import MessageKind, Person


def verify_email(*, token: str) -> None:
    """Whoever holds the link has the address. Doing it again is no error. Raises LinkInvalid."""
    link = read_link(token, LinkKind.VERIFY)
    with transaction.atomic():
        person = Person.objects.select_for_update(no_key=True).filter(pk=link.person_id).first()
        if person is None or not person.is_active or not link.stands_for(person):
            raise LinkInvalid
        if person.email_verified_at is None:
            person.email_verified_at, person.email_bounced_at = clock.now(), None
            person.save(update_fields=["email_verified_at", "email_bounced_at", "updated_at"])


def resend_verification(*, actor: Person) -> None:
    """Mail the link once more, every few minutes at most; nothing where the address is verified."""
    if actor.email_verified_at is not None:
        return
    with transaction.atomic():
        plan_message(
            kind=MessageKind.EMAIL_VERIFICATION,
            person=actor,
            once=once_a_while("email_verification", f"{actor.pk}.{actor.email}"[:150]),
        )
