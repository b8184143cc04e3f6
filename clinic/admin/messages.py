"""The outbox for operators: what waits, what was given up or dropped, and why."""

from django.contrib import admin

from clinic.admin.acting import LookOnly
from clinic.models import Message


@admin.register(Message)
class MailAdmin(LookOnly):
    list_display = [
        "due_at",
        "kind",
        "channel",
        "address",
        "attempts",
        "reason",
        "sent_at",
        "failed_at",
    ]
    list_filter = ["kind", "channel", "reason"]
    search_fields = ["address"]
    exclude = ["once", "claim"]
