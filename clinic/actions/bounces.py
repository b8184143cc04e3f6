"""Mails that came back, and the addresses that no more are sent to until they are shown to work."""

from clinic import clock
from clinic.models import Message, Person
from clinic.queries.people import person_with_address


def mark_bounced(message: Message, *, reason: str, for_good: bool) -> None:
    """Keep that this mail came back, and `for_good` that its address takes none.

    Until its owner changes or confirms it, only mails of the account itself still go there.
    """
    now = clock.now()
    Message.objects.filter(pk=message.pk, bounced_at=None).update(bounced_at=now, reason=reason)
    owner = message.person or person_with_address(message.address)
    if for_good and owner is not None:
        # Unless it has become another one meanwhile. What does not reach it is no longer confirmed.
        same = Person.objects.filter(pk=owner.pk, email__iexact=message.address)
        same.update(email_bounced_at=now, email_verified_at=None)
