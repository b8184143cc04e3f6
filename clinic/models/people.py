"""Everybody who signs in, and what makes a doctor one."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, UserManager
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Lower


class Role(models.TextChoices):
    PATIENT = "PATIENT"
    DOCTOR = "DOCTOR"
    RECEPTIONIST = "RECEPTIONIST"
    ADMIN = "ADMIN"


class People(UserManager["Person"]):
    def create_superuser(
        self,
        username: str,
        email: str | None = None,
        password: str | None = None,
        **extra_fields: Any,
    ) -> "Person":
        extra_fields.setdefault("role", Role.ADMIN)
        return super().create_superuser(username, email, password, **extra_fields)


class Person(AbstractUser):
    """Anyone with a role. `is_approved` is false only for a doctor whom no admin has approved yet."""

    email = models.EmailField(blank=True)
    # When this very address was shown to be theirs.
    email_verified_at = models.DateTimeField(null=True, blank=True, editable=False)
    # When a mail to this very address came back for good: none that can be spared goes there any more.
    email_bounced_at = models.DateTimeField(null=True, blank=True, editable=False)
    role = models.CharField(max_length=12, choices=Role.choices, default=Role.PATIENT)
    is_approved = models.BooleanField(default=True)
    date_of_birth = models.DateField(null=True, blank=True)
    phone_number = models.CharField(max_length=40, blank=True)
    address = models.CharField(max_length=300, blank=True)
    location = models.CharField(max_length=120, blank=True)
    time_zone = models.CharField(max_length=64, default="UTC")
    language = models.CharField(max_length=12, default="en")
    is_demo = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[People] = People()

    class Meta:
        verbose_name = "person"
        verbose_name_plural = "people"
        constraints = [
            models.UniqueConstraint(Lower("username"), name="person_username_once"),
            # A patient who phoned may have no e-mail.
            models.UniqueConstraint(
                Lower("email"), name="person_email_once", condition=~models.Q(email="")
            ),
            models.CheckConstraint(
                name="person_superuser_is_admin",
                condition=models.Q(is_superuser=False) | models.Q(role=Role.ADMIN),
                violation_error_message="A superuser is an ADMIN.",
            ),
        ]
        indexes = [models.Index(fields=["role", "is_active", "is_approved", "last_name", "id"])]

    @property
    def name(self) -> str:
        return self.get_full_name() or self.username

    @property
    def takes_mail(self) -> bool:
        """Whether there is an address that mails have not come back from."""
        return bool(self.email) and self.email_bounced_at is None


class Doctor(models.Model):
    """What a doctor has beyond being a person. Durations in minutes."""

    person = models.OneToOneField(Person, on_delete=models.CASCADE, primary_key=True)
    specialization = models.CharField(max_length=120, blank=True)
    appointment_duration = models.PositiveSmallIntegerField(
        default=30, validators=[MinValueValidator(5), MaxValueValidator(480)]
    )
    max_patients_per_day = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MinValueValidator(1)]
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="doctor_duration_in_range",
                condition=models.Q(appointment_duration__range=(5, 480)),
            )
        ]

    def __str__(self) -> str:
        return self.person.name

    @property
    def is_bookable(self) -> bool:
        person = self.person
        return person.is_active and person.is_approved and person.role == Role.DOCTOR
