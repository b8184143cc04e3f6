"""What an SMS says of a visit: when it is, and neither with whom nor why."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template import Context, Engine

from clinic import clock
from clinic.letters.dates import CALENDARS, when_in_words
from clinic.models import Appointment, Message, Person
from clinic.queries.place import the_clinic
from clinic.rules.messages import Why
from clinic.rules.telephones import e164
from workers.sms.alphabet import in_gsm
from workers.standing import visit_told_of, why_not_tell

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
    visit = visit_told_of(message)
    if isinstance(visit, Why):
        return visit
    # Who is on the way to a visit that is cancelled wants to know, though it would have begun.
    if visit.end <= clock.now():
        return Why.POINTLESS
    return Sms(number, text(message.kind, person, visit), str(message.seal))


def text(kind: str, person: Person, visit: Appointment) -> str:
    zone = visit.doctor.person.time_zone
    wall = visit.start.astimezone(ZoneInfo(zone))
    english = CALENDARS["en"]
    name = " ".join(in_gsm(str(the_clinic())).split())[:CLINIC_CHARS].strip()
    words = {
        "clinic": name or "Clinic",
        "visit": "your visit" if person.pk == visit.patient_id else "a visit in your calendar",
        **when_in_words(visit.start, zone, "en"),
        # Of the day only what fits.
        "day": english.day(
            english.weekdays[wall.weekday()][:3],
            wall.day,
            english.months[wall.month - 1][:3],
            wall.year,
        ),
    }
    template = _ENGINE.get_template(f"{kind}.txt")
    return template.render(Context(words, autoescape=False)).strip()
