"""For operators: how people chose to be told. Who has no row here has chosen nothing."""

from django.contrib import admin

from clinic.admin.acting import LookOnly
from clinic.models import Preferences


@admin.register(Preferences)
class PreferencesAdmin(LookOnly):
    list_display = ["person", "email", "push", "sms", "lead_times", "quiet_from", "quiet_until"]
    list_select_related = ["person"]
    search_fields = ["person__username", "person__last_name"]
