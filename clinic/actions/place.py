"""What an admin changes about the clinic itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.db import transaction

from clinic.errors import FieldError, RoomInUse
from clinic.events import Event, HoursChanged
from clinic.journal import record
from clinic.models import Appointment, Clinic, Closure, Doctor, Person, Room
from clinic.policy import Operation, require
from clinic.queries.place import the_clinic
from clinic.queries.schedules import bookable_doctors
from clinic.rules.statuses import Status
from clinic.rules.zones import zone_names

# While an appointment is in one of these, its patient is in the room, or on the way to it.
IN_THE_HOUSE: Final = (Status.ARRIVED, Status.IN_PROGRESS)


@dataclass(frozen=True, slots=True)
class RoomEntry:
    """A room as it is to be called. Without an id: a new one, or the one that has this name."""

    name: str
    id: int | None = None


@dataclass(frozen=True, slots=True)
class ClinicChange:
    """What to change; None leaves as it is. `closures` and `rooms` replace what is there.

    `reminders` are the lead times of patients who have chosen none, as CLINIC_REMINDERS has them; "": that setting's.
    """

    name: str | None = None
    time_zone: str | None = None
    closures: Mapping[date, str] | None = None
    rooms: Sequence[RoomEntry] | None = None
    reminders: str | None = None


def change_clinic(*, actor: Person, change: ClinicChange) -> Clinic:
    """Raises FieldError naming the field, RoomInUse for a room that somebody has been called to.

    New or lifted closures change every doctor's slots of those days. Other `reminders` hold for visits that are
    booked from then on.
    """
    require(actor, Operation.WRITE_CLINIC)
    if change.time_zone is not None and change.time_zone not in zone_names():
        raise FieldError("time_zone", "This is not an IANA time zone.")
    with transaction.atomic():
        # Two admins at once take turns: each replaces what the other left.
        clinic = Clinic.objects.select_for_update(no_key=True).get(pk=the_clinic().pk)
        clinic.name = clinic.name if change.name is None else change.name
        clinic.time_zone = change.time_zone or clinic.time_zone
        if change.reminders is not None:
            clinic.reminders = change.reminders or None
        clinic.save()
        if change.rooms is not None:
            _replace_rooms(change.rooms)
        events = [] if change.closures is None else _replace_closures(change.closures)
        if events:
            record(*events, actor=actor)
    return clinic


def _replace_closures(closures: Mapping[date, str]) -> list[Event]:
    before = dict(Closure.objects.values_list("day", "reason"))
    changed = tuple(sorted(set(before) ^ set(closures)))
    Closure.objects.all().delete()
    Closure.objects.bulk_create(Closure(day=day, reason=reason) for day, reason in closures.items())
    if not changed:
        return []
    doctors = Doctor.objects.filter(bookable_doctors()).values_list("pk", flat=True)
    return [HoursChanged(doctor_id=doctor_id, dates=changed) for doctor_id in doctors]


def _replace_rooms(entries: Sequence[RoomEntry]) -> None:
    rooms = {room.pk: room for room in Room.objects.all()}
    _require_sound(entries, rooms)
    entries = _recognized(entries, rooms)
    kept = {entry.id: entry.name for entry in entries if entry.id is not None}
    touched = [room for room in rooms.values() if kept.get(room.pk) != room.name]
    _require_empty(touched)
    Room.objects.filter(pk__in=[room.pk for room in touched if room.pk not in kept]).delete()
    # Two rooms may swap their names: none of the old ones may stand in the way of the new.
    for room in touched:
        Room.objects.filter(pk=room.pk).update(name=f"\N{WHITE SQUARE} {room.pk}")
    for position, entry in enumerate(entries):
        if entry.id is None:
            Room.objects.create(name=entry.name, position=position)
        else:
            Room.objects.filter(pk=entry.id).update(name=entry.name, position=position)


def _recognized(entries: Sequence[RoomEntry], rooms: Mapping[int, Room]) -> list[RoomEntry]:
    """A name without an id means the room that is called so, unless that one is named by its id."""
    by_id = {entry.id for entry in entries}
    called = {room.name.lower(): room.pk for room in rooms.values() if room.pk not in by_id}
    return [RoomEntry(each.name, each.id or called.get(each.name.lower())) for each in entries]


def _require_sound(entries: Sequence[RoomEntry], rooms: Mapping[int, Room]) -> None:
    names: set[str] = set()
    ids: set[int] = set()
    for number, entry in enumerate(entries):
        if entry.id is not None and (entry.id not in rooms or entry.id in ids):
            raise FieldError(f"rooms.{number}.id", "There is no such room.", code="does_not_exist")
        if entry.name.lower() in names:
            raise FieldError(f"rooms.{number}.name", "This name is given twice.", code="unique")
        names.add(entry.name.lower())
        ids |= {entry.id} if entry.id is not None else set()


def _require_empty(rooms: Sequence[Room]) -> None:
    called = Appointment.objects.filter(status__in=IN_THE_HOUSE).exclude(room="")
    in_use = {name.lower() for name in called.values_list("room", flat=True)}
    for room in rooms:
        if room.name.lower() in in_use:
            raise RoomInUse(room.name)
