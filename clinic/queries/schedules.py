"""Doctors' slots, read for many doctors in one query."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import connection
from django.db.models import Q, QuerySet

from clinic.models import Appointment, Closure, Doctor, TimeOff, WorkingWindow
from clinic.rows import converted, fetch
from clinic.rules.hours import Weekday, Window
from clinic.rules.slots import Schedule, Slot, SlotState, Span, slots_of_days
from clinic.rules.statuses import OCCUPYING
from clinic.rules.zones import day_bounds, days_between

A_DAY: Final = timedelta(days=1)
# No appointment is longer, so the index on `start` bounds what can reach into a day.
LONGEST_VISIT: Final = timedelta(days=1)
# How far ahead the next free time is looked for: near first, because it mostly is.
HORIZONS: Final = (timedelta(days=7), timedelta(days=62))


@dataclass(frozen=True, slots=True)
class Calendar:
    """What decides the slots of one doctor within some dates."""

    schedule: Schedule
    busy: Sequence[Span]

    def slots(self, days: Iterable[date], *, now: datetime) -> list[Slot]:
        return slots_of_days(self.schedule, self.busy, days, now=now)


def calendars(doctors: Collection[Doctor], first: date, last: date) -> dict[int, Calendar]:
    """The calendars of some doctors for the dates from `first` to `last`, as of one moment: one query.

    The doctors come with their `person`.
    """
    facts = _facts([doctor.pk for doctor in doctors], first, last)
    return {
        doctor.pk: Calendar(
            Schedule(
                time_zone=doctor.person.time_zone,
                hours=facts.hours[doctor.pk],
                visit_minutes=doctor.appointment_duration,
                max_patients_per_day=doctor.max_patients_per_day,
                time_off=facts.away[doctor.pk],
                closures=frozenset(facts.closures),
                notice_minutes=settings.BOOKING_NOTICE_MINUTES,
            ),
            facts.busy[doctor.pk],
        )
        for doctor in doctors
    }


def calendar_of(doctor: Doctor, first: date, last: date) -> Calendar:
    return calendars([doctor], first, last)[doctor.pk]


@dataclass(slots=True)
class _Facts:
    """What is stored about some doctors' time, by doctor; closures are everyone's."""

    hours: defaultdict[int, dict[Weekday, list[Window]]]
    away: defaultdict[int, list[Span]]
    busy: defaultdict[int, list[Span]]
    closures: set[date]


# Asked at every booking: kind, doctor, weekday, two wall times, two instants, a date.
_FACTS: Final = """
    SELECT 'hours', doctor_id, weekday, start_time, end_time, {instant}, {instant}, {day}
    FROM clinic_workingwindow WHERE doctor_id IN ({ids})
    UNION ALL
    SELECT 'away', doctor_id, 0, {wall}, {wall}, "start", "end", {day}
    FROM clinic_timeoff WHERE doctor_id IN ({ids}) AND "start" < %s AND "end" > %s
    UNION ALL
    SELECT 'busy', doctor_id, 0, {wall}, {wall}, "start", "end", {day}
    FROM clinic_appointment WHERE doctor_id IN ({ids}) AND status IN ({occupying})
    AND "start" < %s AND "end" > %s AND "start" > %s
    UNION ALL
    SELECT 'closed', 0, 0, {wall}, {wall}, {instant}, {instant}, day
    FROM clinic_closure WHERE day BETWEEN %s AND %s
"""
_NOTHING: Final = {
    "wall": "CAST(NULL AS time)",
    "instant": "CAST(NULL AS timestamp with time zone)",
    "day": "CAST(NULL AS date)",
}
_COLUMNS: Final = (
    *(WorkingWindow._meta.get_field(name) for name in ("start_time", "end_time")),
    *(Appointment._meta.get_field(name) for name in ("start", "end")),
    Closure._meta.get_field("day"),
)
_INSTANT: Final = Appointment._meta.get_field("start")
_DAY: Final = Closure._meta.get_field("day")


def _facts(ids: Sequence[int], first: date, last: date) -> _Facts:
    facts = _Facts(defaultdict(dict), defaultdict(list), defaultdict(list), set())
    for kind, doctor_id, weekday, *values in _fact_rows(ids, first, last) if ids else ():
        opens, closes, begin, end, day = converted(values, _COLUMNS)
        match kind:
            case "hours":
                windows = facts.hours[doctor_id].setdefault(Weekday(weekday), [])
                windows.append(Window(opens, closes))
            case "closed":
                facts.closures.add(day)
            case _:
                spans = facts.away if kind == "away" else facts.busy
                spans[doctor_id].append(Span(begin, end))
    for ordered in (*facts.away.values(), *facts.busy.values()):
        ordered.sort()
    for week in facts.hours.values():
        for windows in week.values():
            windows.sort()
    return facts


def _fact_rows(ids: Sequence[int], first: date, last: date) -> list[tuple[Any, ...]]:
    # A day of any zone lies within a day's distance of the same day in UTC.
    from_, to = day_bounds(first, "UTC")[0] - A_DAY, day_bounds(last, "UTC")[1] + A_DAY
    begin, end, reaching = (
        _INSTANT.get_db_prep_value(instant, connection)
        for instant in (from_, to, from_ - LONGEST_VISIT)
    )
    dates = [_DAY.get_db_prep_value(day, connection) for day in (first, last)]
    sql = _FACTS.format(
        ids=", ".join(["%s"] * len(ids)), occupying=", ".join(["%s"] * len(OCCUPYING)), **_NOTHING
    )
    return fetch(
        sql,
        [*ids, *ids, end, begin, *ids, *sorted(OCCUPYING), end, begin, reaching, *dates],
    )


def next_free(doctors: Collection[Doctor], *, now: datetime) -> dict[int, datetime | None]:
    """The next start that can be booked with each of these doctors within two months."""
    found: dict[int, datetime | None] = dict.fromkeys([doctor.pk for doctor in doctors])
    for horizon in HORIZONS:
        open_ = [doctor for doctor in doctors if found[doctor.pk] is None]
        if not open_:
            break
        first, last = now.date() - timedelta(days=1), (now + horizon).date()
        for doctor_id, calendar in calendars(open_, first, last).items():
            starts = free_starts(calendar, first, last, now=now, limit=1)
            found[doctor_id] = starts[0] if starts else None
    return found


def free_starts(
    calendar: Calendar, first: date, last: date, *, now: datetime, limit: int
) -> list[datetime]:
    starts: list[datetime] = []
    for day in days_between(first, last):
        free = (slot for slot in calendar.slots([day], now=now) if slot.state is SlotState.FREE)
        starts.extend(slot.span.start for slot in free)
        if len(starts) >= limit:
            break
    return starts[:limit]


def bookable_doctors() -> Q:
    """Which doctors can be found and booked at all."""
    return Q(person__is_active=True, person__is_approved=True, person__role="DOCTOR")


def time_off_of(doctor_id: int) -> QuerySet[TimeOff]:
    return TimeOff.objects.filter(doctor_id=doctor_id).order_by("start")
