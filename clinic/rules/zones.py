"""Wall clocks and instants: the only place where one becomes the other."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from clinic.errors import NonexistentTime


@cache
def zone_names() -> frozenset[str]:
    """Every IANA zone this machine knows."""
    return frozenset(available_timezones())


def instant_at(day: date, wall: time, zone: str) -> datetime:
    """The UTC instant at which the clocks of `zone` show `wall` on `day`; the first one if it occurs twice.

    Raises NonexistentTime where the clocks are put forward over it.
    """
    instant = nearest_instant(day, wall, zone)
    if instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None) != datetime.combine(day, wall):
        raise NonexistentTime
    return instant


def nearest_instant(day: date, wall: time, zone: str) -> datetime:
    """Like `instant_at`, but a skipped wall time means the instant as far after the switch (PEP 495)."""
    return datetime.combine(day, wall, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def local_date(instant: datetime, zone: str) -> date:
    return instant.astimezone(ZoneInfo(zone)).date()


def local_date_and_time(instant: datetime, zone: str) -> tuple[date, time]:
    local = instant.astimezone(ZoneInfo(zone))
    return local.date(), local.time()


def local_time(instant: datetime, zone: str) -> time:
    return instant.astimezone(ZoneInfo(zone)).time()


def day_bounds(day: date, zone: str) -> tuple[datetime, datetime]:
    """The instants at which a calendar day of `zone` begins and ends: 23 to 25 hours apart."""
    return (
        nearest_instant(day, time.min, zone),
        nearest_instant(day + timedelta(days=1), time.min, zone),
    )


def days_between(first: date, last: date) -> list[date]:
    """All dates from `first` to `last`, both included."""
    return [first + timedelta(days=offset) for offset in range((last - first).days + 1)]
