"""The outbox for operators: what waits, what was given up, and why."""

from django.contrib import admin

from clinic.admin.acting import LookOnly
from clinic.models import Mail


@admin.register(Mail)
class MailAdmin(LookOnly):
    list_display = ["due_at", "kind", "address", "attempts", "error", "sent_at", "failed_at"]
    list_filter = ["kind", "error"]
    search_fields = ["address"]
    exclude = ["once", "claim"]
