"""Rows that wait for a worker: taken by one at a time, for as long as a lease lasts."""

import uuid
from datetime import datetime, timedelta
from typing import TypeVar

from django.db import transaction
from django.db.models import F, Model, Q, QuerySet

Row = TypeVar("Row", bound=Model)


def unclaimed(now: datetime) -> Q:
    """What no worker has at present: nobody took it, or the lease of who did has run out."""
    return Q(claimed_until=None) | Q(claimed_until__lte=now)


def take(due: QuerySet[Row], *, now: datetime, lease: timedelta) -> tuple[Row, uuid.UUID] | None:
    """The row that is due longest, and the claim that makes it ours; None if there is none.

    Of any number of workers each gets another one. `due` holds only what is `unclaimed`.
    """
    # Read before any transaction: on SQLite one that finds nothing would still have stopped all writers.
    if not due.exists():
        return None
    with transaction.atomic():
        row = due.select_for_update(skip_locked=True).order_by("due_at", "pk").first()
        if row is None:
            return None
        claim = uuid.uuid4()
        type(row)._default_manager.filter(pk=row.pk).update(
            claim=claim, claimed_until=now + lease, attempts=F("attempts") + 1
        )
    return row, claim
