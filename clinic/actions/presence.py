"""Marks of who is watching what: written by web processes, forgotten when they stop renewing them."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from clinic.models import Viewing


def renew_viewings(
    process: str,
    *,
    kept: Collection[tuple[str, int]],
    gone: Collection[tuple[str, int]],
    until: datetime,
) -> None:
    """These pairs of topic and person are watching through this process; those are not any more."""
    with transaction.atomic():
        if gone:
            ended = Q()
            for topic, person_id in gone:
                ended |= Q(topic=topic, person_id=person_id)
            Viewing.objects.filter(ended, process=process).delete()
        Viewing.objects.bulk_create(
            [
                Viewing(topic=topic, process=process, person_id=person_id, until=until)
                for topic, person_id in sorted(kept)
            ],
            update_conflicts=True,
            unique_fields=["topic", "process", "person"],
            update_fields=["until"],
        )
