"""Browsers begin and cease to be told when no tab of theirs is open."""

import hashlib
import uuid
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q

from clinic import clock
from clinic.errors import FieldError
from clinic.models import Person, PushSubscription
from clinic.rows import insert_unless_there, lock_row
from clinic.rules.endpoints import NoEndpoint, parse_endpoint

# Who has more browsers than this is told in those that came last.
BROWSERS: Final = 20
# So many refusals in a row: the push service knows this browser no more, or never did.
REFUSALS: Final = 5


def subscribe_browser(*, actor: Person, session_id: uuid.UUID, endpoint: str) -> None:
    """This session's browser is told from now on, at this address alone; whoever else had it there is not.

    Raises FieldError for what is no address of a push service.
    """
    try:
        parse_endpoint(endpoint, to_loopback=settings.PUSH_TO_LOOPBACK)
    except NoEndpoint:
        raise FieldError("endpoint", "This is no address of a push service.") from None
    digest = hashlib.sha256(endpoint.encode()).hexdigest()
    with transaction.atomic():
        subscription = PushSubscription(
            session_id=session_id, endpoint=endpoint, digest=digest, created_at=clock.now()
        )
        lock_row(Person, actor.pk)
        before = PushSubscription.objects.filter(Q(session=session_id) | Q(digest=digest))
        # In order: sessions that exchange their browsers at once do not cross.
        list(before.order_by("pk").select_for_update().values_list("pk"))
        before.delete()
        # Again: another session may have come with this browser since.
        while not insert_unless_there(subscription):
            PushSubscription.objects.filter(digest=digest).delete()
        _drop_oldest(actor)


def _drop_oldest(person: Person) -> None:
    theirs = PushSubscription.objects.filter(session__person=person)
    kept = theirs.order_by("-created_at", "-pk").values_list("pk", flat=True)[:BROWSERS]
    theirs.exclude(pk__in=list(kept)).delete()


def unsubscribe_browser(*, session_id: uuid.UUID) -> None:
    """This session's browser is told nothing any more. Twice is no error."""
    PushSubscription.objects.filter(session=session_id).delete()


# -- what push services say of them -------------------------------------------------------------------------


def mark_pushed(subscription: PushSubscription) -> None:
    mine = PushSubscription.objects.filter(pk=subscription.pk)
    mine.update(failures=0, pushed_at=clock.now())


def mark_refused(subscription: PushSubscription) -> None:
    """One refusal may be a passing mistake; a few in a row are an answer."""
    mine = PushSubscription.objects.filter(pk=subscription.pk)
    mine.update(failures=F("failures") + 1)
    mine.filter(failures__gte=REFUSALS).delete()


def forget_browser(subscription: PushSubscription) -> None:
    """Its push service says that it is gone for good."""
    PushSubscription.objects.filter(pk=subscription.pk).delete()
