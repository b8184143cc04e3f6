"""Which doctors look after which patients."""

from django.db import models

from clinic.models.people import Doctor, Person


class Assignment(models.Model):
    """A doctor who may read all of a patient's records and write in them, until it ends."""

    patient = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="assignments")
    doctor = models.ForeignKey(Doctor, on_delete=models.PROTECT, related_name="assignments")
    assigned_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        Person, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "doctor"],
                name="assignment_once",
                condition=models.Q(ended_at=None),
            )
        ]
        indexes = [models.Index(fields=["doctor", "patient"])]

    def __str__(self) -> str:
        return f"{self.doctor} for {self.patient}"
