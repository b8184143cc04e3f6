"""The answers kept for repeated requests."""

from django.db import models

from clinic.models.encrypted import EncryptedTextField, Sealed
from clinic.models.people import Person


class IdempotentAnswer(Sealed):
    """What a request with an Idempotency-Key was answered, written in its effect's own transaction."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    path = models.CharField(max_length=200)
    key = models.CharField(max_length=200)
    body_digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)
    body = EncryptedTextField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "path", "key"], name="idempotency_key_once")
        ]
        indexes = [models.Index(fields=["created_at"])]

    def __str__(self) -> str:
        return f"answer to {self.path}"
