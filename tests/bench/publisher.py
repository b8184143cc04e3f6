"""Commits events for one person after the other, at a fixed rate, from a process without sockets.

Its answer: `[topic, number, monotonic ns]` of every event: for the clinic the moment the database has
answered COMMIT, for stock Channels the moment before `group_send`.
"""

import asyncio
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import import_module
from itertools import cycle
from typing import Any

Moment = tuple[str, int, int]


def paced(per_second: float, seconds: float) -> Iterator[float]:
    """Seconds to wait before each event, so that a slow one does not slow the rate."""
    began = time.monotonic()
    for number in range(round(per_second * seconds)):
        yield max(0, began + number / per_second - time.monotonic())


def publish_for_clinic(people: list[int], per_second: float, seconds: float) -> list[Moment]:
    import django

    django.setup()
    from django.conf import settings
    from django.db import transaction

    from clinic.events import NotificationRead
    from clinic.journal import record
    from clinic.models import Person

    moments.clear()
    settings.EVENT_SINKS = ["tests.bench.publisher.committed", *settings.EVENT_SINKS]
    persons = cycle(Person.objects.filter(pk__in=people).order_by("pk"))
    for pause in paced(per_second, seconds):
        time.sleep(pause)
        person = next(persons)
        event = NotificationRead(
            person_id=person.pk, up_to=1, ids=(), unread=0, read_at=datetime.now(UTC)
        )
        with transaction.atomic():
            record(event, actor=person)
    time.sleep(0.2)  # the last nudge is still on its way
    return list(moments)


moments: list[Moment] = []


def committed(announcement: Any) -> None:
    """The first sink of the journal in this process."""
    at = time.monotonic_ns()
    moments.extend((topic, seq, at) for topic, seq in announcement.heads.items())


def publish_for_stock(people: list[int], per_second: float, seconds: float) -> list[Moment]:
    return asyncio.run(_send_to_groups(people, per_second, seconds))


async def _send_to_groups(people: list[int], per_second: float, seconds: float) -> list[Moment]:
    from channels.layers import get_channel_layer

    import_module("tests.bench.stock")  # configures the layer
    layer = get_channel_layer()
    assert layer is not None
    numbers = dict.fromkeys(people, 0)
    sent: list[Moment] = []
    persons = cycle(people)
    for pause in paced(per_second, seconds):
        await asyncio.sleep(pause)
        person = next(persons)
        numbers[person] += 1
        topic, seq = f"user.{person}", numbers[person]
        sent.append((topic, seq, time.monotonic_ns()))
        await layer.group_send(topic, {"type": "tell", "text": _frame(person, seq)})
    return sent


def _frame(person: int, seq: int) -> str:
    """As long as the clinic's frame of the same event."""
    data = {"up_to": 1, "ids": [], "unread": 0, "read_at": datetime.now(UTC).isoformat()}
    frame = {
        "op": "event",
        "topic": f"user.{person}",
        "seq": seq,
        "id": "00000000-0000-4000-8000-000000000000",
        "type": "notification.read",
        "at": datetime.now(UTC).isoformat(),
        "actor": {"id": person, "name": f"Patient Number {person}"},
        "data": data,
    }
    return json.dumps(frame, separators=(",", ":"))
