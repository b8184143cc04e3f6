"""The one Django app of the project, and the admin as operators use it."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class ClinicConfig(AppConfig):
    default = True
    name = "clinic"
    verbose_name = "Clinic"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from clinic import checks  # noqa: F401  (registers the system checks)


class OperatorsAdmin(admin_apps.AdminConfig):
    default = False
    default_site = "clinic.admin.site.OperatorsSite"

    def ready(self) -> None:
        super().ready()
        # Not in `clinic.admin` itself: making the site imports it, and the pages need the site.
        from clinic.admin import (  # noqa: F401  (register pages)
            appointments,
            events,
            messages,
            people,
            place,
            preferences,
            reminders,
        )
