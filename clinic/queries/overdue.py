"""What should have been done by now, and has not."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Min

from clinic.models import IdempotentAnswer, Session
from clinic.queries.messages import oldest_due_message
from clinic.queries.reminders import oldest_due_reminder


def overdue_seconds(now: datetime) -> dict[str, float]:
    """For each kind of work that a worker does by itself: how long its oldest piece has been due, 0 if none is."""
    due = {
        "housekeeping": _oldest_expiry(),
        "messages": oldest_due_message(),
        "reminders": oldest_due_reminder(),
    }
    return {work: _seconds(due_at, now) for work, due_at in due.items()}


def neglected_work(now: datetime) -> dict[str, float]:
    """What is due for so long that no worker can be doing it."""
    return {
        work: seconds
        for work, seconds in overdue_seconds(now).items()
        if seconds > settings.OVERDUE_SECONDS[work]
    }


def _oldest_expiry() -> datetime | None:
    """Of what goes first and is indexed by it: what stays for months tells later that nobody tidies up."""
    session = Session.objects.aggregate(at=Min("expires_at"))["at"]
    answer = IdempotentAnswer.objects.aggregate(at=Min("created_at"))["at"]
    if answer is not None:
        answer += timedelta(hours=settings.IDEMPOTENCY_HOURS)
    return min(filter(None, [session, answer]), default=None)


def _seconds(due_at: datetime | None, now: datetime) -> float:
    return 0.0 if due_at is None else max((now - due_at).total_seconds(), 0.0)
