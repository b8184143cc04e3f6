"""Which reminders wait, and since when."""

from datetime import datetime

from django.db.models import Min, QuerySet

from clinic.leases import unclaimed
from clinic.models import Reminder
from clinic.rules.reminders import ReminderState


def waiting_reminders() -> QuerySet[Reminder]:
    return Reminder.objects.filter(state=ReminderState.WAITING)


def due_reminders(now: datetime) -> QuerySet[Reminder]:
    """Those whose time has come and that no worker has at present."""
    return waiting_reminders().filter(unclaimed(now), due_at__lte=now)


def oldest_due_reminder() -> datetime | None:
    """When the reminder that waits longest was, or will be, due."""
    oldest: datetime | None = waiting_reminders().aggregate(at=Min("due_at"))["at"]
    return oldest


def reminders_ended_before(moment: datetime) -> QuerySet[Reminder]:
    return Reminder.objects.filter(ended_at__lt=moment)
