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
    """One record of a patient. `reference` is what people quote.

    `voided_at` hides it from everyone; `withdrawn_at` from its patient, and not from the doctors assigned.
    """

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
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["patient", "created_at"]),
            models.Index(fields=["doctor", "created_at"]),
        ]

    def __str__(self) -> str:
        return self.reference


class RecordVersion(Sealed):
    """A record as it was until `replaced_at`."""

    record = models.ForeignKey(HealthRecord, on_delete=models.PROTECT, related_name="versions")
    version = models.PositiveIntegerField()
    record_type = models.CharField(max_length=12, choices=RecordType.choices)
    title = EncryptedTextField()
    description = EncryptedTextField()
    doctor = models.ForeignKey(
        Doctor, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    replaced_at = models.DateTimeField()

    class Meta:
        ordering = ["version"]
        constraints = [
            models.UniqueConstraint(fields=["record", "version"], name="record_version_once")
        ]

    def __str__(self) -> str:
        return f"{self.record} version {self.version}"


class Annotation(Sealed):
    """What a doctor wrote in a record. Removed ones stay in the history."""

    record = models.ForeignKey(HealthRecord, on_delete=models.PROTECT, related_name="annotations")
    doctor = models.ForeignKey(Doctor, on_delete=models.PROTECT, related_name="annotations")
    content = EncryptedTextField()
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["created_at", "id"]

    def __str__(self) -> str:
        return f"annotation {self.pk} of {self.record}"


class AnnotationVersion(Sealed):
    """An annotation as it was until `replaced_at`."""

    annotation = models.ForeignKey(Annotation, on_delete=models.PROTECT, related_name="versions")
    version = models.PositiveIntegerField()
    content = EncryptedTextField()
    replaced_at = models.DateTimeField()

    class Meta:
        ordering = ["version"]
        constraints = [
            models.UniqueConstraint(
                fields=["annotation", "version"], name="annotation_version_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.annotation} version {self.version}"
