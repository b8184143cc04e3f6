"""A visit as a calendar file (RFC 5545) that calendars take up, move and remove by themselves (RFC 5546)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from icalendar import Calendar, Event, vCalAddress

PRODUCT: Final = "-//Clinic//Visits//EN"
# All that a shared calendar or a locked telephone may show of a visit.
SUMMARY: Final[Mapping[str, str]] = {"en": "Appointment", "de": "Termin"}


class Method(StrEnum):
    """What its reader's calendar is to do: put it in, or where it is, change it; or take it out."""

    REQUEST = "REQUEST"
    CANCEL = "CANCEL"


@dataclass(frozen=True, slots=True)
class Visit:
    """What the file tells. `uid` never changes, `sequence` grows with time and status; `organizer` sends the mail."""

    uid: str
    sequence: int
    start: datetime
    end: datetime
    changed_at: datetime
    clinic: str
    organizer: str
    attendee: str
    link: str
    language: str


@dataclass(frozen=True, slots=True)
class CalendarFile:
    method: Method
    text: str

    @property
    def media_type(self) -> str:
        """Clients look for the method here before they open the file (RFC 6047)."""
        return f"text/calendar; method={self.method}"


def calendar_file(visit: Visit, method: Method, *, now: datetime) -> CalendarFile:
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", str(method))
    calendar.add_component(_event(visit, method, now))
    return CalendarFile(method, calendar.to_ical().decode())


def _event(visit: Visit, method: Method, now: datetime) -> Event:
    event = Event()
    event.add("uid", visit.uid)
    event.add("sequence", visit.sequence)
    event.add("dtstamp", now.astimezone(UTC))
    event.add("last-modified", visit.changed_at.astimezone(UTC))
    # In UTC: the file needs no rules of a zone, and calendars show it on their owner's own clock.
    event.add("dtstart", visit.start.astimezone(UTC))
    event.add("dtend", visit.end.astimezone(UTC))
    event.add("summary", SUMMARY[visit.language])
    event.add("location", visit.clinic)
    event.add("url", visit.link)
    event.add("class", "PRIVATE")
    event.add("status", "CANCELLED" if method is Method.CANCEL else "CONFIRMED")
    event.add("organizer", _address(visit.organizer, CN=visit.clinic))
    # Nobody is asked for an answer: it would go to a mailbox that nobody reads.
    event.add("attendee", _address(visit.attendee, PARTSTAT="ACCEPTED", RSVP="FALSE"))
    return event


def _address(mail: str, **parameters: str) -> vCalAddress:
    address = vCalAddress(f"mailto:{mail}")
    for name, value in parameters.items():
        address.params[name] = value
    return address
