"""Which browsers can be told."""

from collections.abc import Collection

from django.db.models import QuerySet

from clinic.models import PushSubscription


def subscriptions_of(person_id: int) -> QuerySet[PushSubscription]:
    """Those of this person's sessions that have not ended."""
    live = PushSubscription.objects.filter(session__person=person_id, session__ended_at=None)
    return live.order_by("pk")


def people_with_browsers(person_ids: Collection[int]) -> set[int]:
    live = PushSubscription.objects.filter(session__person__in=person_ids, session__ended_at=None)
    return set(live.values_list("session__person", flat=True))
