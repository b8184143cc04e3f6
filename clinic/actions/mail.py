"""The outbox of mails: planned with the change they tell of, claimed by any number of workers, ended once."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction

from clinic import clock
from clinic.events import Subject
from clinic.leases import take
from clinic.models import Mail, MailKind, Person
from clinic.queries.mail import ATTEMPTS, PAUSES, due_mail
from clinic.rows import insert_unless_there

# When its sender was killed another takes it after this long. Sending takes seconds: EMAIL_TIMEOUT.
LEASE: Final = timedelta(minutes=2)
KILLED: Final = "sender_killed"


def plan_mail(
    *,
    kind: MailKind,
    person: Person,
    subject: Subject | None = None,
    due_at: datetime | None = None,
    once: str | None = None,
    address: str | None = None,
) -> Mail | None:
    """Mail this person; inside the transaction of what the mail tells of, before its `record()`.

    None: there is no address, or a mail with the same `once` was planned before. `subject` is what the
    mail is about, `due_at` when it shall go (now), `address` another one than the person's.
    """
    if not (address or person.email):
        return None
    about = subject or Subject("", 0)
    return _insert(
        Mail(
            kind=kind,
            person=person,
            address=address or person.email,
            subject_kind=about.kind,
            subject_id=about.id or None,
            once=once,
        ),
        due_at,
    )


def plan_mail_to_address(*, kind: MailKind, address: str, once: str) -> Mail | None:
    """Mail whoever has this address, if anybody has: who, is found out when it is sent."""
    return _insert(Mail(kind=kind, address=address, once=once), None)


def _insert(mail: Mail, due_at: datetime | None) -> Mail | None:
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("a mail belongs into a transaction")
    now = clock.now()
    mail.created_at, mail.due_at = now, due_at or now
    return mail if insert_unless_there(mail) else None


# -- what the workers do ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Claimed:
    """A mail that is ours to send, until the lease ends."""

    mail: Mail
    claim: uuid.UUID


def claim_mail(*, mail_id: int | None = None) -> Claimed | None:
    """Take the mail that is due longest, or this one if it is due; None if there is none.

    Of any number of workers each gets another one.
    """
    now = clock.now()
    due = due_mail(now)
    if mail_id is not None:
        due = due.filter(pk=mail_id)
    taken = take(due, now=now, lease=LEASE)
    if taken is None:
        return None
    mail, claim = taken
    mail.attempts += 1
    return Claimed(mail, claim)


def give_up_killed() -> int:
    """Those whose senders were killed at every attempt have failed: they may be what kills them. How many."""
    now = clock.now()
    worn_out = due_mail(now, worn_out=True)
    if not worn_out.exists():
        return 0
    return worn_out.update(failed_at=now, error=KILLED, claim=None, claimed_until=None)


def mark_sent(claimed: Claimed) -> bool:
    """False: the lease had ended, and another has it now."""
    return _mark(claimed, sent_at=clock.now(), error="")


def mark_dropped(claimed: Claimed) -> bool:
    """It has become pointless: what it tells of is no longer so, or nobody has the address."""
    return _mark(claimed, dropped_at=clock.now())


def mark_failed(claimed: Claimed, *, error: str, for_good: bool = False) -> bool:
    """To be tried again after a pause; for good after the last attempt, or where no attempt can help."""
    now = clock.now()
    tried = claimed.mail.attempts
    if for_good or tried >= ATTEMPTS:
        return _mark(claimed, failed_at=now, error=error)
    return _mark(claimed, due_at=now + PAUSES[tried - 1], error=error)


def _mark(claimed: Claimed, **values: Any) -> bool:
    mine = Mail.objects.filter(pk=claimed.mail.pk, claim=claimed.claim)
    return bool(mine.update(claim=None, claimed_until=None, **values))
