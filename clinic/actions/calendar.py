"""What booking, moving and cancelling share: locks, times, refused overlaps, and what watchers of the slots see."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from django.db import IntegrityError

from clinic import clock
from clinic.actions.schedules import lock_schedule
from clinic.errors import DoctorNotBookable, NotFound, Overlap, PatientBusy, SlotTaken
from clinic.events import Event, HoursChanged, SlotFreed
from clinic.events import SlotTaken as SlotTakenEvent
from clinic.models import Appointment, Doctor
from clinic.models.appointments import DOCTOR_OVERLAP, PATIENT_OVERLAP
from clinic.queries.appointments import appointments_with_everything
from clinic.queries.people import doctor_account
from clinic.queries.schedules import Calendar, calendar_of, free_starts
from clinic.rules.slots import SlotState, Span, is_full
from clinic.rules.zones import instant_at

ALTERNATIVES: Final = 3
ALTERNATIVES_WITHIN: Final = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class WallClock:
    """A time as people say it: date and time in the doctor's zone."""

    day: date
    time: time


When = datetime | WallClock


def bookable_doctor(doctor_id: int) -> Doctor:
    # An unknown doctor and one who cannot be booked are answered alike.
    try:
        doctor = lock_schedule(doctor_id)
    except NotFound:
        raise DoctorNotBookable from None
    if not doctor.is_bookable:
        raise DoctorNotBookable
    return doctor


def instant_of(when: datetime | WallClock, doctor: Doctor) -> datetime:
    if isinstance(when, datetime):
        return when
    return instant_at(when.day, when.time, doctor.person.time_zone)


def calendar_around(doctor: Doctor, span: Span) -> Calendar:
    day = timedelta(days=1)
    return calendar_of(doctor, (span.start - day).date(), (span.end + day).date())


def locked_appointment(appointment_id: int) -> Appointment:
    Appointment.objects.select_for_update(no_key=True).get(pk=appointment_id)
    return appointments_with_everything().get(pk=appointment_id)


@contextmanager
def overlaps_refused(doctor_id: int, when: When) -> Iterator[None]:
    """Turn a violated overlap rule into its refusal, with other times; looked for outside the locks."""
    reasons: dict[str, type[Overlap]] = {DOCTOR_OVERLAP: SlotTaken, PATIENT_OVERLAP: PatientBusy}
    try:
        yield
    except IntegrityError as error:
        for name, reason in reasons.items():
            if name in str(error):
                raise reason(_alternatives(doctor_id, when)) from None
        raise


def _alternatives(doctor_id: int, when: When) -> list[datetime]:
    doctor = doctor_account(doctor_id)
    start = instant_of(when, doctor)
    first = start.date() - timedelta(days=1)
    last = (start + ALTERNATIVES_WITHIN).date()
    calendar = calendar_of(doctor, first, last)
    return free_starts(calendar, first, last, now=max(clock.now(), start), limit=ALTERNATIVES)


def slot_events(
    doctor: Doctor, before: Calendar, busy_after: list[Span], span: Span, *, now: datetime
) -> list[Event]:
    """What the watchers of the doctor's slots see of a change within `span`.

    Each slot of the grid that it touches; or the whole day, where the doctor's daily limit was
    reached or left by it, or is still exceeded: a slot that is freed then is gone, not free.
    """
    schedule = before.schedule
    day = schedule.date_of(span.start)
    if is_full(schedule, before.busy, day) or is_full(schedule, busy_after, day):
        return [HoursChanged(doctor_id=doctor.pk, dates=(day,))]
    after = Calendar(schedule, busy_after)
    kinds = {SlotState.TAKEN: SlotTakenEvent, SlotState.FREE: SlotFreed}
    return [
        kinds[slot.state](doctor_id=doctor.pk, time_zone=schedule.time_zone, slot=slot)
        for slot in after.slots([day], now=now)
        if slot.span.overlaps(span) and slot.state in kinds
    ]


def slot_events_of_move(doctor: Doctor, old: Span, new: Span, *, now: datetime) -> list[Event]:
    """The same of a visit that goes from one time of this doctor to another; read before it has moved."""
    events: list[Event] = []
    for span in (old, new):
        calendar = calendar_around(doctor, span)
        after = [*(busy for busy in calendar.busy if busy != old), new]
        found = slot_events(doctor, calendar, after, span, now=now)
        events += [event for event in found if event not in events]
    return events
