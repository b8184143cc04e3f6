"""Doctors' slots, read for many doctors in a constant number of queries."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.conf import settings
from django.db.models import Q, QuerySet, prefetch_related_objects

from clinic.models import Appointment, Closure, Doctor, TimeOff
from clinic.rules.slots import Schedule, Slot, SlotState, Span, slots_of_days
from clinic.rules.statuses import OCCUPYING
from clinic.rules.zones import day_bounds, days_between
from clinic.shapes.people import weekly_hours

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
    """The calendars of some doctors for the dates from `first` to `last`, in four queries.

    The doctors come with their `person`; their windows are fetched here.
    """
    prefetch_windows(doctors)
    ids = [doctor.pk for doctor in doctors]
    # A day of any zone lies within a day's distance of the same day in UTC.
    begin = day_bounds(first, "UTC")[0] - timedelta(days=1)
    end = day_bounds(last, "UTC")[1] + timedelta(days=1)
    closures = frozenset(
        Closure.objects.filter(day__range=(first, last)).values_list("day", flat=True)
    )
    away = _time_off(ids, begin, end)
    busy = busy_spans(ids, begin, end)
    return {
        doctor.pk: Calendar(
            Schedule(
                time_zone=doctor.person.time_zone,
                hours=weekly_hours(doctor),
                visit_minutes=doctor.appointment_duration,
                max_patients_per_day=doctor.max_patients_per_day,
                time_off=away[doctor.pk],
                closures=closures,
                notice_minutes=settings.BOOKING_NOTICE_MINUTES,
            ),
            busy[doctor.pk],
        )
        for doctor in doctors
    }


def calendar_of(doctor: Doctor, first: date, last: date) -> Calendar:
    return calendars([doctor], first, last)[doctor.pk]


def busy_spans(
    doctor_ids: Collection[int], begin: datetime, end: datetime
) -> dict[int, list[Span]]:
    """What occupies these doctors between two instants."""
    rows = Appointment.objects.filter(
        doctor_id__in=doctor_ids,
        status__in=OCCUPYING,
        start__gt=begin - LONGEST_VISIT,
        start__lt=end,
        end__gt=begin,
    ).values_list("doctor_id", "start", "end")
    spans: dict[int, list[Span]] = defaultdict(list)
    for doctor_id, start, finish in rows.order_by("start"):
        spans[doctor_id].append(Span(start, finish))
    return spans


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


def prefetch_windows(doctors: Collection[Doctor]) -> None:
    prefetch_related_objects(list(doctors), "windows")


def _time_off(doctor_ids: Collection[int], begin: datetime, end: datetime) -> dict[int, list[Span]]:
    away: dict[int, list[Span]] = defaultdict(list)
    for row in TimeOff.objects.filter(doctor_id__in=doctor_ids, start__lt=end, end__gt=begin):
        away[row.doctor_id].append(Span(row.start, row.end))
    return away


def time_off_of(doctor_id: int) -> QuerySet[TimeOff]:
    return TimeOff.objects.filter(doctor_id=doctor_id).order_by("start")
