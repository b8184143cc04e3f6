"""When reminders of a visit are due, through both nights of a zone's clocks, and what makes them pointless."""

from datetime import UTC, datetime, timedelta

import pytest

from clinic.rules.reminders import (
    Lead,
    Moment,
    Reason,
    ReminderState,
    moments_before,
    parse_leads,
    why_not,
)
from clinic.rules.statuses import Status

pytestmark = pytest.mark.engine("sqlite")

LEADS = parse_leads("1d,2h")
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# Clocks go forward on 14 March 2027 in New York and on 28 March in Berlin, back on 31 October in Berlin.
@pytest.mark.parametrize(
    ("zone", "start", "day_before", "two_hours_before"),
    [
        ("UTC", "2027-03-02 09:00", "2027-03-01 09:00", "2027-03-02 07:00"),
        # An ordinary day, and across the end of a year.
        ("Europe/Berlin", "2027-03-02 09:00", "2027-03-01 09:00", "2027-03-02 07:00"),
        ("Europe/Berlin", "2027-01-01 09:00", "2026-12-31 09:00", "2027-01-01 07:00"),
        # The night of 23 hours lies between: at ten o'clock on both days.
        ("Europe/Berlin", "2027-03-28 08:00", "2027-03-27 09:00", "2027-03-28 06:00"),
        ("America/New_York", "2027-03-14 14:00", "2027-03-13 15:00", "2027-03-14 12:00"),
        # Two hours are two hours: 04:00 minus two is 01:00 on that night's clocks.
        ("Europe/Berlin", "2027-03-28 02:00", "2027-03-27 03:00", "2027-03-28 00:00"),
        # A time of day that the day before does not have: as far after the switch.
        ("Europe/Berlin", "2027-03-29 00:30", "2027-03-28 01:30", "2027-03-28 22:30"),
        # The night of 25 hours lies between: at ten o'clock on both days.
        ("Europe/Berlin", "2027-10-31 09:00", "2027-10-30 08:00", "2027-10-31 07:00"),
        # The second half past two of that night; the day before has one.
        ("Europe/Berlin", "2027-10-31 01:30", "2027-10-30 00:30", "2027-10-30 23:30"),
        # A time of day that the day before has twice: the first one.
        ("Europe/Berlin", "2027-11-01 01:30", "2027-10-31 00:30", "2027-10-31 23:30"),
        # Half an hour's switch, and a date that is another one in UTC.
        ("Australia/Lord_Howe", "2027-04-03 22:00", "2027-04-02 21:30", "2027-04-03 20:00"),
    ],
)
def test_a_day_before_is_the_same_time_of_day_and_hours_are_time_that_passes(
    zone: str, start: str, day_before: str, two_hours_before: str
) -> None:
    moments = moments_before(LEADS, utc(start), zone, now=LONG_AGO)

    assert moments == [
        Moment("1d", utc(day_before), until=utc(two_hours_before)),
        Moment("2h", utc(two_hours_before), until=utc(start)),
    ]


@pytest.mark.parametrize(
    ("now", "kinds"),
    [
        ("2027-03-01 08:59:59", ["1d", "2h"]),
        ("2027-03-01 09:00", ["2h"]),
        ("2027-03-02 06:59:59", ["2h"]),
        ("2027-03-02 07:00", []),
        ("2027-03-02 10:00", []),
    ],
)
def test_what_has_passed_already_is_not_planned(now: str, kinds: list[str]) -> None:
    moments = moments_before(LEADS, utc("2027-03-02 09:00"), "UTC", now=utc(now))

    assert [moment.kind for moment in moments] == kinds


def test_of_two_that_fall_together_there_is_one_and_the_order_is_that_of_time() -> None:
    start = utc("2027-03-02 09:00")

    moments = moments_before(parse_leads("30m,24h,1d"), start, "UTC", now=LONG_AGO)
    apart = moments_before(
        parse_leads("24h,1d"), utc("2027-03-28 08:00"), "Europe/Berlin", now=LONG_AGO
    )

    assert [(m.kind, m.until) for m in moments] == [
        ("24h", start - timedelta(minutes=30)),
        ("30m", start),
    ]
    assert [moment.kind for moment in apart] == ["24h", "1d"]


@pytest.mark.parametrize(
    ("text", "leads"),
    [
        ("1d,2h", [Lead("1d", days=1), Lead("2h", elapsed=timedelta(hours=2))]),
        (" 30m , 7d ", [Lead("30m", elapsed=timedelta(minutes=30)), Lead("7d", days=7)]),
        ("off", []),
    ],
)
def test_a_setting_is_read(text: str, leads: list[Lead]) -> None:
    assert list(parse_leads(text)) == leads


@pytest.mark.parametrize("text", ["", "1", "d", "0d", "-1d", "1.5h", "1w", "1d,", "1d,1d", "1000d"])
def test_a_setting_that_says_nothing_clear_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"names a time twice|not days, hours or minutes"):
        parse_leads(text)


SKIPPED, VOIDED = ReminderState.SKIPPED, ReminderState.VOIDED


@pytest.mark.parametrize(
    ("status", "was_moved", "now", "against"),
    [
        (Status.SCHEDULED, False, "07:00", None),
        (Status.SCHEDULED, False, "07:59:59", None),
        (Status.SCHEDULED, False, "08:00", (SKIPPED, Reason.OVERTAKEN)),
        (Status.SCHEDULED, False, "09:00", (SKIPPED, Reason.VISIT_BEGUN)),
        (Status.SCHEDULED, True, "07:00", (VOIDED, Reason.MOVED)),
        (Status.SCHEDULED, True, "09:00", (VOIDED, Reason.MOVED)),
        (Status.CANCELLED, True, "07:00", (VOIDED, Reason.CANCELLED)),
        (Status.NO_SHOW, False, "09:30", (VOIDED, Reason.CANCELLED)),
        (Status.ARRIVED, False, "07:00", (SKIPPED, Reason.ARRIVED)),
        (Status.IN_PROGRESS, False, "07:00", (SKIPPED, Reason.ARRIVED)),
        (Status.COMPLETED, False, "07:00", (SKIPPED, Reason.ARRIVED)),
    ],
)
def test_what_stands_against_a_reminder(
    status: Status, was_moved: bool, now: str, against: tuple[ReminderState, Reason] | None
) -> None:
    found = why_not(
        status=status,
        was_moved=was_moved,
        start=utc("2027-03-02 09:00"),
        until=utc("2027-03-02 08:00"),
        now=utc(f"2027-03-02 {now}"),
    )

    assert found == against
