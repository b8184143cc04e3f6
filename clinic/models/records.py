"""Health records. What they say is encrypted; that they exist is not."""

from django.db import models

from clinic.models.appointments import Appointment
from clinic.models.encrypted import EncryptedTextField, Sealed
from clinic.models.people import Doctor, Person


class RecordType(models.TextChoices):
    CONSULTATION = "CONSULTATION"
    LAB_RESULT = "LAB_RESULT"
    PRESCRIPTION = "PRESCRIPTION"
    VACCINATION = "VACCINATION"
    OTHER = "OTHER"


class HealthRecord(Sealed):
    """One record of a patient. `reference` is what people quote; `voided_at` hides it from everyone."""

    reference = models.CharField(max_length=20, unique=True, editable=False)
    record_type = models.CharField(max_length=12, choices=RecordType.choices)
    title = EncryptedTextField()
    description = EncryptedTextField()
    patient = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="records")
    doctor = models.ForeignKey(
        Doctor, on_delete=models.PROTECT, related_name="records", null=True, blank=True
    )
    appointment = models.OneToOneField(
        Appointment, on_delete=models.PROTECT, related_name="health_record", null=True, blank=True
    )
    voided_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [models.Index(fields=["patient", "created_at"])]

    def __str__(self) -> str:
        return self.reference
