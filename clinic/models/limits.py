"""What the limits remember: how often something was tried, and from where somebody has signed in."""

from django.db import models

from clinic.models.people import Person


class Tally(models.Model):
    """One line of tries (clinic.rules.rates), in milliseconds since 1970. The key says nothing to readers."""

    key = models.CharField(max_length=80, primary_key=True)
    ready_at = models.BigIntegerField()
    count = models.PositiveIntegerField()
    forget_at = models.BigIntegerField()
    tried_at = models.BigIntegerField()

    class Meta:
        verbose_name_plural = "tallies"
        indexes = [models.Index(fields=["forget_at"])]

    def __str__(self) -> str:
        return self.key


class KnownNetwork(models.Model):
    """A network that somebody has signed in from; only a digest of it."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="known_networks")
    digest = models.CharField(max_length=32)
    last_used_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "digest"], name="known_network_once")
        ]
        indexes = [models.Index(fields=["last_used_at"])]

    def __str__(self) -> str:
        return self.digest
