"""Sending once more what could not be sent."""

import uuid
from datetime import datetime
from typing import Final

from django.db import transaction

from clinic import clock
from clinic.actions.messages import address_of
from clinic.errors import NotFound, NothingToRetry
from clinic.models import Message, MessageKind, Person
from clinic.policy import Operation, require
from clinic.queries.outbox import Line, line_of, messages_with_people
from clinic.rows import lock_row
from clinic.rules.messages import Channel, Why
from clinic.rules.outbox import SendState

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

    Raises NotFound, and NothingToRetry where that cannot help: it arrived or is still tried, what it tells of is
    no longer so, its person is gone or has no address that works, or the visit has begun. To another address it is
    another message, and so is one that came back: a gateway that knows the first one must not take it for sent.
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
        is_the_same = address == message.address and message.sent_at is None
        Message.objects.filter(pk=message_id).update(
            address=address,
            seal=message.seal if is_the_same else uuid.uuid4(),
            sent_at=None,
            bounced_at=None,
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
    if not isinstance(message, Message) or not _has_not_arrived(line.state, message):
        return False
    is_to_come = line.visit is None or now < line.visit.start
    return is_to_come and _can_arrive(message)


def _has_not_arrived(state: SendState, message: Message) -> bool:
    is_mendable = state is SendState.SKIPPED and message.reason in MENDABLE
    return state is SendState.FAILED or is_mendable


def _can_arrive(message: Message) -> bool:
    person, address = message.person, _address_now(message)
    if message.channel == Channel.PUSH:
        return person is not None and person.is_active
    if person is not None and message.kind not in FOR_THIS_ADDRESS:
        takes_it = message.channel != Channel.EMAIL or person.takes_mail
        if not (person.is_active and takes_it):
            return False
    return bool(address) and (message.reason != Why.NO_ADDRESS or address != message.address)


def _address_now(message: Message) -> str:
    if message.person is None or message.kind in FOR_THIS_ADDRESS:
        return message.address
    return address_of(message.person, Channel(message.channel))
