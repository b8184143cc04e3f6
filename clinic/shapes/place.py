"""The clinic on the wire."""

import datetime
from collections.abc import Sequence

from django.conf import settings

from clinic.models.place import Clinic, Closure, Room
from clinic.shapes.base import Shape
from clinic.shapes.preferences import lead_times_shape


class ClosureShape(Shape):
    date: datetime.date
    reason: str


class RoomShape(Shape):
    """The id stays when the room is given another name."""

    id: int
    name: str


class ClinicShape(Shape):
    """`name` is empty until an admin has named the clinic.

    `reminders`: how long before a visit patients are reminded who have not chosen themselves; null: as
    `usual_reminders` says, which is a setting of the installation.
    """

    name: str
    time_zone: str
    closures: list[ClosureShape]
    rooms: list[RoomShape]
    reminders: list[str] | None
    usual_reminders: list[str]


def clinic_shape(clinic: Clinic, closures: Sequence[Closure], rooms: Sequence[Room]) -> ClinicShape:
    return ClinicShape(
        name=clinic.name,
        time_zone=clinic.time_zone,
        closures=[ClosureShape(date=row.day, reason=row.reason) for row in closures],
        rooms=[RoomShape(id=row.pk, name=row.name) for row in rooms],
        reminders=lead_times_shape(clinic.reminders),
        usual_reminders=[lead.kind for lead in settings.REMINDERS],
    )
