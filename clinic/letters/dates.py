"""Dates and times in the words of a language; Python's own names of days follow the machine's locale."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo


class Calendar(NamedTuple):
    """A language's names of weekdays and months, and how it puts them together."""

    weekdays: tuple[str, ...]
    months: tuple[str, ...]
    day: Callable[[str, int, str, int], str]
    time: str


CALENDARS: Final[Mapping[str, Calendar]] = {
    "en": Calendar(
        ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
        (
            "January", "February", "March", "April", "May", "June", "July", "August", "September",
            "October", "November", "December",
        ),
        lambda weekday, day, month, year: f"{weekday} {day} {month} {year}",
        "%H:%M",
    ),
    "de": Calendar(
        ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"),
        (
            "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September",
            "Oktober", "November", "Dezember",
        ),
        lambda weekday, day, month, year: f"{weekday}, {day}. {month} {year}",
        "%H:%M\N{NO-BREAK SPACE}Uhr",
    ),
}  # fmt: skip


def when_in_words(moment: datetime, zone: str, language: str) -> dict[str, str]:
    """`day`, `time` and `zone` as a letter says them: on the clock of this zone."""
    wall = moment.astimezone(ZoneInfo(zone))
    words = CALENDARS[language]
    month = words.months[wall.month - 1]
    return {
        "day": words.day(words.weekdays[wall.weekday()], wall.day, month, wall.year),
        "time": wall.strftime(words.time),
        "zone": f"{zone}, {_offset(wall)}" if _comes_twice(wall) else zone,
    }


def _comes_twice(wall: datetime) -> bool:
    """In the night the clock is put back an hour is read twice: only its distance to UTC tells which is meant."""
    return wall.replace(fold=0).utcoffset() != wall.replace(fold=1).utcoffset()


def _offset(wall: datetime) -> str:
    text = f"{wall:%z}"
    hours, minutes = int(text[1:3]), text[3:5]
    return f"UTC{text[0]}{hours}" + (f":{minutes}" if minutes != "00" else "")
