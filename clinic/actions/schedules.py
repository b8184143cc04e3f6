"""Working hours and time off: what changes many slots of one doctor at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from clinic import clock
from clinic.actions.reminders import fit_to_zone
from clinic.errors import FieldError, NotFound
from clinic.events import HoursChanged
from clinic.journal import record
from clinic.models import Appointment, Doctor, Person, TimeOff, WorkingWindow
from clinic.policy import Operation, require_thing
from clinic.queries.appointments import appointments_with_everything
from clinic.queries.people import doctor_account
from clinic.rows import lock_row
from clinic.rules.hours import Weekday, Window, parse_available_days
from clinic.rules.statuses import OCCUPYING
from clinic.rules.zones import days_between, local_date, zone_names


@dataclass(frozen=True, slots=True)
class AvailabilityChange:
    """What to change; None leaves as it is. `max_patients` is (limit or None,) when it is to change."""

    available_days: object | None = None
    appointment_duration: int | None = None
    max_patients_per_day: tuple[int | None] | None = None
    time_zone: str | None = None


@dataclass(frozen=True, slots=True)
class Absence:
    """Time off with the appointments that fall into it: they stand, and somebody must decide."""

    time_off: TimeOff
    affected: Sequence[Appointment]


def lock_schedule(doctor_id: int) -> Doctor:
    """The doctor, locked until commit: bookings and changes of hours of one doctor take turns.

    Raises NotFound. Only ever the first lock of a transaction; the topics' heads come last.
    """
    if not lock_row(Doctor, doctor_id):
        raise NotFound
    # Read only now: while it waited for the lock, the doctor may have been deactivated.
    return doctor_account(doctor_id)


def set_availability(*, actor: Person, doctor_id: int, change: AvailabilityChange) -> Doctor:
    """Replace the weekly hours and what else is named. Raises FieldError naming the field."""
    _require_schedule(actor, doctor_id)
    windows = None if change.available_days is None else parse_available_days(change.available_days)
    if change.time_zone is not None and change.time_zone not in zone_names():
        raise FieldError("time_zone", "This is not an IANA time zone.")
    with transaction.atomic():
        doctor = lock_schedule(doctor_id)
        if windows is not None:
            _replace_windows(doctor, windows)
        _update_doctor(doctor, change)
        record(HoursChanged(doctor_id=doctor.pk), actor=actor)
    return doctor


def add_time_off(
    *, actor: Person, doctor_id: int, start: datetime, end: datetime, reason: str = ""
) -> Absence:
    """Take the doctor out between two instants. Appointments inside stay, and are named."""
    _require_schedule(actor, doctor_id)
    if end <= start:
        raise FieldError("end", "The end must be after the start.")
    with transaction.atomic():
        doctor = lock_schedule(doctor_id)
        absence = TimeOff.objects.create(doctor=doctor, start=start, end=end, reason=reason)
        affected = list(
            appointments_with_everything()
            .filter(doctor=doctor, status__in=OCCUPYING, start__lt=end, end__gt=start)
            .order_by("start")
        )
        record(HoursChanged(doctor_id=doctor.pk, dates=_dates(doctor, start, end)), actor=actor)
    return Absence(absence, affected)


def remove_time_off(*, actor: Person, time_off_id: int) -> None:
    """Raises NotFound for one that does not exist or is somebody else's."""
    absence = TimeOff.objects.filter(pk=time_off_id).first()
    if absence is None:
        raise NotFound
    _require_schedule(actor, absence.doctor_id)
    with transaction.atomic():
        doctor = lock_schedule(absence.doctor_id)
        absence.delete()
        record(
            HoursChanged(doctor_id=doctor.pk, dates=_dates(doctor, absence.start, absence.end)),
            actor=actor,
        )


def _require_schedule(actor: Person, doctor_id: int) -> None:
    if actor.pk == doctor_id:
        require_thing(actor, Operation.OWN_SCHEDULE, doctor_id)
    else:
        require_thing(actor, Operation.ANY_SCHEDULE, doctor_id)


def _replace_windows(doctor: Doctor, hours: dict[Weekday, list[Window]]) -> None:
    doctor.windows.all().delete()
    WorkingWindow.objects.bulk_create(
        WorkingWindow(doctor=doctor, weekday=day, start_time=window.start, end_time=window.end)
        for day, windows in hours.items()
        for window in windows
    )


def _update_doctor(doctor: Doctor, change: AvailabilityChange) -> None:
    if change.appointment_duration is not None:
        doctor.appointment_duration = change.appointment_duration
    if change.max_patients_per_day is not None:
        (doctor.max_patients_per_day,) = change.max_patients_per_day
    doctor.save()
    if change.time_zone is not None and change.time_zone != doctor.person.time_zone:
        doctor.person.time_zone = change.time_zone
        doctor.person.updated_at = clock.now()
        doctor.person.save(update_fields=["time_zone", "updated_at"])
        fit_to_zone(doctor.pk, change.time_zone, now=clock.now())


def _dates(doctor: Doctor, start: datetime, end: datetime) -> tuple[date, ...]:
    """The doctor's calendar days between two instants; none at all (meaning every day) for long ones."""
    zone = doctor.person.time_zone
    days = days_between(local_date(start, zone), local_date(end, zone))
    return tuple(days) if len(days) <= 62 else ()
