"""How a person wants to be told."""

from django.db import models

from clinic.models.people import Person
from clinic.rules.messages import Channel


class Preferences(models.Model):
    """What one person chose; who has no such row has chosen nothing, and has its defaults.

    `lead_times` as CLINIC_REMINDERS has them; None: the clinic's. Quiet hours are wall times of the person's zone.
    """

    person = models.OneToOneField(Person, on_delete=models.CASCADE, primary_key=True)
    email = models.BooleanField(default=True)
    push = models.BooleanField(default=True)
    sms = models.BooleanField(default=True)
    lead_times = models.CharField(max_length=80, null=True, blank=True)  # noqa: DJ001 ("" would be none at all)
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_until = models.TimeField(null=True, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "preferences"
        constraints = [
            models.CheckConstraint(
                name="preferences_quiet_from_until",
                condition=models.Q(quiet_from__isnull=True, quiet_until__isnull=True)
                | models.Q(quiet_from__isnull=False, quiet_until__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return f"of person {self.person_id}"

    def wants(self, channel: Channel) -> bool:
        return channel is Channel.IN_APP or bool(getattr(self, channel.value))
