"""The outbox: what is to be mailed, written in the transaction of what it tells of."""

import uuid

from django.db import models
from django.db.models import Q

from clinic.models.people import Person


class MailKind(models.TextChoices):
    """What a mail says; its words are the template of the same name in `workers/mail/templates`."""

    INVITE = "invite"
    PASSWORD_RESET = "password_reset"  # noqa: S105 (no password)
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 (no password)
    EMAIL_VERIFICATION = "email_verification"
    EMAIL_CHANGED = "email_changed"
    DOCTOR_ASSIGNED = "doctor_assigned"
    VISIT_REMINDER = "visit_reminder"


class Mail(models.Model):
    """One mail to one address. It holds references; words and links are made when it is sent.

    A worker that takes it writes its `claim`; until `claimed_until` it is nobody else's. In the end it was
    sent, or failed too often, or was dropped because it had become pointless. `seal` is the part of its
    Message-ID that no other mail has. Two mails never have the same `once`.
    """

    seal = models.UUIDField(default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=40)
    # None: whoever has this address when it is sent, if anybody.
    person = models.ForeignKey(
        Person, on_delete=models.CASCADE, related_name="mails", null=True, blank=True
    )
    address = models.EmailField()
    subject_kind = models.CharField(max_length=20, blank=True)
    subject_id = models.BigIntegerField(null=True, blank=True)
    once = models.CharField(max_length=200, null=True, blank=True, unique=True)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    claim = models.UUIDField(null=True, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=40, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    dropped_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["due_at", "id"],
                name="mail_waiting",
                condition=Q(sent_at=None, failed_at=None, dropped_at=None),
            ),
            models.Index(fields=["created_at"]),
        ]
        constraints = [
            models.CheckConstraint(
                name="mail_ends_once",
                condition=Q(sent_at=None, failed_at=None)
                | Q(sent_at=None, dropped_at=None)
                | Q(failed_at=None, dropped_at=None),
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"
