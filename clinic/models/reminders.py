"""Reminders of visits: planned with the appointment, ended once."""

from typing import Final

from django.db import models
from django.db.models import Q

from clinic.models.appointments import Appointment
from clinic.rules.reminders import ReminderState

# As the migrations have them: plain words.
_WAITING: Final = ReminderState.WAITING.value
_ENDED: Final = [state.value for state in ReminderState if state is not ReminderState.WAITING]


class Reminder(models.Model):
    """One reminder of one visit as it was planned (`sequence`), on one way to its patient.

    `kind` is how long before, as the setting says it. It is worth sending from `due_at` until `until`. A worker
    that takes it writes its `claim`; until `claimed_until` it is nobody else's. How it ended, and why it
    was not sent, stays.
    """

    appointment = models.ForeignKey(Appointment, on_delete=models.CASCADE, related_name="reminders")
    sequence = models.PositiveIntegerField()
    kind = models.CharField(max_length=8)
    channel = models.CharField(max_length=12)
    due_at = models.DateTimeField()
    until = models.DateTimeField()
    state = models.CharField(max_length=8, default=_WAITING)
    reason = models.CharField(max_length=20, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    claim = models.UUIDField(null=True, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["appointment", "sequence", "kind", "channel"], name="reminder_once"
            ),
            models.CheckConstraint(
                name="reminder_waits_or_has_ended",
                condition=Q(state=_WAITING, ended_at=None)
                | Q(state__in=_ENDED, ended_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at", "id"],
                name="reminder_waiting",
                condition=Q(state=_WAITING),
            ),
            models.Index(fields=["ended_at"]),
            models.Index(
                fields=["state", "ended_at", "id"],
                name="reminder_ended",
                condition=Q(ended_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.channel} of appointment {self.appointment_id}"
