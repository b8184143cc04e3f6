"""When doctors are next free, remembered for exactly as long as it is so."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.core.cache import cache

from clinic.models import Doctor
from clinic.queries.journal import epoch, heads_of
from clinic.queries.schedules import next_free
from clinic.topics import slots_topic

# Only what nobody asks for any more is dropped by age: what is no longer true has another key.
KEPT_SECONDS: Final = 3600
NEVER: Final = "never"


def remembered_next_free(
    doctors: Collection[Doctor], *, now: datetime
) -> dict[int, datetime | None]:
    """`next_free`, looked up again only for doctors whose slots have changed since.

    Whatever changes a doctor's slots is numbered in their topic `slots.<id>` in its own transaction,
    so the topic's number is a part of the key. It is read before the slots: at worst something newer
    is remembered under an old number.
    """
    keys = _keys(doctors, now)
    known = cache.get_many(list(keys.values()))
    earliest = now + timedelta(minutes=settings.BOOKING_NOTICE_MINUTES)
    found: dict[int, datetime | None] = {}
    for doctor_id, key in keys.items():
        text = known.get(key)
        start = datetime.fromisoformat(text) if text not in (None, NEVER) else None
        # A free time passes without any event: nobody did anything.
        if text == NEVER or (start is not None and start >= earliest):
            found[doctor_id] = start
    fresh = next_free([doctor for doctor in doctors if doctor.pk not in found], now=now)
    if fresh:
        texts = {keys[pk]: start.isoformat() if start else NEVER for pk, start in fresh.items()}
        cache.set_many(texts, KEPT_SECONDS)
    return found | fresh


def _keys(doctors: Collection[Doctor], now: datetime) -> dict[int, str]:
    topics = {doctor.pk: str(slots_topic(doctor.pk)) for doctor in doctors}
    heads = heads_of(list(topics.values()))
    # With each day there is one more to look at; numbers of another epoch mean nothing.
    rest = f"{now.date()}:{settings.BOOKING_NOTICE_MINUTES}:{epoch()}"
    return {pk: f"next_free:{topic}:{heads[topic]}:{rest}" for pk, topic in topics.items()}
