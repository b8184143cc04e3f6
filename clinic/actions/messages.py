"""The outbox: messages planned for an event or with a change, claimed by any number of workers, ended once."""

import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from django.db import transaction

from clinic import clock
from clinic.events import Subject
from clinic.leases import take
from clinic.models import Event, Message, MessageKind, Person, Preferences
from clinic.queries.messages import ATTEMPTS, PAUSES, due_messages, told_since, unsent_events
from clinic.queries.preferences import all_preferences, quiet_hours_of, usable_channels
from clinic.rows import insert, insert_unless_there
from clinic.rules.messages import MOST_PER_HOUR, OUTGOING, Channel, Delivery, Why, deliveries

log = structlog.get_logger(__name__)

# When its sender was killed another takes it after this long. Sending takes seconds: EMAIL_TIMEOUT.
LEASE: Final = timedelta(minutes=2)
KILLED: Final = "sender_killed"
EVENTS_AT_ONCE: Final = 100


def plan_message(
    *,
    kind: MessageKind,
    person: Person,
    channel: Channel = Channel.EMAIL,
    subject: Subject | None = None,
    due_at: datetime | None = None,
    once: str | None = None,
    address: str | None = None,
) -> Message | None:
    """Send this person a message; inside the transaction of what it tells of, before its `record()`.

    None: there is no address, or a message with the same `once` was planned before. `subject` is what the
    message is about, `due_at` when it shall go (now), `address` another one than the person's.
    """
    where = address or address_of(person, channel)
    if not where:
        return None
    about = subject or Subject("", 0)
    return _insert(
        Message(
            kind=kind,
            channel=channel,
            person=person,
            address=where,
            subject_kind=about.kind,
            subject_id=about.id or None,
            once=once,
        ),
        due_at,
    )


def plan_message_to_address(*, kind: MessageKind, address: str, once: str) -> Message | None:
    """Mail whoever has this address, if anybody has: who, is found out when it is sent."""
    return _insert(Message(kind=kind, address=address, once=once), None)


def address_of(person: Person, channel: Channel) -> str:
    """Where this way leads; a push has no address here, but one for each of the person's browsers."""
    addresses = {Channel.EMAIL: person.email, Channel.SMS: person.phone_number}
    return addresses.get(channel, "")


def _insert(message: Message, due_at: datetime | None) -> Message | None:
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("a message belongs into a transaction")
    now = clock.now()
    message.created_at, message.due_at = now, due_at or now
    return message if insert_unless_there(message) else None


# -- from events to messages --------------------------------------------------------------------------------


def plan_for_events() -> int:
    """Write the messages of what has happened since, by the catalogue and everybody's wishes; of how many events.

    Events and their messages are marked and written in one transaction: each has its messages once.
    """
    if not unsent_events().exists():
        return 0
    with transaction.atomic():
        waiting = unsent_events().select_for_update(skip_locked=True, no_key=True)
        events = list(waiting.order_by("at", "pk")[:EVENTS_AT_ONCE])
        planned, done = _messages_of(events)
        _drop_floods(planned)
        insert(planned)
        Event.objects.filter(pk__in=done).update(unsent=None)
    return len(done)


def _messages_of(events: Sequence[Event]) -> tuple[list[Message], list[uuid.UUID]]:
    """The messages, and of which events they are: one that cannot be understood waits, and must not stop the others."""
    now = clock.now()
    ids = {person_id for event in events for person_id in _waits(event)["to"]}
    people = Person.objects.in_bulk(ids)
    preferences = all_preferences(ids)
    audience = _Audience(people, preferences, usable_channels(people.values(), preferences))
    planned: list[Message] = []
    done: list[uuid.UUID] = []
    for event in events:
        try:
            planned += list(_messages_of_one(event, audience, now))
        except Exception as error:  # noqa: BLE001 (as above)
            log.error("event_not_planned", event_id=str(event.pk), type=type(error).__name__)
        else:
            done.append(event.pk)
    return planned, done


@dataclass(frozen=True, slots=True)
class _Audience:
    people: Mapping[int, Person]
    preferences: Mapping[int, Preferences]
    usable: Mapping[int, frozenset[Channel]]


def _messages_of_one(event: Event, audience: _Audience, now: datetime) -> Iterator[Message]:
    waits, people = _waits(event), audience.people
    for person in (people[each] for each in waits["to"] if each in people):
        outgoing = OUTGOING.get(event.type, {}).get(person.role)
        if outgoing is None:
            continue
        for delivery in deliveries(
            outgoing,
            usable=audience.usable[person.pk],
            is_own=event.actor_id == person.pk,
            is_near=waits["near"],
            now=now,
            quiet=quiet_hours_of(person, audience.preferences[person.pk]),
        ):
            yield _message(event, person, outgoing.kind, delivery, now)


def _drop_floods(planned: Sequence[Message]) -> None:
    """What one person sets off to another beyond MOST_PER_HOUR is written down, and not sent."""
    now = clock.now()
    told = Counter(told_since(now - timedelta(hours=1), {each.person_id for each in planned}))
    for message in planned:
        actor_id = message.event.actor_id if message.event else None
        whose = (message.person_id, actor_id, message.channel)
        most = MOST_PER_HOUR.get(Channel(message.channel))
        if most is None or actor_id is None:
            continue
        if told[whose] >= most:
            message.dropped_at, message.reason = now, Why.TOO_MANY
        else:
            told[whose] += 1


def _waits(event: Event) -> dict[str, Any]:
    return event.unsent or {"to": [], "near": False}


def _message(event: Event, person: Person, kind: str, delivery: Delivery, now: datetime) -> Message:
    return Message(
        kind=kind,
        channel=delivery.channel,
        person=person,
        address=address_of(person, delivery.channel),
        subject_kind=event.subject_kind,
        subject_id=event.subject_id,
        event=event,
        unless_read=delivery.unless_read,
        once=f"{event.pk}.{person.pk}.{delivery.channel}",
        created_at=now,
        due_at=delivery.due_at,
    )


# -- what the workers do ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that is ours to send, until the lease ends."""

    message: Message
    claim: uuid.UUID


def claim_message(channel: Channel, *, message_id: int | None = None) -> Claimed | None:
    """Take the message on this way that is due longest, or this one if it is due; None if there is none.

    Of any number of workers each gets another one.
    """
    now = clock.now()
    due = due_messages(now, channel)
    if message_id is not None:
        due = due.filter(pk=message_id)
    taken = take(due, now=now, lease=LEASE)
    if taken is None:
        return None
    message, claim = taken
    message.attempts += 1
    return Claimed(message, claim)


def give_up_killed() -> int:
    """Those whose senders were killed at every attempt have failed: they may be what kills them. How many."""
    now = clock.now()
    worn_out = due_messages(now, worn_out=True)
    if not worn_out.exists():
        return 0
    return worn_out.update(failed_at=now, reason=KILLED, claim=None, claimed_until=None)


def mark_sent(claimed: Claimed) -> bool:
    """False: the lease had ended, and another has it now."""
    return _mark(claimed, sent_at=clock.now(), reason="")


def mark_dropped(claimed: Claimed, why: Why = Why.POINTLESS) -> bool:
    """It will not be sent: what it tells of is no longer so, or nobody has the address."""
    return _mark(claimed, dropped_at=clock.now(), reason=why)


def mark_failed(
    claimed: Claimed,
    *,
    reason: str,
    for_good: bool = False,
    at_least: timedelta = timedelta(0),
) -> bool:
    """To be tried again after a pause, of the length that the other side asked for `at_least`.

    For good after the last attempt, or where no attempt can help.
    """
    now = clock.now()
    tried = claimed.message.attempts
    if for_good or tried >= ATTEMPTS:
        return _mark(claimed, failed_at=now, reason=reason)
    return _mark(claimed, due_at=now + max(PAUSES[tried - 1], at_least), reason=reason)


def _mark(claimed: Claimed, **values: Any) -> bool:
    mine = Message.objects.filter(pk=claimed.message.pk, claim=claimed.claim)
    return bool(mine.update(claim=None, claimed_until=None, **values))
