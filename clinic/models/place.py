"""The clinic itself: its name, its zone, its rooms, the days it is closed."""

from django.db import models
from django.db.models.functions import Lower


class Clinic(models.Model):
    """One row: this installation's clinic. Without a name until an admin gives it one."""

    THE_ONE = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=THE_ONE, editable=False)
    name = models.CharField(max_length=120, blank=True, default="")
    time_zone = models.CharField(max_length=64, default="UTC")
    # As CLINIC_REMINDERS has them, which holds while this is None.
    reminders = models.CharField(max_length=80, null=True, blank=True)  # noqa: DJ001 ("" would be none at all)

    class Meta:
        verbose_name_plural = "clinic"
        constraints = [
            models.CheckConstraint(name="clinic_is_one", condition=models.Q(id=1)),
        ]

    def __str__(self) -> str:
        return self.name or "Clinic"


class Room(models.Model):
    """Where patients are called to. An appointment keeps the name that its patient was called to."""

    name = models.CharField(max_length=40)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]
        constraints = [models.UniqueConstraint(Lower("name"), name="room_name_once")]

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
