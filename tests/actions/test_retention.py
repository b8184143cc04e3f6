"""How long things are kept, and that what is left of a topic has no hole."""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
import time_machine
from django.db import transaction

from clinic.actions import retention
from clinic.actions.idempotency import Answer, answer_once
from clinic.actions.messages import (
    claim_message,
    mark_dropped,
    mark_failed,
    mark_sent,
    plan_message,
)
from clinic.actions.retention import drop_expired
from clinic.events import HoursChanged, NotificationRead
from clinic.journal import record
from clinic.models import (
    Appointment,
    Entry,
    Event,
    HealthRecord,
    IdempotentAnswer,
    Message,
    MessageKind,
    Notification,
    Session,
    Viewing,
)
from clinic.queries.journal import position_of
from clinic.rules.messages import Channel
from clinic.topics import slots_topic, user_topic
from tests import world

pytestmark = pytest.mark.django_db

START = datetime(2027, 3, 1, 8, tzinfo=UTC)


def at(clock: time_machine.Traveller, **later: float) -> None:
    clock.move_to(START + timedelta(**later))


def happen(times: int = 1) -> None:
    """Something in a personal topic and something in another."""
    for _ in range(times):
        with transaction.atomic():
            record(
                NotificationRead(person_id=7, up_to=1, ids=(), unread=0, read_at=START),
                HoursChanged(doctor_id=7),
                actor=None,
            )


def kept(topic: object) -> list[int]:
    return [entry.seq for entry in world.entries(topic)]


@pytest.mark.parametrize(
    ("later", "personal", "other"),
    [
        ({"days": 7}, 1, 1),
        ({"days": 7, "seconds": 1}, 1, 0),
        ({"days": 90}, 1, 0),
        ({"days": 90, "seconds": 1}, 0, 0),
    ],
)
def test_entries_are_kept_a_week_and_personal_ones_ninety_days(
    later: dict[str, float], personal: int, other: int, clock: time_machine.Traveller
) -> None:
    happen()
    at(clock, **later)

    assert drop_expired() == 2 - personal - other

    assert (len(kept(user_topic(7))), len(kept(slots_topic(7)))) == (personal, other)
    # The audit row of the change is kept for good, and the numbers go on.
    assert Event.objects.count() == 2
    happen()
    assert kept(slots_topic(7))[-1] == 2


def test_what_is_left_of_a_topic_is_its_newest_part(
    clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "STEP", 3)
    happen(10)
    at(clock, days=5)
    happen(5)
    at(clock, days=8)

    assert drop_expired() == 10

    assert kept(slots_topic(7)) == [11, 12, 13, 14, 15]
    assert kept(user_topic(7)) == list(range(1, 16))
    assert (position_of(slots_topic(7)).first_kept, position_of(slots_topic(7)).head) == (11, 15)
    at(clock, days=13)
    drop_expired()
    assert (position_of(slots_topic(7)).first_kept, position_of(slots_topic(7)).head) == (16, 15)


@pytest.mark.parametrize(("later", "left"), [({"days": 30}, 1), ({"days": 30, "seconds": 1}, 0)])
@pytest.mark.parametrize(
    "end", [mark_sent, mark_dropped, partial(mark_failed, reason="x", for_good=True)]
)
def test_mails_are_kept_thirty_days_from_their_end_and_until_then_for_good(
    end: Any, later: dict[str, float], left: int, clock: time_machine.Traveller
) -> None:
    with transaction.atomic():
        for once in ("sent", "waits"):
            plan_message(kind=MessageKind.INVITE, person=world.a_patient(), once=once)
    at(clock, days=90)
    assert drop_expired() == 0
    claimed = claim_message(Channel.EMAIL)
    assert claimed is not None
    end(claimed)
    clock.shift(timedelta(**later))

    drop_expired()

    assert Message.objects.count() == 1 + left
    assert Message.objects.filter(once="waits").exists()


@pytest.mark.parametrize(("later", "left"), [({"hours": 24}, 1), ({"hours": 24, "seconds": 1}, 0)])
def test_answers_are_kept_a_day(
    later: dict[str, float], left: int, clock: time_machine.Traveller
) -> None:
    answer_once(
        actor=world.a_patient(), path="/", key="k", request={}, effect=lambda: Answer(200, {})
    )
    at(clock, **later)

    drop_expired()

    assert IdempotentAnswer.objects.count() == left


@pytest.mark.parametrize(("later", "left"), [({"days": 365}, 1), ({"days": 365, "seconds": 1}, 0)])
def test_the_inbox_is_kept_a_year_and_appointments_for_good(
    later: dict[str, float], left: int, clock: time_machine.Traveller
) -> None:
    world.book(world.a_doctor(), world.a_patient())
    at(clock, **later)

    drop_expired()

    assert Notification.objects.filter(type="appointment.booked").count() == left
    assert Appointment.objects.count() == HealthRecord.objects.count() == 1


def test_sessions_are_kept_until_they_cannot_be_refreshed(clock: time_machine.Traveller) -> None:
    world.tokens(world.a_patient())

    at(clock, days=1)
    drop_expired()
    assert Session.objects.count() == 1
    at(clock, days=1, seconds=1)
    drop_expired()
    assert Session.objects.count() == 0


def test_with_nothing_expired_nothing_is_dropped(clock: time_machine.Traveller) -> None:
    world.book(world.a_doctor(), world.a_patient())
    before: list[Any] = list(Entry.objects.values_list("pk", flat=True))

    assert drop_expired() == 0
    assert list(Entry.objects.values_list("pk", flat=True)) == before


def test_marks_of_viewers_go_when_their_lease_has_run_out() -> None:
    person = world.a_patient()
    with time_machine.travel(START, tick=False) as clock:
        for topic, minutes in (("record.1", 1), ("record.2", 3)):
            until = START + timedelta(minutes=minutes)
            Viewing.objects.create(topic=topic, process="gone", person=person, until=until)
        at(clock, minutes=2)

        assert drop_expired() == 1

    assert Viewing.objects.get().topic == "record.2"
