"""Browsers that are told when no tab of theirs is open."""

from django.db import models

from clinic.models.encrypted import EncryptedTextField, Sealed
from clinic.models.sessions import Session


class PushSubscription(Sealed):
    """One browser of one session: whoever signs out there is told nothing there any more.

    `endpoint` is the address at the browser's push service, a secret; `digest` finds it. `failures` counts
    refusals in a row; `pushed_at` is when the push service took the last one.
    """

    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="subscriptions")
    endpoint = EncryptedTextField()
    digest = models.CharField(max_length=64, unique=True)
    failures = models.PositiveSmallIntegerField(default=0)
    pushed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"push subscription {self.pk}"
