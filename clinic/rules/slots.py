"""The slots of a doctor's days: hours, time off, closures and what is taken, as one pure function."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from clinic.errors import (
    ClinicClosed,
    DayFull,
    InPast,
    OffGrid,
    OnTimeOff,
    OutsideHours,
    TooSoon,
)
from clinic.rules.hours import WeeklyHours, windows_on
from clinic.rules.zones import day_bounds, local_date, nearest_instant


class SlotState(StrEnum):
    FREE = "free"
    HELD = "held"
    TAKEN = "taken"


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of time between two instants (UTC), the end not included."""

    start: datetime
    end: datetime

    def overlaps(self, other: "Span") -> bool:
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True)
class Slot:
    span: Span
    state: SlotState


@dataclass(frozen=True, slots=True)
class Schedule:
    """What decides a doctor's slots, apart from the appointments. `visit_minutes` is the grid's step.

    `notice_minutes` is how long before its start a visit can still be booked.
    """

    time_zone: str
    hours: WeeklyHours
    visit_minutes: int
    max_patients_per_day: int | None = None
    time_off: Sequence[Span] = ()
    closures: frozenset[date] = field(default_factory=frozenset)
    notice_minutes: int = 0

    def earliest(self, now: datetime) -> datetime:
        """The first instant at which a visit booked now may start."""
        return now + timedelta(minutes=self.notice_minutes)

    def date_of(self, instant: datetime) -> date:
        return local_date(instant, self.time_zone)


def grid_of_day(schedule: Schedule, day: date) -> Iterator[Span]:
    """Every visit that would fit into the hours of `day`, back to back from each window's start.

    The steps are elapsed minutes, so a day on which the clocks change has an hour more or less.
    """
    step = timedelta(minutes=schedule.visit_minutes)
    windows = windows_on(schedule.hours, day)
    opens = [nearest_instant(day, window.start, schedule.time_zone) for window in windows]
    for position, window in enumerate(windows):
        start = opens[position]
        end = nearest_instant(day, window.end, schedule.time_zone)
        # An end that the clocks skip is later than it looks: it may not reach into the next window.
        last_end = min([end, *opens[position + 1 :]])
        while start + step <= last_end:
            yield Span(start, start + step)
            start += step


def slots_of_days(
    schedule: Schedule, taken: Iterable[Span], days: Iterable[date], *, now: datetime
) -> list[Slot]:
    """The slots of some days from `now` on, in order. A day that is full keeps only its taken slots."""
    busy = sorted(taken)
    return [slot for day in days for slot in _slots_of_day(schedule, busy, day, now)]


def _slots_of_day(
    schedule: Schedule, busy: Sequence[Span], day: date, now: datetime
) -> Iterator[Slot]:
    if day in schedule.closures:
        return
    full = is_full(schedule, busy, day)
    earliest = schedule.earliest(now)
    for span in grid_of_day(schedule, day):
        if span.start < now or any(span.overlaps(off) for off in schedule.time_off):
            continue
        if _is_busy(busy, span):
            yield Slot(span, SlotState.TAKEN)
        elif not full and span.start >= earliest:
            yield Slot(span, SlotState.FREE)


def is_full(schedule: Schedule, busy: Iterable[Span], day: date) -> bool:
    """Whether the day's appointments have reached the doctor's own limit."""
    if schedule.max_patients_per_day is None:
        return False
    begin, end = day_bounds(day, schedule.time_zone)
    return sum(begin <= span.start < end for span in busy) >= schedule.max_patients_per_day


def _is_busy(busy: Sequence[Span], span: Span) -> bool:
    # Spans of one doctor never overlap each other, so only the neighbours can reach into this one.
    after = bisect_left(busy, span)
    return any(span.overlaps(other) for other in busy[max(0, after - 1) : after + 1])


def require_bookable(
    schedule: Schedule, taken: Sequence[Span], span: Span, *, now: datetime
) -> None:
    """Refuse a time by the first rule it breaks. Overlaps are not looked at: the database refuses those."""
    if span.start < now:
        raise InPast
    if span.start < schedule.earliest(now):
        raise TooSoon
    day = schedule.date_of(span.start)
    if day in schedule.closures:
        raise ClinicClosed
    if any(span.overlaps(off) for off in schedule.time_off):
        raise OnTimeOff
    if span not in set(grid_of_day(schedule, day)):
        raise OffGrid if _within_hours(schedule, span, day) else OutsideHours
    if is_full(schedule, taken, day):
        raise DayFull


def _within_hours(schedule: Schedule, span: Span, day: date) -> bool:
    zone = schedule.time_zone
    return any(
        nearest_instant(day, window.start, zone) <= span.start
        and span.end <= nearest_instant(day, window.end, zone)
        for window in windows_on(schedule.hours, day)
    )
