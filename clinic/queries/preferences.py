"""How people want to be told, with the defaults of those who have said nothing."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final

from django.conf import settings

from clinic.models import Person, Preferences
from clinic.queries.push import people_with_browsers
from clinic.rows import fetch
from clinic.rules.messages import OUTBOUND, Channel, QuietHours
from clinic.rules.reminders import Lead, parse_leads
from clinic.rules.telephones import e164

# Asked at every booking.
_LEADS: Final = (
    "SELECT (SELECT lead_times FROM clinic_preferences WHERE person_id = %s), "
    "(SELECT reminders FROM clinic_clinic)"
)


def lead_times_of(person_id: int) -> tuple[Lead, ...]:
    """How long before a visit this patient is reminded: as they chose, else as the clinic does."""
    [(own, the_clinics)] = fetch(_LEADS, [person_id])
    text = the_clinics if own is None else own
    return settings.REMINDERS if text is None else parse_leads(text)


def preferences_of(person: Person) -> Preferences:
    """What they chose, or what holds for those who chose nothing; then the row is not stored."""
    return Preferences.objects.filter(person=person).first() or Preferences(person=person)


def all_preferences(person_ids: Collection[int]) -> Mapping[int, Preferences]:
    found = Preferences.objects.in_bulk(person_ids)
    return {each: found.get(each) or Preferences(person_id=each) for each in person_ids}


def quiet_hours_of(person: Person, preferences: Preferences) -> QuietHours | None:
    if preferences.quiet_from is None or preferences.quiet_until is None:
        return None
    return QuietHours(preferences.quiet_from, preferences.quiet_until, person.time_zone)


def loud_from(person: Person, moment: datetime) -> datetime:
    """The first moment from this one on in which this person is not to be left alone."""
    quiet = quiet_hours_of(person, preferences_of(person))
    return moment if quiet is None else quiet.first_loud(moment)


def usable_channels(
    people: Collection[Person], preferences: Mapping[int, Preferences]
) -> Mapping[int, frozenset[Channel]]:
    """By person: the ways out of the house that they want and that lead to them."""
    with_browser = people_with_browsers([person.pk for person in people])

    def leads_to(person: Person, channel: Channel) -> bool:
        match channel:
            case Channel.EMAIL:
                return person.takes_mail
            case Channel.SMS:
                return bool(settings.SMS and e164(person.phone_number))
            case _:
                return person.pk in with_browser

    return {
        person.pk: frozenset(
            channel
            for channel in OUTBOUND
            if preferences[person.pk].wants(channel) and leads_to(person, channel)
        )
        for person in people
    }
