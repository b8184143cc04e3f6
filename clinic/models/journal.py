"""The journal: what happened, and the numbered lists in which people are told of it."""

import uuid

from django.db import models

from clinic.models.encrypted import EncryptedTextField, Sealed
from clinic.models.people import Person


class Epoch(models.Model):
    """One row: the identity of this journal. Numbers of another epoch mean nothing here."""

    THE_ONE = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=THE_ONE, editable=False)
    value = models.UUIDField(default=uuid.uuid4)

    def __str__(self) -> str:
        return str(self.value)


class Event(models.Model):
    """One thing that happened: who did what to which thing, and when. Kept; never any health content."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    type = models.CharField(max_length=40)
    at = models.DateTimeField()
    actor = models.ForeignKey(
        Person, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    subject_kind = models.CharField(max_length=20)
    subject_id = models.BigIntegerField()
    cause = models.CharField(max_length=200, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    # `{"to": ids, "near": bool}` while a worker has yet to send those people messages of it; else None.
    unsent = models.JSONField(null=True, blank=True)

    class Meta:
        ordering = ["-at"]
        indexes = [
            models.Index(fields=["subject_kind", "subject_id", "at"]),
            models.Index(fields=["at"]),
            models.Index(
                fields=["at", "id"],
                name="event_unsent",
                condition=models.Q(unsent__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.type


class TopicHead(models.Model):
    """The last number given out in a topic. Locked by the transaction that adds to it, until commit."""

    topic = models.CharField(max_length=40, primary_key=True)
    seq = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.topic} at {self.seq}"


class Entry(Sealed):
    """One numbered event of a topic. `body` is the frame's JSON without its topic and number."""

    topic = models.CharField(max_length=40)
    seq = models.BigIntegerField()
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="entries")
    at = models.DateTimeField()
    body = EncryptedTextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["topic", "seq"], name="entry_number_once")]
        indexes = [models.Index(fields=["at"])]

    def __str__(self) -> str:
        return f"{self.topic} {self.seq}"


class Notification(Sealed):
    """A line in a person's inbox. `seq` is its event's number in that person's own topic."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="notifications")
    seq = models.BigIntegerField()
    type = models.CharField(max_length=40)
    title = EncryptedTextField()
    message = EncryptedTextField()
    subject_kind = models.CharField(max_length=20)
    subject_id = models.BigIntegerField()
    read_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-seq"]
        constraints = [models.UniqueConstraint(fields=["person", "seq"], name="notification_once")]
        indexes = [
            models.Index(
                fields=["person"],
                name="notification_unread",
                condition=models.Q(read_at__isnull=True),
            ),
            models.Index(fields=["created_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.type} for person {self.person_id}"
