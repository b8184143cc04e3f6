"""Which messages wait, and since when."""

import json
import uuid
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Count, Min, Q, QuerySet

from clinic.leases import unclaimed
from clinic.models import Entry, Event, Message, MessageKind, Notification, Person
from clinic.rules.messages import LAST_NEWS, OUTBOUND, VISIT_NEWS, Channel, Why
from clinic.topics import user_topic

# Between one attempt and the next; after the last there is none, within a day and a night.
PAUSES: Final = tuple(timedelta(minutes=m) for m in (1, 5, 15, 60, 180, 360, 720))
ATTEMPTS: Final = len(PAUSES) + 1


def waiting_messages() -> QuerySet[Message]:
    return Message.objects.filter(sent_at=None, failed_at=None, dropped_at=None)


def due_messages(
    now: datetime, channel: Channel | None = None, *, worn_out: bool = False
) -> QuerySet[Message]:
    """Those whose time has come and that nobody is sending at present; on this way, or on any.

    `worn_out`: those with all attempts behind them, whose senders did not live to say how the last one went.
    """
    attempts = {"attempts__gte" if worn_out else "attempts__lt": ATTEMPTS}
    due = waiting_messages().filter(unclaimed(now), due_at__lte=now, **attempts)
    return due if channel is None else due.filter(channel=channel)


def due_channels(now: datetime) -> list[Channel]:
    """The ways on which something is due."""
    found = set(due_messages(now).values_list("channel", flat=True).distinct())
    # One that only a newer version knows waits for that one.
    return [channel for channel in OUTBOUND if channel in found]


def unsent_events() -> QuerySet[Event]:
    """What has happened and has not been made into messages yet."""
    return Event.objects.filter(unsent__isnull=False)


def told_since(
    moment: datetime, person_ids: Collection[int | None]
) -> Mapping[tuple[int | None, int | None, str], int]:
    """How many messages were written since then, by whom they are to, who set them off, and on which way."""
    rows = (
        Message.objects.filter(person__in=person_ids, created_at__gt=moment, event__isnull=False)
        .exclude(reason=Why.TOO_MANY)
        .order_by()
        .values_list("person", "event__actor", "channel")
        .annotate(many=Count("pk"))
    )
    return {(person, actor, channel): many for person, actor, channel, many in rows}


def sms_reminders_since(moment: datetime, person: Person) -> int:
    """How many reminders by SMS were handed over for this person since then; none that was not to be sent."""
    theirs = Message.objects.filter(person=person, channel=Channel.SMS, created_at__gt=moment)
    return theirs.filter(kind=MessageKind.VISIT_REMINDER, dropped_at=None).count()


def is_overtaken(event: Event) -> bool:
    """Whether it is news of a visit, and newer ones have come."""
    if event.type not in VISIT_NEWS or event.type == LAST_NEWS:
        return False
    of_it = Event.objects.filter(subject_kind=event.subject_kind, subject_id=event.subject_id)
    return of_it.filter(Q(at__gt=event.at, type__in=VISIT_NEWS) | Q(type=LAST_NEWS)).exists()


def message_with_seal(seal: uuid.UUID) -> Message | None:
    return Message.objects.select_related("person").filter(seal=seal).first()


def is_read(message: Message) -> bool:
    """Whether its person has read the inbox line of its event, on whichever device."""
    topic = str(user_topic(message.person_id or 0))
    entry = Entry.objects.filter(event=message.event_id, topic=topic).values("seq")
    line = Notification.objects.filter(person=message.person_id, seq__in=entry)
    return line.filter(read_at__isnull=False).exists()


def told_by(message: Message) -> Any:
    """The `data` of its event as its person was told of it; None where that is no longer kept."""
    topic = str(user_topic(message.person_id or 0))
    entry = Entry.objects.filter(event=message.event_id, topic=topic).first()
    return entry and json.loads(entry.body)["data"]


def messages_ended_before(moment: datetime) -> QuerySet[Message]:
    """Those that were sent, given up or dropped before then."""
    ended = Q(sent_at__lt=moment) | Q(failed_at__lt=moment) | Q(dropped_at__lt=moment)
    return Message.objects.filter(ended, created_at__lt=moment)


def oldest_due_message() -> datetime | None:
    """Since when the oldest waits, or until when: a message, or an event whose messages are still to be written."""
    message = waiting_messages().aggregate(at=Min("due_at"))["at"]
    event = unsent_events().aggregate(at=Min("at"))["at"]
    return min(filter(None, [message, event]), default=None)
