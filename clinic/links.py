"""Links that are mailed: what their tokens carry, and whether they still stand. Nothing of them is stored."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final

from django.core import signing
from django.utils.crypto import constant_time_compare, salted_hmac

from clinic import clock
from clinic.errors import LinkInvalid
from clinic.models.appointments import Appointment
from clinic.models.people import Person

_SALT: Final = "clinic.links"
_VISITS: Final = "clinic.links.visits"
_UNSUBSCRIBING: Final = "clinic.links.unsubscribing"


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


# -- visits ---------------------------------------------------------------------------------------------------


class VisitAct(StrEnum):
    """What the button behind a link does with its visit."""

    CONFIRM = "confirm"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class VisitLink:
    """A genuine token of a visit that was to come at this `sequence`, mailed to this person."""

    act: VisitAct
    person_id: int
    appointment_id: int
    sequence: int
    state: str

    def stands_for(self, person: Person) -> bool:
        return constant_time_compare(self.state, _address_state(_VISITS, person))


def new_visit_token(act: VisitAct, person: Person, appointment: Appointment) -> str:
    """Good until the visit begins, for this time of it, and while the person has this address."""
    said = [act, person.pk, appointment.pk, appointment.sequence, appointment.start.timestamp()]
    return signing.dumps([*said, _address_state(_VISITS, person)], salt=_VISITS)


def read_visit_link(token: str) -> VisitLink:
    """Raises LinkInvalid for everything but a genuine token of a visit that has not begun."""
    act, person_id, appointment_id, sequence, until, state = _signed(token, _VISITS, parts=6)
    if clock.now().timestamp() >= until:
        raise LinkInvalid
    return VisitLink(VisitAct(act), person_id, appointment_id, sequence, state)


# -- mails that nobody has to get ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class UnsubscribeLink:
    person_id: int
    state: str

    def stands_for(self, person: Person) -> bool:
        return constant_time_compare(self.state, _address_state(_UNSUBSCRIBING, person))


def new_unsubscribe_token(person: Person) -> str:
    """Good while the person has this address: mails are kept for years."""
    return signing.dumps([person.pk, _address_state(_UNSUBSCRIBING, person)], salt=_UNSUBSCRIBING)


def read_unsubscribe_link(token: str) -> UnsubscribeLink:
    """Raises LinkInvalid for everything but a genuine token."""
    return UnsubscribeLink(*_signed(token, _UNSUBSCRIBING, parts=2))


def _signed(token: str, salt: str, *, parts: int) -> list[Any]:
    try:
        said: list[Any] = signing.loads(token, salt=salt)
    except (signing.BadSignature, ValueError):
        raise LinkInvalid from None
    if len(said) != parts:
        raise LinkInvalid
    return said


def _address_state(salt: str, person: Person) -> str:
    # Short enough for an address that mail programs show.
    return salted_hmac(salt, person.email, algorithm="sha256").hexdigest()[:32]
