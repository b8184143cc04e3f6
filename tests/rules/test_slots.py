"""The slots of a day: hours, clocks that change, absences, closures, limits, and what is taken."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

import pytest

from clinic.rules.hours import Weekday, Window
from clinic.rules.slots import Schedule, SlotState, Span, is_full, slots_of_days
from clinic.rules.zones import local_time

pytestmark = pytest.mark.engine("sqlite")

BERLIN, NEW_YORK, LORD_HOWE = "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"
MONDAY = date(2027, 3, 1)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
DST_NIGHTS = {
    (BERLIN, "forward"): date(2027, 3, 28),
    (BERLIN, "back"): date(2027, 10, 31),
    (NEW_YORK, "forward"): date(2027, 3, 14),
    (NEW_YORK, "back"): date(2027, 11, 7),
    (LORD_HOWE, "forward"): date(2027, 10, 3),
    (LORD_HOWE, "back"): date(2027, 4, 4),
}


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def span(start: str, end: str) -> Span:
    return Span(utc(start), utc(end))


def schedule(
    *windows: str,
    zone: str = "UTC",
    minutes: int = 30,
    limit: int | None = None,
    time_off: Sequence[Span] = (),
    closures: frozenset[date] = frozenset(),
) -> Schedule:
    """The same hours on every day: `schedule("09:00-12:00", "13:00-17:00")`."""
    parts = [text.split("-") for text in windows]
    day = [Window(time.fromisoformat(start), time.fromisoformat(end)) for start, end in parts]
    return Schedule(zone, dict.fromkeys(Weekday, day), minutes, limit, time_off, closures)


def starts(
    plan: Schedule, day: date = MONDAY, *, taken: Sequence[Span] = (), now: datetime = LONG_AGO
) -> list[str]:
    """What the doctor's clock shows at the start of each slot, with a mark at taken ones."""
    marks = {SlotState.FREE: "", SlotState.TAKEN: "x"}
    return [
        f"{local_time(slot.span.start, plan.time_zone):%H:%M}{marks[slot.state]}"
        for slot in slots_of_days(plan, taken, [day], now=now)
    ]


@pytest.mark.parametrize(
    ("plan", "expected"),
    [
        (schedule(), ""),
        (schedule("09:00-10:30"), "09:00 09:30 10:00"),
        (schedule("09:00-10:29"), "09:00 09:30"),
        (schedule("09:00-09:30"), "09:00"),
        (schedule("09:00-09:29"), ""),
        (schedule("09:10-10:15"), "09:10 09:40"),
        (schedule("09:00-10:00", minutes=20), "09:00 09:20 09:40"),
        (schedule("09:00-10:00", minutes=25), "09:00 09:25"),
        (schedule("09:00-17:00", minutes=480), "09:00"),
        (schedule("09:00-10:00", "13:15-14:15"), "09:00 09:30 13:15 13:45"),
        # each window has its own grid, and nothing runs from one into the next
        (schedule("09:00-09:45", "09:45-10:30"), "09:00 09:45"),
        (schedule("09:00-10:00", zone=BERLIN), "09:00 09:30"),
        (schedule("00:00-01:00", zone=LORD_HOWE), "00:00 00:30"),
        (schedule("23:00-23:59", zone=NEW_YORK), "23:00"),
    ],
)
def test_slots_fill_each_window_from_its_start(plan: Schedule, expected: str) -> None:
    assert starts(plan) == expected.split()


@pytest.mark.parametrize(
    ("zone", "night", "count"),
    [
        ("UTC", "", 47),
        (BERLIN, "forward", 45),
        (BERLIN, "back", 49),
        (NEW_YORK, "forward", 45),
        (NEW_YORK, "back", 49),
        (LORD_HOWE, "forward", 46),
        (LORD_HOWE, "back", 48),
    ],
)
def test_a_day_has_as_many_slots_as_it_has_half_hours(zone: str, night: str, count: int) -> None:
    day = DST_NIGHTS.get((zone, night), MONDAY)

    # Until 23:59: the last half hour of the day is not complete.
    assert len(starts(schedule("00:00-23:59", zone=zone), day)) == count


@pytest.mark.parametrize(
    ("zone", "night", "hours", "expected"),
    [
        (BERLIN, "forward", "01:00-04:00", "01:00 01:30 03:00 03:30"),
        (BERLIN, "back", "01:30-03:30", "01:30 02:00 02:30 02:00 02:30 03:00"),
        (NEW_YORK, "forward", "01:00-04:00", "01:00 01:30 03:00 03:30"),
        (NEW_YORK, "back", "00:30-02:30", "00:30 01:00 01:30 01:00 01:30 02:00"),
        (LORD_HOWE, "forward", "01:00-03:30", "01:00 01:30 02:30 03:00"),
        (LORD_HOWE, "back", "01:00-02:30", "01:00 01:30 01:30 02:00"),
        # windows that begin, end or lie in the hour that does not exist
        (BERLIN, "forward", "02:00-04:00", "03:00 03:30"),
        (BERLIN, "forward", "02:30-04:00", "03:30"),
        (BERLIN, "forward", "02:00-03:00", ""),
        (BERLIN, "forward", "02:15-02:45", "03:15"),
        (BERLIN, "forward", "01:00-02:30", "01:00 01:30 03:00"),
        # windows that begin or end in the hour that occurs twice
        (BERLIN, "back", "02:00-03:00", "02:00 02:30 02:00 02:30"),
        (BERLIN, "back", "01:00-02:00", "01:00 01:30"),
        (BERLIN, "back", "02:30-03:30", "02:30 02:00 02:30 03:00"),
        # working hours by day are as ever
        (BERLIN, "forward", "09:00-10:00", "09:00 09:30"),
        (BERLIN, "back", "09:00-10:00", "09:00 09:30"),
    ],
)
def test_the_night_of_a_clock_change_has_its_own_slots(
    zone: str, night: str, hours: str, expected: str
) -> None:
    assert starts(schedule(hours, zone=zone), DST_NIGHTS[zone, night]) == expected.split()


def test_windows_around_a_skipped_hour_do_not_run_into_each_other() -> None:
    plan = schedule("01:00-02:45", "03:00-04:00", zone=BERLIN)

    assert starts(plan, DST_NIGHTS[BERLIN, "forward"]) == ["01:00", "01:30", "03:00", "03:30"]


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2027-02-28 23:59", "09:00 09:30 10:00"),
        ("2027-03-01 09:00", "09:00 09:30 10:00"),
        ("2027-03-01 09:00:00.000001", "09:30 10:00"),
        ("2027-03-01 09:29:59", "09:30 10:00"),
        ("2027-03-01 10:00:01", ""),
    ],
)
def test_past_slots_are_left_out(now: str, expected: str) -> None:
    assert starts(schedule("09:00-10:30"), now=utc(now)) == expected.split()


@pytest.mark.parametrize(
    ("taken", "expected"),
    [
        ([("09:30", "10:00")], "09:00 09:30x 10:00 10:30"),
        ([("09:00", "11:00")], "09:00x 09:30x 10:00x 10:30x"),
        # made under other hours: it takes every slot it reaches into
        ([("09:15", "09:45")], "09:00x 09:30x 10:00 10:30"),
        ([("09:29", "09:31")], "09:00x 09:30x 10:00 10:30"),
        ([("08:00", "09:01")], "09:00x 09:30 10:00 10:30"),
        ([("10:59", "12:00")], "09:00 09:30 10:00 10:30x"),
        # back to back is no overlap
        ([("08:30", "09:00"), ("11:00", "11:30")], "09:00 09:30 10:00 10:30"),
        ([("10:40", "10:50"), ("09:10", "09:20")], "09:00x 09:30 10:00 10:30x"),
    ],
)
def test_a_slot_is_taken_by_whatever_reaches_into_it(
    taken: list[tuple[str, str]], expected: str
) -> None:
    busy = [span(f"2027-03-01 {start}", f"2027-03-01 {end}") for start, end in taken]

    assert starts(schedule("09:00-11:00"), taken=busy) == expected.split()


@pytest.mark.parametrize(
    ("off", "expected"),
    [
        (("2027-03-01 09:30", "2027-03-01 10:00"), "09:00 10:00 10:30"),
        (("2027-03-01 09:45", "2027-03-01 10:01"), "09:00 10:30"),
        (("2027-03-01 09:10", "2027-03-01 09:20"), "09:30 10:00 10:30"),
        (("2027-02-20 00:00", "2027-03-01 10:00"), "10:00 10:30"),
        (("2027-02-20 00:00", "2027-03-09 00:00"), ""),
        (("2027-02-20 00:00", "2027-03-01 09:00"), "09:00 09:30 10:00 10:30"),
    ],
)
def test_time_off_takes_slots_away(off: tuple[str, str], expected: str) -> None:
    assert starts(schedule("09:00-11:00", time_off=[span(*off)])) == expected.split()


def test_a_closed_day_has_no_slots_and_its_neighbours_have() -> None:
    plan = schedule("23:00-23:59", zone=NEW_YORK, closures=frozenset({MONDAY}))

    # In New York it is still Monday when it is Tuesday in UTC.
    days = [MONDAY - timedelta(days=1), MONDAY, MONDAY + timedelta(days=1)]
    assert [starts(plan, day) for day in days] == [["23:00"], [], ["23:00"]]


@pytest.mark.parametrize(
    ("limit", "taken", "expected"),
    [
        (None, 2, "09:00x 09:30x 10:00 10:30"),
        (3, 2, "09:00x 09:30x 10:00 10:30"),
        (2, 2, "09:00x 09:30x"),
        (1, 2, "09:00x 09:30x"),
        (1, 0, "09:00 09:30 10:00 10:30"),
    ],
)
def test_a_full_day_keeps_only_what_is_taken(limit: int | None, taken: int, expected: str) -> None:
    first = span("2027-03-01 09:00", "2027-03-01 09:30")
    step = timedelta(minutes=30)
    busy = [Span(first.start + n * step, first.end + n * step) for n in range(taken)]

    assert starts(schedule("09:00-11:00", limit=limit), taken=busy) == expected.split()


@pytest.mark.parametrize(
    ("start", "counts"),
    [
        ("2027-03-28 04:59", False),
        ("2027-03-28 05:00", False),
        ("2027-03-01 04:59", False),
        ("2027-03-01 05:00", True),
        ("2027-03-02 04:59", True),
        ("2027-03-02 05:00", False),
    ],
)
def test_the_daily_limit_counts_the_days_of_the_doctors_zone(start: str, counts: bool) -> None:
    busy = [Span(utc(start), utc(start) + timedelta(minutes=30))]

    assert is_full(schedule(zone=NEW_YORK, limit=1), busy, MONDAY) is counts


def test_days_come_in_order_and_each_with_its_own_weekday() -> None:
    hours = {
        Weekday.MONDAY: [Window(time(9), time(10))],
        Weekday.WEDNESDAY: [Window(time(8), time(9))],
    }
    plan = Schedule("UTC", hours, 60)
    week = [MONDAY + timedelta(days=n) for n in range(7)]

    slots = slots_of_days(plan, [], week, now=LONG_AGO)

    assert [slot.span.start for slot in slots] == [utc("2027-03-01 09:00"), utc("2027-03-03 08:00")]
