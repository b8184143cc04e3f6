"""Marking the inbox read."""

from collections.abc import Sequence

from django.db import transaction

from clinic import clock
from clinic.events import NotificationRead
from clinic.journal import record
from clinic.models import Person
from clinic.queries.journal import head_of
from clinic.queries.notifications import inbox_of, unread_count
from clinic.topics import user_topic


def mark_read(*, actor: Person, up_to: int | None = None, ids: Sequence[int] = ()) -> int:
    """Mark lines read, all up to a number or some by id; returns how many are left unread.

    Ids that are not the reader's own are passed over. The reader's other devices are told.
    """
    now = clock.now()
    with transaction.atomic():
        if up_to is not None:
            # A line that comes while this is done is not read by it, and nobody may be told that it was.
            up_to = min(up_to, head_of(user_topic(actor.pk)))
        unread = inbox_of(actor, unread_only=True)
        unread = unread.filter(seq__lte=up_to) if up_to is not None else unread.filter(pk__in=ids)
        # In order: two devices that mark the same lines at once must not wait for each other.
        marked = tuple(unread.order_by("pk").select_for_update().values_list("pk", flat=True))
        inbox_of(actor).filter(pk__in=marked).update(read_at=now)
        left = unread_count(actor)
        if marked:
            record(
                NotificationRead(
                    person_id=actor.pk,
                    up_to=up_to,
                    ids=() if up_to is not None else marked,
                    unread=left,
                    read_at=now,
                ),
                actor=actor,
            )
    return left
