"""Links that are mailed: what their tokens carry, and whether they still stand. Nothing of them is stored."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from django.core import signing
from django.utils.crypto import constant_time_compare, salted_hmac

from clinic.errors import LinkInvalid
from clinic.models.people import Person

_SALT: Final = "clinic.links"


class LinkKind(StrEnum):
    """What its holder may do with it."""

    RESET = "reset"
    INVITE = "invite"
    VERIFY = "verify"


LIFE: Final = {
    LinkKind.RESET: timedelta(hours=1),
    LinkKind.INVITE: timedelta(days=3),
    LinkKind.VERIFY: timedelta(days=3),
}


@dataclass(frozen=True, slots=True)
class Link:
    """A genuine token. Whether it still stands, only its person as they are now can say."""

    kind: LinkKind
    person_id: int
    state: str

    def stands_for(self, person: Person) -> bool:
        return constant_time_compare(self.state, _state(self.kind, person))


def new_link_token(kind: LinkKind, person: Person) -> str:
    """Good from now on for LIFE, and until what it is for has been done."""
    return signing.dumps([kind, person.pk, _state(kind, person)], salt=_SALT)


def read_link(token: str, *kinds: LinkKind) -> Link:
    """Raises LinkInvalid for everything but a genuine token of one of these kinds, within its life."""
    try:
        kind = LinkKind(signing.loads(token, salt=_SALT)[0])
        _, person_id, state = signing.loads(token, salt=_SALT, max_age=LIFE[kind])
    except (signing.BadSignature, ValueError, TypeError, LookupError):
        raise LinkInvalid from None
    if kind not in kinds:
        raise LinkInvalid
    return Link(kind, person_id, state)


def _state(kind: LinkKind, person: Person) -> str:
    """A digest that changes when the link has done its work, and when the address is another one."""
    # A new password, even the same one again, has another hash.
    used = "" if kind is LinkKind.VERIFY else person.password
    return salted_hmac(_SALT, f"{kind}\0{used}\0{person.email}", algorithm="sha256").hexdigest()
