"""The clinic itself: its name, its zone, the days it is closed."""

from django.db import models


class Clinic(models.Model):
    """One row: this installation's clinic."""

    THE_ONE = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=THE_ONE, editable=False)
    name = models.CharField(max_length=120, default="Clinic")
    time_zone = models.CharField(max_length=64, default="UTC")
    rooms = models.JSONField(default=list, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="clinic_is_one", condition=models.Q(id=1)),
        ]

    def __str__(self) -> str:
        return self.name


class Closure(models.Model):
    """A calendar day on which nobody can be booked, in every doctor's own zone."""

    day = models.DateField(primary_key=True)
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["day"]

    def __str__(self) -> str:
        return f"{self.day}"
