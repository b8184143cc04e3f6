"""What a run needs Django for, each in a process of its own: `inside seed|heads|dump <JSON>`."""

import json
import sys
from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import django

django.setup()

from django.db import transaction  # noqa: E402

from clinic import clock  # noqa: E402
from clinic.events import NotificationRead  # noqa: E402
from clinic.journal import record  # noqa: E402
from clinic.models import Entry, Event, Person, TopicHead  # noqa: E402
from clinic.queries.journal import frame_text  # noqa: E402
from tests import world  # noqa: E402

SLOT_MINUTES = 20
SLOTS_A_DAY = 30
DAYS = 4


def seed(
    *, doctors: int, patients: int, leavers: int, sessions: int, records: int, backlog: int
) -> Any:
    """People as `{id, role, tokens}`, with so many sessions of each leaver; starts; records; a backlog."""
    people: dict[str, list[Any]] = {
        "doctors": [
            _signed_in(world.a_doctor(f"doctor-{n}", minutes=SLOT_MINUTES, password=None).person)
            for n in range(doctors)
        ],
        "patients": [_signed_in(_a_patient(f"patient-{n}")) for n in range(patients)],
        "leavers": [_signed_in(_a_patient(f"leaver-{n}"), sessions) for n in range(leavers)],
        "desk": [_signed_in(world.a_receptionist("desk", password=None))],
        "admins": [_signed_in(world.an_admin("head", password=None))],
    }
    author, busy = _a_patient("author"), _a_patient("busy")
    with transaction.atomic():
        record(
            *(
                NotificationRead(person_id=busy.pk, up_to=n, ids=(), unread=0, read_at=clock.now())
                for n in range(backlog)
            ),
            actor=None,
        )
    first = clock.now().replace(hour=8, minute=0, second=0, microsecond=0) + timedelta(days=2)
    starts = [
        first + timedelta(days=day, minutes=SLOT_MINUTES * number)
        for day in range(DAYS)
        for number in range(SLOTS_A_DAY)
    ]
    return {
        **people,
        "author": _signed_in(author),
        "busy": _signed_in(busy),
        "records": [world.a_record(author).pk for _ in range(records)],
        "starts": [start.isoformat() for start in starts],
        "days": {"from": starts[0].date().isoformat(), "to": starts[-1].date().isoformat()},
    }


def _a_patient(name: str) -> Person:
    return world.a_patient(name, password=None)


def _signed_in(person: Person, sessions: int = 1) -> Any:
    tokens = [world.tokens(person).access for _ in range(sessions)]
    return {"id": person.pk, "role": person.role, "tokens": tokens}


def heads() -> Any:
    return dict(TopicHead.objects.values_list("topic", "seq"))


def dump(*, path: str) -> Any:
    """Write what the journal holds to a file; how many entries that were."""
    entries: dict[str, list[Any]] = defaultdict(list)
    count = 0
    for entry in Entry.objects.order_by("topic", "seq").iterator():
        text = frame_text(entry.topic, entry.seq, entry.body)
        entries[entry.topic].append([entry.seq, entry.at.timestamp(), str(entry.event_id), text])
        count += 1
    events = Event.objects.order_by("at").values_list(
        "id", "type", "subject_kind", "subject_id", "cause"
    )
    found = {
        "heads": heads(),
        "entries": entries,
        "events": [[str(event_id), *rest] for event_id, *rest in events],
    }
    Path(path).write_text(json.dumps(found))
    return count


if __name__ == "__main__":
    calls: dict[str, Callable[..., Any]] = {"seed": seed, "heads": heads, "dump": dump}
    answer = calls[sys.argv[1]](**json.loads(sys.argv[2]))
    print(json.dumps(answer), flush=True)
