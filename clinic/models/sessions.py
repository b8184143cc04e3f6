"""Signed-in sessions: one row per device, the owner of its tokens."""

import uuid

from django.db import models

from clinic.models.people import Person


class Session(models.Model):
    """A sign-in on one device. Its refresh token carries `generation`; each refresh adds one.

    Tokens of a session whose `ended_at` is set are worth nothing, whatever they say of themselves.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="sessions")
    device = models.CharField(max_length=200, blank=True)
    generation = models.PositiveIntegerField(default=1)
    rotated_at = models.DateTimeField()
    created_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["person", "ended_at"]),
            models.Index(fields=["expires_at"]),
        ]

    def __str__(self) -> str:
        return str(self.id)
