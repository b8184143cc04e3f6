"""Weekly working hours: wall-clock windows per weekday, read from and printed in the wire form."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from enum import IntEnum
from itertools import pairwise
from typing import Any, Final

from clinic.errors import FieldError


class Weekday(IntEnum):
    """ISO weekdays from zero, as `date.weekday()` counts them."""

    MONDAY = 0
    TUESDAY = 1
    WEDNESDAY = 2
    THURSDAY = 3
    FRIDAY = 4
    SATURDAY = 5
    SUNDAY = 6


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """One stretch of work on the wall clock of the doctor's zone."""

    start: time
    end: time


WeeklyHours = Mapping[Weekday, Sequence[Window]]

_WALL_TIME: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?", re.ASCII)


def windows_on(hours: WeeklyHours, day: date) -> Sequence[Window]:
    return hours.get(Weekday(day.weekday()), ())


def parse_available_days(raw: object) -> dict[Weekday, list[Window]]:
    """Read `available_days` in either form. Raises FieldError naming the exact field."""
    if not isinstance(raw, Mapping):
        raise FieldError("available_days", "Expected an object with weekdays as keys.")
    hours: dict[Weekday, list[Window]] = {}
    for key, value in raw.items():
        day = _weekday(key)
        if day in hours:
            raise FieldError(f"available_days.{key}", "This day is named twice.")
        hours[day] = _windows(value, field=f"available_days.{day.name}")
    return hours


def print_available_days(hours: WeeklyHours) -> dict[str, dict[str, Any]]:
    """All seven days, each in both forms: `start_time`/`end_time` are the first start and the last end."""
    return {day.name: _print_day(hours.get(day, ())) for day in Weekday}


def _weekday(key: object) -> Weekday:
    try:
        return Weekday[str(key).strip().upper()]
    except KeyError:
        raise FieldError(f"available_days.{key}", "This is not a day of the week.") from None


def _windows(value: object, *, field: str) -> list[Window]:
    if not isinstance(value, Mapping):
        raise FieldError(field, "Expected an object.")
    _refuse_unknown(value, {"is_available", "start_time", "end_time", "windows"}, field=field)
    available = value.get("is_available", False)
    if not isinstance(available, bool):
        raise FieldError(f"{field}.is_available", "Expected true or false.")
    if not available:
        return []
    if value.get("windows") is None:
        return [_window(value, field=field)]
    return _several(value["windows"], field=f"{field}.windows")


def _several(raw: object, *, field: str) -> list[Window]:
    if not isinstance(raw, list) or not raw:
        raise FieldError(field, "Expected a list of at least one window.")
    windows = sorted(_piece(item, field=f"{field}.{number}") for number, item in enumerate(raw))
    for earlier, later in pairwise(windows):
        if later.start < earlier.end:
            raise FieldError(field, "These windows overlap.", code="overlap")
    return windows


def _piece(raw: object, *, field: str) -> Window:
    if not isinstance(raw, Mapping):
        raise FieldError(field, "Expected an object.")
    _refuse_unknown(raw, {"start_time", "end_time"}, field=field)
    return _window(raw, field=field)


def _refuse_unknown(raw: Mapping[Any, Any], known: set[str], *, field: str) -> None:
    unknown = set(raw) - known
    if unknown:
        raise FieldError(f"{field}.{min(map(str, unknown))}", "Unknown field.", code="unknown")


def _window(raw: Mapping[Any, Any], *, field: str) -> Window:
    start = _wall_time(raw.get("start_time"), field=f"{field}.start_time")
    end = _wall_time(raw.get("end_time"), field=f"{field}.end_time")
    if end <= start:
        raise FieldError(f"{field}.end_time", "The end must be after the start.")
    return Window(start, end)


def _wall_time(raw: object, *, field: str) -> time:
    if not isinstance(raw, str) or not _WALL_TIME.fullmatch(raw):
        raise FieldError(field, "Expected a time as HH:MM.")
    return time.fromisoformat(raw)


def _print_day(windows: Sequence[Window]) -> dict[str, Any]:
    printed = [
        {"start_time": f"{window.start:%H:%M}", "end_time": f"{window.end:%H:%M}"}
        for window in windows
    ]
    return {
        "is_available": bool(windows),
        "start_time": printed[0]["start_time"] if printed else None,
        "end_time": printed[-1]["end_time"] if printed else None,
        "windows": printed,
    }
