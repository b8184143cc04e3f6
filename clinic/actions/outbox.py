"""Sending once more what could not be sent."""

import uuid
from datetime import datetime
from typing import Final

from django.db import transaction

from clinic import clock
from clinic.actions.messages import address_of
from clinic.errors import NotFound, NothingToRetry
from clinic.models import Appointment, Message, MessageKind, Person
from clinic.policy import Operation, require
from clinic.queries.outbox import Line, line_of, messages_with_people
from clinic.rows import lock_row
from clinic.rules.messages import Channel, Why

# Not sent for want of an address that works: with another one it can be.
MENDABLE: Final = (Why.NO_ADDRESS, Why.BOUNCED)
# These tell of a change to whoever had the address then.
FOR_THIS_ADDRESS: Final = (
    MessageKind.EMAIL_CHANGED,
    MessageKind.PASSWORD_CHANGED,
    MessageKind.PASSWORD_RESET,
)


def retry_message(*, actor: Person, message_id: int) -> Line:
    """Have it sent again, now and to the address its person has now, with all its attempts before it.

    Raises NotFound, and NothingToRetry where that cannot help: it was sent or is still tried, what it tells of is
    no longer so, its person is gone or has no other address, or the visit has begun. To another address it is another
    message: a gateway that knows the first one must not take it for sent.
    """
    require(actor, Operation.SEE_MESSAGES)
    with transaction.atomic():
        if not lock_row(Message, message_id):
            raise NotFound
        message = messages_with_people().get(pk=message_id)
        now = clock.now()
        if not can_retry(line_of(message), now=now):
            raise NothingToRetry
        address = _address_now(message)
        Message.objects.filter(pk=message_id).update(
            address=address,
            seal=message.seal if address == message.address else uuid.uuid4(),
            failed_at=None,
            dropped_at=None,
            reason="",
            attempts=0,
            due_at=now,
            claim=None,
            claimed_until=None,
        )
    return line_of(messages_with_people().get(pk=message_id))


def can_retry(line: Line, *, now: datetime) -> bool:
    """Whether another try could end otherwise, as far as is known before it."""
    message = line.row
    if not isinstance(message, Message) or not (_has_failed(message) or _is_mended(message)):
        return False
    is_there = message.person is None or message.person.is_active
    return is_there and _is_to_come(line.visit, now)


def _has_failed(message: Message) -> bool:
    return message.failed_at is not None and bool(
        _address_now(message) or message.channel == Channel.PUSH
    )


def _is_mended(message: Message) -> bool:
    if message.dropped_at is None or message.reason not in MENDABLE:
        return False
    return _address_now(message) not in ("", message.address)


def _address_now(message: Message) -> str:
    if message.person is None or message.kind in FOR_THIS_ADDRESS:
        return message.address
    return address_of(message.person, Channel(message.channel))


def _is_to_come(visit: Appointment | None, now: datetime) -> bool:
    return visit is None or now < visit.start
