"""B9: how fast reminders are claimed when a thousand are due, and when a hundred thousand are.

One worker claims the oldest, marks it, and claims the next. Of the hundred thousand it does so with the first, with
those in the middle and with the last; what lies between is marked at once, as other workers would have done.
"""

import time
from datetime import timedelta
from typing import Any, Final

import django

django.setup()

from django.db import connection  # noqa: E402

from clinic import clock  # noqa: E402
from clinic.actions.reminders import claim_reminder, end_reminder  # noqa: E402
from clinic.models import Appointment, Reminder  # noqa: E402
from clinic.queries.reminders import due_reminders, waiting_reminders  # noqa: E402
from clinic.rules.messages import Channel  # noqa: E402
from clinic.rules.reminders import Reason, ReminderState  # noqa: E402
from tests.bench.seed import make_clinic  # noqa: E402
from tests.world import a_doctor, a_patient, book  # noqa: E402

PART: Final = 500
AT_ONCE: Final = 5_000


def claims(*, few: int, many: int) -> dict[str, Any]:
    make_clinic(doctors=1, patients=1, receptionists=0)
    visit = book(a_doctor(), a_patient())
    Reminder.objects.all().delete()
    _make_due(visit, few)
    _claim(PART // 5)  # What is slow only once is nobody's claim.
    at_few = _claim(min(PART, few // 2))
    waiting_reminders().update(state=ReminderState.SKIPPED, ended_at=clock.now())
    _make_due(visit, many, first=few)
    first = _claim(PART)
    _leave(many // 2)
    middle = _claim(PART)
    _leave(PART)
    last = _claim(PART)
    assert claim_reminder() is None
    return {
        "engine": connection.vendor,
        "few": few,
        "many": many,
        "per_second": {"few": at_few, "first": first, "middle": middle, "last": last},
    }


def _make_due(visit: Appointment, count: int, *, first: int = 0) -> None:
    now = clock.now()
    for begin in range(first, first + count, AT_ONCE):
        Reminder.objects.bulk_create(
            Reminder(
                appointment=visit,
                sequence=number,
                kind="2h",
                channel=Channel.IN_APP,
                due_at=now - timedelta(milliseconds=first + count - number),
                until=now + timedelta(days=1),
            )
            for number in range(begin, min(begin + AT_ONCE, first + count))
        )


def _claim(count: int) -> float:
    """So many, one after the other; claimed and marked in a second."""
    begun = time.perf_counter()
    for _ in range(count):
        claimed = claim_reminder()
        assert claimed is not None
        assert end_reminder(claimed, ReminderState.SKIPPED, Reason.NOT_WANTED)
    return round(count / (time.perf_counter() - begun), 1)


def _leave(count: int) -> None:
    """Mark all but the last ones that are due."""
    due = due_reminders(clock.now()).order_by("-due_at", "-pk")
    border = due[count - 1]
    waiting_reminders().filter(due_at__lt=border.due_at).update(
        state=ReminderState.SKIPPED, ended_at=clock.now()
    )
