"""Appointments, and the database's own word that none of them overlap."""

from typing import Final

from django.db import models

from clinic.models.encrypted import EncryptedTextField, Sealed
from clinic.models.people import Doctor, Person
from clinic.rules.statuses import OCCUPYING, Status

# Raised by name by the database itself: see clinic/migrations and clinic/constraints.py.
DOCTOR_OVERLAP: Final = "appointment_doctor_overlap"
PATIENT_OVERLAP: Final = "appointment_patient_overlap"


class Appointment(Sealed):
    """A visit of one patient to one doctor. `start` and `end` are instants (UTC).

    `version` grows with every change; `sequence` when time or doctor change or it is cancelled
    (RFC 5545 SEQUENCE).
    """

    doctor = models.ForeignKey(Doctor, on_delete=models.PROTECT, related_name="appointments")
    patient = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="appointments")
    start = models.DateTimeField()
    end = models.DateTimeField()
    status = models.CharField(
        max_length=12, choices=[(s, s) for s in Status], default=Status.SCHEDULED
    )
    reason = EncryptedTextField()
    notes = EncryptedTextField()
    ticket = models.CharField(max_length=12, blank=True)
    priority = models.PositiveSmallIntegerField(default=0)
    arrived_at = models.DateTimeField(null=True, blank=True)
    called_at = models.DateTimeField(null=True, blank=True)
    called_by = models.ForeignKey(
        Person, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    room = models.CharField(max_length=40, blank=True)
    estimated_start = models.DateTimeField(null=True, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)
    sequence = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        ordering = ["start", "id"]
        constraints = [
            models.CheckConstraint(
                name="appointment_ends_after_start", condition=models.Q(end__gt=models.F("start"))
            ),
        ]
        indexes = [
            models.Index(fields=["doctor", "start"]),
            models.Index(fields=["patient", "start"]),
            models.Index(fields=["start"]),
            # What the overlap rule and the slots look at, and nothing else.
            models.Index(
                fields=["doctor", "start", "end"],
                name="appointment_doctor_busy",
                condition=models.Q(status__in=OCCUPYING),
            ),
            models.Index(
                fields=["patient", "start", "end"],
                name="appointment_patient_busy",
                condition=models.Q(status__in=OCCUPYING),
            ),
        ]

    def __str__(self) -> str:
        return f"appointment {self.pk}"
