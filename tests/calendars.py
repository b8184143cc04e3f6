"""Calendar files read as calendars read them."""

from typing import Any

from icalendar import Calendar


def read_calendar(text: str | bytes) -> Any:
    """The calendar; what its properties are is for its reader to know."""
    return Calendar.from_ical(text)


def event_in(text: str | bytes) -> Any:
    """The one event of such a file."""
    [event] = read_calendar(text).events
    return event
