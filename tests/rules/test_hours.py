"""`available_days`: what may be said of a week, in both forms, and which field is to blame."""

from datetime import date, time
from typing import Any

import pytest

from clinic.errors import FieldError
from clinic.rules.hours import (
    Weekday,
    Window,
    parse_available_days,
    print_available_days,
    windows_on,
)

pytestmark = pytest.mark.engine("sqlite")

NINE_TO_FIVE = {"is_available": True, "start_time": "09:00", "end_time": "17:00"}


def window(start: str, end: str) -> Window:
    return Window(time.fromisoformat(start), time.fromisoformat(end))


def a_day(**changes: Any) -> dict[str, Any]:
    return {"MONDAY": {**NINE_TO_FIVE, **changes}}


def with_windows(*windows: Any) -> dict[str, Any]:
    return {"MONDAY": {"is_available": True, "windows": list(windows)}}


def piece(start: Any, end: Any) -> dict[str, Any]:
    return {"start_time": start, "end_time": end}


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ({}, {}),
        (a_day(), {Weekday.MONDAY: [window("09:00", "17:00")]}),
        ({"monday": NINE_TO_FIVE}, {Weekday.MONDAY: [window("09:00", "17:00")]}),
        ({" Sunday ": NINE_TO_FIVE}, {Weekday.SUNDAY: [window("09:00", "17:00")]}),
        (a_day(start_time="09:00:00"), {Weekday.MONDAY: [window("09:00", "17:00")]}),
        (a_day(end_time="23:59"), {Weekday.MONDAY: [window("09:00", "23:59")]}),
        (a_day(start_time="00:00"), {Weekday.MONDAY: [window("00:00", "17:00")]}),
        (a_day(windows=None), {Weekday.MONDAY: [window("09:00", "17:00")]}),
        (a_day(is_available=False), {Weekday.MONDAY: []}),
        ({"MONDAY": {"is_available": False, **piece(None, None)}}, {Weekday.MONDAY: []}),
        ({"MONDAY": {}}, {Weekday.MONDAY: []}),
        (
            with_windows(piece("09:00", "12:00"), piece("13:00", "17:00")),
            {Weekday.MONDAY: [window("09:00", "12:00"), window("13:00", "17:00")]},
        ),
        (
            with_windows(piece("13:00", "17:00"), piece("09:00", "12:00")),
            {Weekday.MONDAY: [window("09:00", "12:00"), window("13:00", "17:00")]},
        ),
        (
            with_windows(piece("09:00", "12:00"), piece("12:00", "17:00")),
            {Weekday.MONDAY: [window("09:00", "12:00"), window("12:00", "17:00")]},
        ),
    ],
)
def test_both_forms_are_understood(said: Any, meant: Any) -> None:
    assert parse_available_days(said) == meant


@pytest.mark.parametrize(
    ("said", "field"),
    [
        (None, "available_days"),
        ([], "available_days"),
        ("MONDAY", "available_days"),
        (7, "available_days"),
        ({"FUNDAY": NINE_TO_FIVE}, "available_days.FUNDAY"),
        ({"": NINE_TO_FIVE}, "available_days."),
        ({1: NINE_TO_FIVE}, "available_days.1"),
        ({"MONDAY": NINE_TO_FIVE, "monday": NINE_TO_FIVE}, "available_days.monday"),
        ({"MONDAY": None}, "available_days.MONDAY"),
        ({"MONDAY": []}, "available_days.MONDAY"),
        ({"tuesday": "09:00"}, "available_days.TUESDAY"),
        (a_day(until="18:00"), "available_days.MONDAY.until"),
        (a_day(is_available="yes"), "available_days.MONDAY.is_available"),
        (a_day(is_available=1), "available_days.MONDAY.is_available"),
        (a_day(is_available=None), "available_days.MONDAY.is_available"),
        (a_day(start_time=None), "available_days.MONDAY.start_time"),
        (a_day(end_time=None), "available_days.MONDAY.end_time"),
        (a_day(start_time=9), "available_days.MONDAY.start_time"),
        (a_day(start_time="9:00"), "available_days.MONDAY.start_time"),
        (a_day(start_time="09:60"), "available_days.MONDAY.start_time"),
        (a_day(start_time="09"), "available_days.MONDAY.start_time"),
        (a_day(start_time="09:00 "), "available_days.MONDAY.start_time"),
        (a_day(start_time="09:00\n"), "available_days.MONDAY.start_time"),
        (a_day(start_time="09:00+02:00"), "available_days.MONDAY.start_time"),
        (a_day(start_time="0٩:00"), "available_days.MONDAY.start_time"),
        (a_day(end_time="24:00"), "available_days.MONDAY.end_time"),
        (a_day(end_time="17:00:00.5"), "available_days.MONDAY.end_time"),
        (a_day(end_time="09:00"), "available_days.MONDAY.end_time"),
        (a_day(end_time="08:00"), "available_days.MONDAY.end_time"),
        (with_windows(), "available_days.MONDAY.windows"),
        (a_day(windows="09:00"), "available_days.MONDAY.windows"),
        (a_day(windows={}), "available_days.MONDAY.windows"),
        (with_windows("09:00"), "available_days.MONDAY.windows.0"),
        (with_windows({**NINE_TO_FIVE}), "available_days.MONDAY.windows.0.is_available"),
        (with_windows(piece("09:00", "08:00")), "available_days.MONDAY.windows.0.end_time"),
        (
            with_windows(piece("09:00", "12:00"), piece("1 pm", "17:00")),
            "available_days.MONDAY.windows.1.start_time",
        ),
        (
            with_windows(piece("09:00", "12:00"), piece("11:59", "17:00")),
            "available_days.MONDAY.windows",
        ),
        (
            with_windows(piece("09:00", "12:00"), piece("09:00", "12:00")),
            "available_days.MONDAY.windows",
        ),
    ],
)
def test_a_malformed_week_is_refused_by_the_field(said: Any, field: str) -> None:
    with pytest.raises(FieldError) as refused:
        parse_available_days(said)

    assert refused.value.field == field


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (a_day(until="18:00"), "unknown"),
        (with_windows(piece("09:00", "12:00"), piece("11:00", "17:00")), "overlap"),
        (a_day(end_time="08:00"), "invalid"),
    ],
)
def test_a_malformed_week_is_refused_with_a_code(said: Any, code: str) -> None:
    with pytest.raises(FieldError) as refused:
        parse_available_days(said)

    assert refused.value.field_code == code


def test_a_week_is_printed_in_both_forms_with_all_its_days() -> None:
    printed = print_available_days(
        {
            Weekday.MONDAY: [window("09:00", "12:00"), window("13:00", "17:30")],
            Weekday.FRIDAY: [],
        }
    )

    assert list(printed) == [day.name for day in Weekday]
    assert printed["MONDAY"] == {
        "is_available": True,
        "start_time": "09:00",
        "end_time": "17:30",
        "windows": [piece("09:00", "12:00"), piece("13:00", "17:30")],
    }
    for closed in ("FRIDAY", "SUNDAY"):
        assert printed[closed] == {"is_available": False, "windows": [], **piece(None, None)}


def test_what_is_printed_can_be_sent_back() -> None:
    week = parse_available_days(
        {**with_windows(piece("08:15", "12:00"), piece("13:00", "17:30")), "sunday": NINE_TO_FIVE}
    )
    empty: dict[Weekday, list[Window]] = {day: [] for day in Weekday}

    assert parse_available_days(print_available_days(week)) == {**empty, **week}


@pytest.mark.parametrize(
    ("day", "works"),
    [(date(2027, 3, 1), True), (date(2027, 3, 2), False), (date(2027, 3, 8), True)],
)
def test_the_windows_of_a_date_are_those_of_its_weekday(day: date, works: bool) -> None:
    week = {Weekday.MONDAY: [window("09:00", "12:00")]}

    assert bool(windows_on(week, day)) is works
