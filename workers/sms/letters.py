"""What an SMS says of a visit, or of the offer of one: when it is, and neither with whom nor why."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template import Context, Engine

from clinic import clock
from clinic.letters.dates import CALENDARS, when_in_words
from clinic.models import Appointment, Message, MessageKind, Person
from clinic.queries.place import the_clinic
from clinic.rules.messages import Why
from clinic.rules.telephones import e164
from clinic.shapes.waitlist import WaitlistOffer
from workers.sms.alphabet import in_gsm
from workers.standing import offer_told_of, visit_told_of, why_not_tell

TEMPLATES: Final = Path(__file__).with_name("templates")
_ENGINE: Final = Engine(dirs=[str(TEMPLATES)])
# With this much of it every text stays within one SMS.
CLINIC_CHARS: Final = 28


@dataclass(frozen=True, slots=True)
class Sms:
    """One text to one number. A gateway that sees the same `id` again has had it already."""

    to: str
    text: str
    id: str


def write(message: Message) -> Sms | Why:
    """The SMS as things stand now, or why there is none."""
    if not settings.SMS:
        return Why.NO_GATEWAY
    against = why_not_tell(message)
    if against is not None:
        return against
    person = message.person
    assert person is not None
    number = e164(message.address)
    if number is None or number != e164(person.phone_number):
        return Why.NO_ADDRESS
    words = _words(message, person)
    return words if isinstance(words, Why) else Sms(number, words, str(message.seal))


def _words(message: Message, person: Person) -> str | Why:
    if message.kind == MessageKind.WAITLIST_OFFER:
        entry = offer_told_of(message)
        return entry if isinstance(entry, Why) else text_of_offer(entry.offer)
    visit = visit_told_of(message)
    if isinstance(visit, Why):
        return visit
    # Who is on the way to a visit that is cancelled wants to know, though it would have begun.
    return Why.POINTLESS if visit.end <= clock.now() else text(message.kind, person, visit)


def text(kind: str, person: Person, visit: Appointment) -> str:
    of_whom = "your visit" if person.pk == visit.patient_id else "a visit in your calendar"
    when = _when(visit.start, visit.doctor.person.time_zone)
    return _filled_in(kind, {"visit": of_whom, **when})


def text_of_offer(offer: WaitlistOffer) -> str:
    until = _when(offer.expires_at, offer.time_zone)
    words = {**_when(offer.start, offer.time_zone), "until": f"{until['day']}, {until['time']}"}
    return _filled_in(MessageKind.WAITLIST_OFFER, words)


def _when(moment: datetime, zone: str) -> dict[str, str]:
    wall = moment.astimezone(ZoneInfo(zone))
    english = CALENDARS["en"]
    # Of the day only what fits.
    day = english.day(
        english.weekdays[wall.weekday()][:3],
        wall.day,
        english.months[wall.month - 1][:3],
        wall.year,
    )
    return {**when_in_words(moment, zone, "en"), "day": day}


def _filled_in(kind: str, words: dict[str, str]) -> str:
    name = " ".join(in_gsm(str(the_clinic())).split())[:CLINIC_CHARS].strip()
    context = Context({"clinic": name or "Clinic", **words}, autoescape=False)
    return _ENGINE.get_template(f"{kind}.txt").render(context).strip()
