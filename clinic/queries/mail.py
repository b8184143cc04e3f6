"""Which mails wait, and since when."""

from datetime import datetime, timedelta
from typing import Final

from django.db.models import Min, Q, QuerySet

from clinic.leases import unclaimed
from clinic.models import Mail

# Between one attempt and the next; after the last there is none, within a day and a night.
PAUSES: Final = tuple(timedelta(minutes=m) for m in (1, 5, 15, 60, 180, 360, 720))
ATTEMPTS: Final = len(PAUSES) + 1


def waiting_mail() -> QuerySet[Mail]:
    return Mail.objects.filter(sent_at=None, failed_at=None, dropped_at=None)


def due_mail(now: datetime, *, worn_out: bool = False) -> QuerySet[Mail]:
    """Those whose time has come and that nobody is sending at present.

    `worn_out`: those with all attempts behind them, whose senders did not live to say how the last one went.
    """
    attempts = {"attempts__gte" if worn_out else "attempts__lt": ATTEMPTS}
    return waiting_mail().filter(unclaimed(now), due_at__lte=now, **attempts)


def mail_ended_before(moment: datetime) -> QuerySet[Mail]:
    """Those that were sent, given up or dropped before then."""
    ended = Q(sent_at__lt=moment) | Q(failed_at__lt=moment) | Q(dropped_at__lt=moment)
    return Mail.objects.filter(ended, created_at__lt=moment)


def oldest_due_mail() -> datetime | None:
    """When the mail that waits longest was, or will be, due."""
    oldest: datetime | None = waiting_mail().aggregate(at=Min("due_at"))["at"]
    return oldest
