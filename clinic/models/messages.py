"""The outbox: what is to leave the house, one row for each message to one person on one way."""

import uuid

from django.db import models
from django.db.models import Q

from clinic.models.journal import Event
from clinic.models.people import Person
from clinic.rules.messages import Channel


class MessageKind(models.TextChoices):
    """What a message says. Mails have the templates of its name in `clinic/letters`, other ways one in `workers`."""

    INVITE = "invite"
    PASSWORD_RESET = "password_reset"  # noqa: S105 (no password)
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 (no password)
    EMAIL_VERIFICATION = "email_verification"
    EMAIL_CHANGED = "email_changed"
    DOCTOR_APPROVED = "doctor_approved"
    DOCTOR_REJECTED = "doctor_rejected"
    DOCTOR_ASSIGNED = "doctor_assigned"
    VISIT_BOOKED = "visit_booked"
    VISIT_MOVED = "visit_moved"
    VISIT_CANCELLED = "visit_cancelled"
    VISIT_REMINDER = "visit_reminder"
    WAITLIST_OFFER = "waitlist_offer"
    NEW_NOTE = "new_note"
    NEWS = "news"


class Message(models.Model):
    """One message to one address. It holds references; words and links are made when it is sent.

    `address` is an e-mail address or a telephone number; a push goes to all of the person's browsers.
    A worker that takes it writes its `claim`; until `claimed_until` it is nobody else's. In the end it was
    sent, or failed too often, or was dropped because it had become pointless, and `reason` says why it was not
    sent. `seal` is the part of its Message-ID that no other message has. Two never have the same `once`.
    `event` is what it tells of; with `unless_read`, it is pointless as soon as its person has read of it.
    """

    seal = models.UUIDField(default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=40)
    channel = models.CharField(max_length=12, default=Channel.EMAIL.value)
    # None: whoever has this address when it is sent, if anybody.
    person = models.ForeignKey(
        Person, on_delete=models.CASCADE, related_name="messages", null=True, blank=True
    )
    address = models.CharField(max_length=254, blank=True)
    subject_kind = models.CharField(max_length=20, blank=True)
    subject_id = models.BigIntegerField(null=True, blank=True)
    event = models.ForeignKey(
        Event, on_delete=models.CASCADE, related_name="messages", null=True, blank=True
    )
    unless_read = models.BooleanField(default=False)
    once = models.CharField(max_length=200, null=True, blank=True, unique=True)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    claim = models.UUIDField(null=True, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    reason = models.CharField(max_length=40, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    dropped_at = models.DateTimeField(null=True, blank=True)
    # When it came back; `reason` says why.
    bounced_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["due_at", "id"],
                name="message_waiting",
                condition=Q(sent_at=None, failed_at=None, dropped_at=None),
            ),
            models.Index(fields=["created_at"]),
            # By how and when they ended, for staff who look through them.
            models.Index(
                fields=["sent_at", "id"], name="message_sent", condition=Q(sent_at__isnull=False)
            ),
            models.Index(
                fields=["failed_at", "id"],
                name="message_failed",
                condition=Q(failed_at__isnull=False),
            ),
            models.Index(
                fields=["dropped_at", "id"],
                name="message_dropped",
                condition=Q(dropped_at__isnull=False),
            ),
            models.Index(
                fields=["bounced_at", "id"],
                name="message_bounced",
                condition=Q(bounced_at__isnull=False),
            ),
            models.Index(fields=["seal"], name="message_seal"),
        ]
        constraints = [
            models.CheckConstraint(
                name="message_ends_once",
                condition=Q(sent_at=None, failed_at=None)
                | Q(sent_at=None, dropped_at=None)
                | Q(failed_at=None, dropped_at=None),
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"
