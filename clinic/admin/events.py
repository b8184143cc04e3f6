"""The audit trail for operators: who did what to which thing, and when."""

from django.contrib import admin

from clinic.admin.acting import LookOnly
from clinic.models import Event


@admin.register(Event)
class EventAdmin(LookOnly):
    list_display = ["at", "type", "actor", "subject_kind", "subject_id"]
    list_filter = ["type"]
    list_select_related = ["actor"]
