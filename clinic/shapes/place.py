"""The clinic on the wire."""

import datetime
from collections.abc import Sequence

from clinic.models.place import Clinic, Closure, Room
from clinic.shapes.base import Shape


class ClosureShape(Shape):
    date: datetime.date
    reason: str


class RoomShape(Shape):
    """The id stays when the room is given another name."""

    id: int
    name: str


class ClinicShape(Shape):
    """`name` is empty until an admin has named the clinic."""

    name: str
    time_zone: str
    closures: list[ClosureShape]
    rooms: list[RoomShape]


def clinic_shape(clinic: Clinic, closures: Sequence[Closure], rooms: Sequence[Room]) -> ClinicShape:
    return ClinicShape(
        name=clinic.name,
        time_zone=clinic.time_zone,
        closures=[ClosureShape(date=row.day, reason=row.reason) for row in closures],
        rooms=[RoomShape(id=row.pk, name=row.name) for row in rooms],
    )
