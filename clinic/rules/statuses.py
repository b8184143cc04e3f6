"""The life of an appointment: which status allows which step."""

from enum import StrEnum
from typing import Final

from clinic.errors import InvalidTransition


class Status(StrEnum):
    """Status of an appointment (FHIR R5 Appointment.status: booked, arrived, fulfilled, cancelled, noshow)."""

    SCHEDULED = "SCHEDULED"
    ARRIVED = "ARRIVED"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"
    NO_SHOW = "NO_SHOW"


class Step(StrEnum):
    """What can be done to an appointment that exists."""

    CONFIRM = "confirm"
    RESCHEDULE = "reschedule"
    CANCEL = "cancel"
    NO_SHOW = "no_show"


# While in one of these, an appointment keeps its doctor and its patient occupied.
OCCUPYING: Final = (Status.SCHEDULED, Status.ARRIVED, Status.IN_PROGRESS, Status.COMPLETED)

STEPS_FROM: Final[dict[Step, frozenset[Status]]] = {
    Step.CONFIRM: frozenset({Status.SCHEDULED}),
    Step.RESCHEDULE: frozenset({Status.SCHEDULED}),
    Step.CANCEL: frozenset({Status.SCHEDULED, Status.ARRIVED}),
    Step.NO_SHOW: frozenset({Status.SCHEDULED, Status.ARRIVED}),
}


def steps_allowed(status: Status) -> list[Step]:
    return [step for step, sources in STEPS_FROM.items() if status in sources]


def require_step(step: Step, status: Status) -> None:
    """Raises InvalidTransition, naming what is allowed instead."""
    if status not in STEPS_FROM[step]:
        raise InvalidTransition(status, steps_allowed(status))
