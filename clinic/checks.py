"""Mistakes that must not start: system checks of this project's own."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as Advice
from django.db import connections
from django.db.utils import OperationalError
from django.utils.module_loading import import_string

from clinic import constraints
from clinic.environment import SMS_CODE


@register(Tags.database)
def the_engine_refuses_overlaps(
    databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """With `check --database default`: a database whose overlap rules are gone is not safe to book on."""
    found: list[CheckMessage] = []
    for alias in databases or ():
        connection = connections[alias]
        try:
            if constraints.TABLE not in connection.introspection.table_names():
                continue
            gone = constraints.missing(connection)
        except OperationalError:
            continue
        if gone:
            found.append(
                Error(
                    f"The database does not refuse overlapping appointments: {', '.join(gone)}.",
                    hint="Run `python manage.py migrate`.",
                    id="clinic.E001",
                )
            )
    return found


@register()
def origins_are_exact(**kwargs: Any) -> list[CheckMessage]:
    wrong = [
        origin
        for origin in settings.ALLOWED_ORIGINS
        if "*" in origin or "://" not in origin or origin.rstrip("/").count("/") != 2
    ]
    if not wrong:
        return []
    return [
        Error(
            f"CLINIC_ALLOWED_ORIGINS holds {wrong[0]!r}, which is not scheme://host[:port].",
            id="clinic.E002",
        )
    ]


@register()
def mails_are_not_printed(**kwargs: Any) -> list[CheckMessage]:
    """Where others are served, a log is no place for links that set passwords."""
    printed = settings.EMAIL_BACKEND == "django.core.mail.backends.console.EmailBackend"
    if settings.ONLY_THIS_MACHINE or not printed:
        return []
    return [
        Advice(
            "Mails are printed to the worker's log, with links that set passwords.",
            hint="Set EMAIL_URL, or MAILJET_API_KEY, MAILJET_API_SECRET and MAILJET_SENDER_EMAIL.",
            id="clinic.W001",
        )
    ]


@register()
def sms_have_their_code(**kwargs: Any) -> list[CheckMessage]:
    """Code of the operator's own that is not there would be missed by the first urgent message."""
    if not settings.SMS.startswith(SMS_CODE):
        return []
    try:
        if callable(import_string(settings.SMS.removeprefix(SMS_CODE))):
            return []
    except ImportError:
        pass
    return [Error(f"CLINIC_SMS names {settings.SMS}, which cannot be called.", id="clinic.E004")]
