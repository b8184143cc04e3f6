"""Wall clocks and instants, on ordinary days and on the two nights of the year."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from clinic.errors import NonexistentTime
from clinic.rules.zones import (
    day_bounds,
    days_between,
    instant_at,
    local_date,
    local_time,
    nearest_instant,
    zone_names,
)

pytestmark = pytest.mark.engine("sqlite")

BERLIN, NEW_YORK, LORD_HOWE = "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"
CAIRO = "Africa/Cairo"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "day", "wall", "instant"),
    [
        ("UTC", "2027-03-01", "09:00", "2027-03-01 09:00"),
        (BERLIN, "2027-01-15", "09:00", "2027-01-15 08:00"),
        (BERLIN, "2027-07-15", "09:00", "2027-07-15 07:00"),
        (NEW_YORK, "2027-01-15", "20:00", "2027-01-16 01:00"),
        (LORD_HOWE, "2027-01-15", "09:00", "2027-01-14 22:00"),
        (LORD_HOWE, "2027-07-15", "09:00", "2027-07-14 22:30"),
        ("Asia/Kathmandu", "2027-03-01", "00:00", "2027-02-28 18:15"),
        # the last minute before, the first after the clocks are put forward
        (BERLIN, "2027-03-28", "01:59", "2027-03-28 00:59"),
        (BERLIN, "2027-03-28", "03:00", "2027-03-28 01:00"),
        (NEW_YORK, "2027-03-14", "03:00", "2027-03-14 07:00"),
        (LORD_HOWE, "2027-10-03", "02:30", "2027-10-02 15:30"),
        # what occurs twice means the first
        (BERLIN, "2027-10-31", "02:00", "2027-10-31 00:00"),
        (BERLIN, "2027-10-31", "02:59", "2027-10-31 00:59"),
        (BERLIN, "2027-10-31", "03:00", "2027-10-31 02:00"),
        (NEW_YORK, "2027-11-07", "01:30", "2027-11-07 05:30"),
        (NEW_YORK, "2027-11-07", "02:00", "2027-11-07 07:00"),
        (LORD_HOWE, "2027-04-04", "01:45", "2027-04-03 14:45"),
        (LORD_HOWE, "2027-04-04", "02:00", "2027-04-03 15:30"),
    ],
)
def test_a_wall_time_is_one_instant(zone: str, day: str, wall: str, instant: str) -> None:
    found = instant_at(date.fromisoformat(day), time.fromisoformat(wall), zone)

    assert found == utc(instant)
    assert found.tzinfo is UTC
    assert (local_date(found, zone), local_time(found, zone)) == (
        date.fromisoformat(day),
        time.fromisoformat(wall),
    )


@pytest.mark.parametrize(
    ("zone", "day", "wall", "as_far_after"),
    [
        (BERLIN, "2027-03-28", "02:00", "03:00"),
        (BERLIN, "2027-03-28", "02:30", "03:30"),
        (BERLIN, "2027-03-28", "02:59", "03:59"),
        (NEW_YORK, "2027-03-14", "02:15", "03:15"),
        (LORD_HOWE, "2027-10-03", "02:00", "02:30"),
        (LORD_HOWE, "2027-10-03", "02:29", "02:59"),
        (CAIRO, "2027-04-30", "00:30", "01:30"),
    ],
)
def test_a_skipped_wall_time_does_not_exist(
    zone: str, day: str, wall: str, as_far_after: str
) -> None:
    on, at = date.fromisoformat(day), time.fromisoformat(wall)

    with pytest.raises(NonexistentTime):
        instant_at(on, at, zone)
    assert local_time(nearest_instant(on, at, zone), zone) == time.fromisoformat(as_far_after)


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("UTC", "2027-03-28", 24),
        (BERLIN, "2027-03-27", 24),
        (BERLIN, "2027-03-28", 23),
        (BERLIN, "2027-10-31", 25),
        (NEW_YORK, "2027-03-14", 23),
        (NEW_YORK, "2027-11-07", 25),
        (LORD_HOWE, "2027-10-03", 23.5),
        (LORD_HOWE, "2027-04-04", 24.5),
        # midnight itself is skipped
        (CAIRO, "2027-04-30", 23),
        (CAIRO, "2027-10-28", 25),
    ],
)
def test_a_day_is_as_long_as_its_clocks_make_it(zone: str, day: str, hours: float) -> None:
    on = date.fromisoformat(day)
    begin, end = day_bounds(on, zone)

    assert end - begin == timedelta(hours=hours)
    moment = timedelta(microseconds=1)
    assert [local_date(at, zone) for at in (begin - moment, begin, end - moment, end)] == [
        on - timedelta(days=1),
        on,
        on,
        on + timedelta(days=1),
    ]


def test_days_between_two_dates_hold_both() -> None:
    assert days_between(date(2028, 2, 28), date(2028, 3, 1)) == [
        date(2028, 2, 28),
        date(2028, 2, 29),
        date(2028, 3, 1),
    ]
    assert days_between(date(2028, 2, 28), date(2028, 2, 28)) == [date(2028, 2, 28)]
    assert days_between(date(2028, 2, 28), date(2028, 2, 27)) == []


@pytest.mark.parametrize("zone", [BERLIN, NEW_YORK, LORD_HOWE, "UTC"])
def test_the_zones_are_those_of_the_iana(zone: str) -> None:
    assert zone in zone_names()
    assert "Mars/Olympus_Mons" not in zone_names()
