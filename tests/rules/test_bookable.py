"""Why a time is refused: by the first rule it breaks."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from clinic.errors import TimeNotBookable
from clinic.rules.hours import Weekday, Window
from clinic.rules.slots import Schedule, Span, require_bookable

pytestmark = pytest.mark.engine("sqlite")

NOW = datetime(2027, 3, 1, 8, 0, tzinfo=UTC)  # a Monday
TODAY = NOW.date()
HALF_HOUR = timedelta(minutes=30)
MORNING = [Window(time(9), time(12)), Window(time(13), time(15))]


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2027-03-{text}").replace(tzinfo=UTC)


def schedule(**changes: Any) -> Schedule:
    fields: dict[str, Any] = {
        "time_zone": "UTC",
        "hours": dict.fromkeys(Weekday, MORNING),
        "visit_minutes": 30,
    }
    return Schedule(**{**fields, **changes})


def refusal(
    plan: Schedule, start: datetime, *, taken: int = 0, notice: int = 0, minutes: int = 30
) -> str:
    day = start.replace(hour=9, minute=0, second=0, microsecond=0)
    busy = [Span(day + n * HALF_HOUR, day + (n + 1) * HALF_HOUR) for n in range(taken)]
    wanted = Span(start, start + timedelta(minutes=minutes))
    try:
        require_bookable(replace(plan, notice_minutes=notice), busy, wanted, now=NOW)
    except TimeNotBookable as refused:
        return refused.code
    return ""


@pytest.mark.parametrize(
    ("start", "code"),
    [
        ("01 09:00", ""),
        ("01 11:30", ""),
        ("01 13:00", ""),
        ("01 07:59:59", "in_past"),
        ("01 09:01", "off_grid"),
        ("01 09:15", "off_grid"),
        ("01 11:29", "off_grid"),
        ("01 09:00:00.000001", "off_grid"),
        ("01 08:30", "outside_hours"),
        ("01 08:45", "outside_hours"),
        ("01 11:45", "outside_hours"),
        ("01 12:00", "outside_hours"),
        ("01 12:45", "outside_hours"),
        ("01 15:00", "outside_hours"),
        ("02 03:00", "outside_hours"),
    ],
)
def test_a_time_must_be_a_slot_of_the_grid(start: str, code: str) -> None:
    assert refusal(schedule(), at(start)) == code


@pytest.mark.parametrize("minutes", [29, 31, 60])
def test_a_visit_of_another_length_is_off_the_grid(minutes: int) -> None:
    assert refusal(schedule(), at("01 09:00"), minutes=minutes) == "off_grid"


def test_this_very_moment_can_still_be_booked() -> None:
    plan = schedule(hours={key: [Window(time(8), time(9))] for key in Weekday})

    assert refusal(plan, NOW) == ""


@pytest.mark.parametrize(
    ("start", "notice", "code"),
    [
        ("01 09:00", 0, ""),
        ("01 09:00", 60, ""),
        ("01 09:00", 61, "too_soon"),
        ("02 09:00", 24 * 60, ""),
        ("01 11:30", 24 * 60, "too_soon"),
        ("01 07:00", 60, "in_past"),
    ],
)
def test_some_notice_may_be_asked_for(start: str, notice: int, code: str) -> None:
    assert refusal(schedule(), at(start), notice=notice) == code


# Every rule with a schedule that breaks it and all the later ones: each refusal hides the next.
ORDER = ["in_past", "too_soon", "clinic_closed", "time_off", "outside_hours", "day_full"]


@pytest.mark.parametrize("first", range(len(ORDER) + 1))
def test_the_first_broken_rule_is_the_one_that_is_named(first: int) -> None:
    broken = set(ORDER[first:])
    plan = schedule(
        closures=frozenset({TODAY, TODAY - timedelta(days=1)} if "clinic_closed" in broken else ()),
        time_off=[Span(at("01 00:00"), at("02 00:00"))] if "time_off" in broken else [],
        max_patients_per_day=1 if "day_full" in broken else None,
    )
    hour = "08:10" if "outside_hours" in broken else "09:30"
    start = at(f"01 {hour}") - (timedelta(hours=1) if "in_past" in broken else timedelta())

    code = refusal(plan, start, taken=1, notice=180 if "too_soon" in broken else 0)

    assert code == (ORDER[first] if first < len(ORDER) else "")


def test_off_the_grid_on_a_full_day_says_off_the_grid() -> None:
    assert refusal(schedule(max_patients_per_day=1), at("01 10:10"), taken=1) == "off_grid"


@pytest.mark.parametrize(
    ("off", "code"),
    [
        (("01 09:30", "01 10:00"), ""),
        (("01 08:00", "01 09:00"), ""),
        (("01 08:00", "01 09:01"), "time_off"),
        (("01 09:29", "01 12:00"), "time_off"),
        (("01 09:10", "01 09:20"), "time_off"),
    ],
)
def test_time_off_refuses_what_reaches_into_it(off: tuple[str, str], code: str) -> None:
    plan = schedule(time_off=[Span(at(off[0]), at(off[1]))])

    assert refusal(plan, at("01 09:00")) == code


@pytest.mark.parametrize(
    ("taken", "limit", "code"),
    [(1, 2, ""), (2, 2, "day_full"), (3, 2, "day_full"), (3, None, "")],
)
def test_a_full_day_is_refused(taken: int, limit: int | None, code: str) -> None:
    plan = schedule(max_patients_per_day=limit)

    assert refusal(plan, at("01 13:00"), taken=taken) == code


def test_closed_is_the_day_of_the_doctors_zone() -> None:
    tokyo = schedule(time_zone="Asia/Tokyo", closures=frozenset({date(2027, 3, 3)}))

    # 09:00 on Wednesday in Tokyo is midnight in UTC, and 09:00 on Thursday a day later.
    assert refusal(tokyo, at("03 00:00")) == "clinic_closed"
    assert refusal(tokyo, at("04 00:00")) == ""


@pytest.mark.parametrize(
    ("start", "code"),
    [
        # 01:30, then 02:00 and 02:30 twice
        ("2027-10-30 23:30", ""),
        ("2027-10-31 00:00", ""),
        ("2027-10-31 01:00", ""),
        ("2027-10-31 01:30", ""),
        ("2027-10-31 02:00", "outside_hours"),
        ("2027-10-31 01:15", "off_grid"),
    ],
)
def test_the_hour_that_occurs_twice_can_be_booked_twice(start: str, code: str) -> None:
    night = schedule(
        time_zone="Europe/Berlin", hours={key: [Window(time(1, 30), time(3))] for key in Weekday}
    )

    assert refusal(night, datetime.fromisoformat(start).replace(tzinfo=UTC)) == code
