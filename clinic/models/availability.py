"""When a doctor works: weekly windows on the wall clock, and instants of absence."""

from django.db import models

from clinic.models.encrypted import EncryptedTextField, Sealed
from clinic.models.people import Doctor
from clinic.rules.hours import Weekday


class WorkingWindow(models.Model):
    """One stretch of a weekday, in the wall time of the doctor's zone."""

    doctor = models.ForeignKey(Doctor, on_delete=models.CASCADE, related_name="windows")
    weekday = models.PositiveSmallIntegerField(choices=[(day.value, day.name) for day in Weekday])
    start_time = models.TimeField()
    end_time = models.TimeField()

    class Meta:
        ordering = ["weekday", "start_time"]
        constraints = [
            models.CheckConstraint(
                name="window_ends_after_start",
                condition=models.Q(end_time__gt=models.F("start_time")),
            ),
            models.UniqueConstraint(
                fields=["doctor", "weekday", "start_time"], name="window_start_once"
            ),
        ]

    def __str__(self) -> str:
        day = Weekday(self.weekday).name
        return f"{day} {self.start_time:%H:%M} to {self.end_time:%H:%M}"


class TimeOff(Sealed):
    """An absence between two instants (UTC)."""

    doctor = models.ForeignKey(Doctor, on_delete=models.CASCADE, related_name="time_off")
    start = models.DateTimeField()
    end = models.DateTimeField()
    reason = EncryptedTextField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["start"]
        constraints = [
            models.CheckConstraint(
                name="time_off_ends_after_start", condition=models.Q(end__gt=models.F("start"))
            )
        ]
        indexes = [models.Index(fields=["doctor", "end"])]

    def __str__(self) -> str:
        return f"{self.doctor} away from {self.start:%Y-%m-%d %H:%M} UTC"
