"""The clinic on the wire."""

import datetime
from collections.abc import Sequence

from clinic.models.place import Clinic, Closure
from clinic.shapes.base import Shape


class ClosureShape(Shape):
    date: datetime.date
    reason: str


class ClinicShape(Shape):
    name: str
    time_zone: str
    closures: list[ClosureShape]
    rooms: list[str]


def clinic_shape(clinic: Clinic, closures: Sequence[Closure]) -> ClinicShape:
    return ClinicShape(
        name=clinic.name,
        time_zone=clinic.time_zone,
        closures=[ClosureShape(date=row.day, reason=row.reason) for row in closures],
        rooms=list(clinic.rooms),
    )
