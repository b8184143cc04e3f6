"""Which browsers can be told."""

import uuid
from collections.abc import Collection

from django.db.models import Q, QuerySet

from clinic import clock
from clinic.models import PushSubscription


def _stands() -> Q:
    return Q(session__ended_at=None, session__expires_at__gt=clock.now())


def subscriptions_of(person_id: int) -> QuerySet[PushSubscription]:
    """Those of this person's sessions that stand."""
    return PushSubscription.objects.filter(_stands(), session__person=person_id).order_by("pk")


def is_subscribed(session_id: uuid.UUID) -> bool:
    return PushSubscription.objects.filter(session=session_id).exists()


def people_with_browsers(person_ids: Collection[int]) -> set[int]:
    live = PushSubscription.objects.filter(_stands(), session__person__in=person_ids)
    return set(live.values_list("session__person", flat=True))


def orphaned_subscriptions() -> QuerySet[PushSubscription]:
    """Those of sessions that have ended; those of expired ones go with their sessions."""
    return PushSubscription.objects.filter(session__ended_at__isnull=False)
