"""Slots on the wire: known by their start, and never by whom."""

from datetime import date, datetime

from clinic.rules.slots import Slot, SlotState
from clinic.rules.zones import local_date_and_time
from clinic.shapes.base import Shape, WallTime


class SlotShape(Shape):
    """Date and wall time are in the doctor's zone."""

    start: datetime
    end: datetime
    appointment_date: date
    start_time: WallTime
    state: SlotState


class ChangedDates(Shape):
    """The days (doctor's zone) whose slots must be loaded again; none named means all of them."""

    dates: list[date]


def slot_shape(slot: Slot, *, time_zone: str) -> SlotShape:
    span = slot.span
    day, wall = local_date_and_time(span.start, time_zone)
    return SlotShape(
        start=span.start,
        end=span.end,
        appointment_date=day,
        start_time=wall,
        state=slot.state,
    )
