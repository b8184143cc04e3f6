"""Signed-in sessions: one row per device, the owner of its tokens."""

import secrets
import uuid

from django.db import models

from clinic.models.people import Person


def new_number() -> int:
    """Nobody guesses it or counts by it, and a browser's numbers hold it exactly."""
    return 1 + secrets.randbelow(2**53 - 1)


class Session(models.Model):
    """A sign-in on one device. Its refresh token carries `generation`; each refresh adds one.

    Tokens of a session whose `ended_at` is set are worth nothing, whatever they say of themselves.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # What it is called in the list of sessions: its id is in its tokens.
    number = models.BigIntegerField(default=new_number, unique=True, editable=False)
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
