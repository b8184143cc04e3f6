"""Public signals: what programs of others in these processes may hook into. Nothing of ours listens to them.

The sink `send` is in EVENT_SINKS, so a signal is sent after the commit and never for what was undone.
How to listen, and what a receiver gets: docs/signals.md.
"""

from collections.abc import Mapping
from typing import Any, Final

import structlog
from django.dispatch import Signal

from clinic.events import DoctorAssigned, Event
from clinic.journal import Announcement

log = structlog.get_logger(__name__)


class PublicSignal(Signal):
    # Django would log the message of whatever a receiver raises, and with it what the receiver has read.
    def _log_robust_failure(self, receiver: Any, err: Exception) -> None:
        name = f"{receiver.__module__}.{getattr(receiver, '__qualname__', type(receiver).__name__)}"
        log.error("signal_receiver_failed", receiver=name, error=type(err).__name__)


doctor_assigned: Final = PublicSignal()
"""A doctor may read a patient's records (`record_id` is None), or one record, from now on."""

_SIGNALS: Final[Mapping[str, tuple[type[Event], Signal]]] = {
    DoctorAssigned.type: (DoctorAssigned, doctor_assigned)
}


def send(announcement: Announcement) -> None:
    """The sink: every receiver is called, in the thread that has committed; one that raises is logged."""
    for fact in announcement.facts:
        if fact.type in _SIGNALS:
            sender, signal = _SIGNALS[fact.type]
            signal.send_robust(
                sender, event_id=fact.id, at=fact.at, actor_id=fact.actor_id, **fact.ids
            )
