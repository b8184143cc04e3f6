"""How long things are kept."""

from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db.models import Model, QuerySet

from clinic import clock
from clinic.models import (
    Entry,
    IdempotentAnswer,
    KnownNetwork,
    Notification,
    Session,
    Tally,
    Viewing,
)
from clinic.queries.messages import messages_ended_before
from clinic.queries.push import orphaned_subscriptions
from clinic.queries.reminders import reminders_ended_before
from clinic.topics import TopicKind

STEP: Final = 500


def drop_expired() -> int:
    """Delete what has expired, a few rows at a time so that nobody waits on a lock; returns how many."""
    now = clock.now()

    personal = f"{TopicKind.USER}."
    return sum(
        _delete_in_steps(rows)
        for rows in (
            Entry.objects.filter(at__lt=now - timedelta(days=settings.ENTRY_DAYS)).exclude(
                topic__startswith=personal
            ),
            Entry.objects.filter(
                at__lt=now - timedelta(days=settings.USER_ENTRY_DAYS), topic__startswith=personal
            ),
            Notification.objects.filter(
                created_at__lt=now - timedelta(days=settings.NOTIFICATION_DAYS)
            ),
            IdempotentAnswer.objects.filter(
                created_at__lt=now - timedelta(hours=settings.IDEMPOTENCY_HOURS)
            ),
            Session.objects.filter(expires_at__lt=now),
            orphaned_subscriptions(),
            messages_ended_before(now - timedelta(days=settings.MESSAGE_DAYS)),
            reminders_ended_before(now - timedelta(days=settings.REMINDER_DAYS)),
            Tally.objects.filter(forget_at__lt=now.timestamp() * 1000),
            Viewing.objects.filter(until__lt=now),
            KnownNetwork.objects.filter(
                last_used_at__lt=now - timedelta(days=settings.KNOWN_NETWORK_DAYS)
            ),
        )
    )


def _delete_in_steps(rows: QuerySet[Model]) -> int:
    total = 0
    # Oldest first: what is left of a topic is always its newest part, without a hole.
    while ids := list(rows.order_by("pk").values_list("pk", flat=True)[:STEP]):
        total += rows.model._default_manager.filter(pk__in=ids).delete()[0]
    return total
