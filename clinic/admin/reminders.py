"""Reminders for operators: what waits, what was sent, and what was not and why."""

from django.contrib import admin

from clinic.admin.acting import LookOnly
from clinic.models import Reminder


@admin.register(Reminder)
class ReminderAdmin(LookOnly):
    list_display = ["due_at", "kind", "channel", "state", "reason", "ended_at", "attempts"]
    list_filter = ["state", "reason", "channel"]
    exclude = ["claim"]
