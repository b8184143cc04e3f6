"""Time off on the wire."""

from datetime import datetime

from clinic.models.availability import TimeOff
from clinic.shapes.base import Shape


class TimeOffShape(Shape):
    id: int
    doctor_id: int
    start: datetime
    end: datetime
    reason: str


def time_off_shape(row: TimeOff) -> TimeOffShape:
    return TimeOffShape(
        id=row.pk, doctor_id=row.doctor_id, start=row.start, end=row.end, reason=row.reason
    )
