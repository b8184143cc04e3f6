"""What is true of every doctor's slots, whatever the hours, the zone and the date."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clinic.errors import DayFull, NonexistentTime, TimeNotBookable
from clinic.rules.hours import (
    Weekday,
    Window,
    parse_available_days,
    print_available_days,
    windows_on,
)
from clinic.rules.slots import (
    Schedule,
    Slot,
    SlotState,
    Span,
    is_full,
    require_bookable,
    slots_of_days,
)
from clinic.rules.zones import instant_at, local_date, local_time, nearest_instant

pytestmark = pytest.mark.engine("sqlite")

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
CLOCK_CHANGES = [
    date(2027, 3, 14),
    date(2027, 3, 28),
    date(2027, 4, 4),
    date(2027, 4, 30),
    date(2027, 10, 3),
    date(2027, 10, 28),
    date(2027, 10, 31),
    date(2027, 11, 7),
]
zones = st.sampled_from(
    ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo"]
)
days = st.sampled_from(CLOCK_CHANGES) | st.dates(date(2026, 1, 1), date(2029, 12, 31))
minutes_of_day = st.integers(0, 24 * 60 - 1)


@st.composite
def day_windows(draw: st.DrawFn) -> list[Window]:
    """Windows as they are stored: in order, not overlapping, perhaps back to back."""
    small_hours = st.integers(0, 5 * 12).map(lambda step: step * 5)
    edges = sorted(draw(st.sets(small_hours | minutes_of_day, max_size=8)))
    walls = [time(edge // 60, edge % 60) for edge in edges]
    return [Window(*pair) for pair in pairwise(walls) if draw(st.booleans())]


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    return Schedule(
        time_zone=draw(zones),
        hours=dict.fromkeys(Weekday, draw(day_windows())),
        visit_minutes=draw(st.sampled_from([5, 10, 15, 20, 30, 45, 60, 90, 480])),
        max_patients_per_day=draw(st.none() | st.integers(1, 5)),
    )


def _day_of(plan: Schedule, taken: Sequence[Span], day: date, now: datetime) -> list[Slot]:
    return slots_of_days(plan, taken, [day], now=now)


@given(schedules(), days)
@settings(max_examples=100, deadline=None)
def test_slots_never_overlap_and_each_is_a_whole_visit(plan: Schedule, day: date) -> None:
    spans = [slot.span for slot in _day_of(plan, [], day, LONG_AGO)]

    assert all(earlier.end <= later.start for earlier, later in pairwise(spans))
    assert {span.end - span.start for span in spans} <= {timedelta(minutes=plan.visit_minutes)}


@given(schedules(), days)
@settings(max_examples=100, deadline=None)
def test_every_slot_lies_inside_the_hours_of_its_own_day(plan: Schedule, day: date) -> None:
    zone = plan.time_zone
    hours = [
        Span(nearest_instant(day, window.start, zone), nearest_instant(day, window.end, zone))
        for window in windows_on(plan.hours, day)
    ]
    for slot in _day_of(plan, [], day, LONG_AGO):
        assert local_date(slot.span.start, zone) == day
        assert any(
            window.start <= slot.span.start and slot.span.end <= window.end for window in hours
        )


@given(schedules(), days, minutes_of_day)
@settings(max_examples=50, deadline=None)
def test_no_slot_has_passed(plan: Schedule, day: date, minute: int) -> None:
    now = datetime.combine(day, time(), UTC) + timedelta(minutes=minute, seconds=1)
    everything = _day_of(plan, [], day, LONG_AGO)

    left = _day_of(plan, [], day, now)

    assert left == [slot for slot in everything if slot.span.start >= now]


@given(schedules(), days, st.data())
@settings(max_examples=50, deadline=None)
def test_a_slot_is_free_exactly_if_it_can_be_booked(
    plan: Schedule, day: date, data: st.DataObject
) -> None:
    grid = [slot.span for slot in _day_of(plan, [], day, LONG_AGO)]
    taken = data.draw(st.lists(st.sampled_from(grid), unique=True, max_size=6)) if grid else []
    now = data.draw(st.sampled_from([LONG_AGO, *(span.start for span in grid)]))

    free = {slot.span for slot in _day_of(plan, taken, day, now) if slot.state is SlotState.FREE}

    for span in grid:
        assert (span in free) == (span not in taken and _is_bookable(plan, taken, span, now))


def _is_bookable(plan: Schedule, taken: Sequence[Span], span: Span, now: datetime) -> bool:
    try:
        require_bookable(plan, taken, span, now=now)
    except TimeNotBookable:
        return False
    return True


@given(schedules(), days)
@settings(max_examples=50, deadline=None)
def test_whoever_books_all_that_is_free_stops_at_the_daily_limit(plan: Schedule, day: date) -> None:
    booked: list[Span] = []
    for slot in _day_of(plan, [], day, LONG_AGO):
        try:
            require_bookable(plan, booked, slot.span, now=LONG_AGO)
        except DayFull:
            continue
        booked.append(slot.span)

    limit = plan.max_patients_per_day
    assert limit is None or len(booked) <= limit
    assert limit is None or is_full(plan, booked, day) == (len(booked) == limit)


@given(zones, days, minutes_of_day)
@settings(max_examples=100)
def test_a_wall_time_that_exists_is_what_the_clock_shows_then(
    zone: str, day: date, minute: int
) -> None:
    wall = time(minute // 60, minute % 60)
    try:
        instant = instant_at(day, wall, zone)
    except NonexistentTime:
        later = nearest_instant(day, wall, zone)
        assert (local_date(later, zone), local_time(later, zone)) > (day, wall)
    else:
        assert (local_date(instant, zone), local_time(instant, zone)) == (day, wall)


@settings(max_examples=50)
@given(st.dictionaries(st.sampled_from(Weekday), day_windows()))
def test_every_week_survives_being_printed_and_read(week: dict[Weekday, list[Window]]) -> None:
    empty: dict[Weekday, list[Window]] = {day: [] for day in Weekday}

    assert parse_available_days(print_available_days(week)) == {**empty, **week}


@pytest.mark.parametrize("notice", [0, 30, 90])
def test_whatever_is_shown_free_can_be_booked_with_any_notice(notice: int) -> None:
    plan = Schedule(
        "UTC", dict.fromkeys(Weekday, (Window(time(8), time(18)),)), 30, notice_minutes=notice
    )
    now = datetime(2027, 3, 1, 9, 10, tzinfo=UTC)
    shown = slots_of_days(plan, [], [now.date()], now=now)
    assert shown[0].span.start >= now + timedelta(minutes=notice)
    for slot in shown:
        require_bookable(plan, [], slot.span, now=now)
