"""Reminders under fire: real workers die at named points, freeze, lose Redis and have wrong clocks.

What is asked in the end is the same for every history: each reminder of a visit that stands was told once in the
app and reached an idempotent mailbox once; none of a visit that was cancelled or moved was told afterwards.
"""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connections

from clinic import clock
from clinic.actions.appointments import reschedule_appointment
from clinic.models import Appointment, Doctor, Entry, Message, Person, Reminder
from clinic.queries.messages import unsent_events, waiting_messages
from clinic.queries.reminders import waiting_reminders
from tests import servers, world
from tests.engine import Engine
from tests.servers.process import wait_until
from tests.servers.smtp import Smtp
from tests.servers.worker import Worker
from tests.workers import stuck
from tests.workers.conftest import StartWorker
from tests.workers.stuck import Point

# Several workers start in each, one after the other.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]

SKEWED = Path(servers.__file__).with_name("skewed")
HOUR = 3600.0
# A mail whose senders were killed eight times is given up, as what may be killing them: here it is not to blame.
PATIENCE = 6


@dataclass
class Scene:
    """Visits whose reminders are due in portions, and everything that goes wrong meanwhile."""

    doctors: list[Doctor]
    patients: list[Person]
    visits: list[Appointment]
    smtp: Smtp
    due: int = 0

    def come_due(self, count: int) -> None:
        """The reminders of the next visits, as after a night without workers; each is worth sending."""
        now = clock.now()
        for visit in self.visits[self.due : self.due + count]:
            waiting = visit.reminders.filter(state="waiting")
            waiting.update(due_at=now, until=now + timedelta(hours=5))
        self.due += count

    def has_reminded(self) -> bool:
        return not waiting_reminders().filter(due_at__lte=clock.now()).exists()

    @property
    def is_settled(self) -> bool:
        """All that is due was dealt with, and all mails of it have gone."""
        return not (
            not self.has_reminded()
            or unsent_events().exists()
            # Whatever their own clock said to who wrote them.
            or waiting_messages().exists()
        )

    def settle(self, what: str) -> None:
        wait_until(lambda: self.is_settled, seconds=90 + len(self.visits), what=what)

    def check(self) -> dict[str, int]:
        """Every fact that must hold, whatever happened; what there was of it."""
        told = Counter(_reminders_told())
        in_app = Reminder.objects.filter(channel="in_app", state="sent")
        # One event for each reminder that says it was sent, in the app: the mark and the event are one.
        assert told == Counter(in_app.values_list("appointment_id", "kind"))
        assert not [each for each, times in told.items() if times != 1]
        mails = Message.objects.filter(kind="visit_reminder", sent_at__isnull=False)
        seen = Counter(
            str(mail["Message-ID"]).strip("<>").partition("@")[0] for mail in self.smtp.received
        )
        kept = {str(seal) for seal in mails.values_list("seal", flat=True)}
        assert {seal for seal in seen if seal in kept} == kept
        by_mail = Reminder.objects.filter(channel="email", state="sent")
        planned = Message.objects.filter(kind="visit_reminder")
        assert planned.count() == by_mail.count() == planned.values("subject_id").distinct().count()
        failed = Message.objects.filter(failed_at__isnull=False)
        assert not list(failed.values_list("kind", "attempts", "reason"))
        _assert_nothing_after_the_end()
        return {
            "reminders": Reminder.objects.exclude(state="waiting").count(),
            "told in the app": sum(told.values()),
            "mails": len(kept),
            "sent again under the same Message-ID": sum(seen.values()) - len(seen),
        }


def _reminders_told() -> Iterator[tuple[int, str]]:
    for entry in _entries("reminder.due"):
        data = world.body_of(entry)["data"]
        yield data["appointment"], data["kind"]


def _entries(*types: str) -> Sequence[Entry]:
    found = Entry.objects.filter(event__type__in=types, topic__startswith="user.")
    return list(found.select_related("event").order_by("topic", "seq"))


def _assert_nothing_after_the_end() -> None:
    """In its patient's own list no reminder of a visit comes after the news that it is off, or at another time."""
    over: dict[tuple[str, int], str] = {}
    for entry in _entries("appointment.cancelled", "appointment.rescheduled", "reminder.due"):
        data = world.body_of(entry)["data"]
        if entry.event.type == "reminder.due":
            start = over.get((entry.topic, data["appointment"]))
            assert start is None or start == data["start"], (entry.topic, entry.seq)
        else:
            is_off = entry.event.type == "appointment.cancelled"
            over[entry.topic, data["id"]] = "never" if is_off else data["start"]


def a_scene(smtp: Smtp, *, visits: int) -> Scene:
    doctors = [world.a_doctor() for _ in range(1 + visits // 60)]
    patients = [world.a_patient() for _ in range(1 + visits // 10)]
    booked = []
    for number, doctor in enumerate(doctors):
        share = visits // len(doctors) + (number < visits % len(doctors))
        # After the day before, or there is only one reminder of each.
        starts = [
            start
            for start in world.next_free_starts(doctor, share + 60)
            if start > clock.now() + timedelta(hours=25)
        ][:share]
        for index, start in enumerate(starts):
            # One patient's visits to several doctors must not overlap.
            patient = patients[(index * len(doctors) + number) % len(patients)]
            booked.append(world.book(doctor, patient, start))
    # What booking them says of itself is another story.
    unsent_events().update(unsent=None)
    Message.objects.all().delete()
    return Scene(doctors, patients, booked, smtp)


def leases_end() -> None:
    """Instead of waiting for it."""
    now = clock.now()
    for model in (Reminder, Message):
        model._default_manager.exclude(claim=None).update(claimed_until=now)


def kill_at(point: Point, worker: Worker, scene: Scene) -> None:
    with stuck.at(point, scene.smtp):
        scene.come_due(1)
        if not worker.running:
            worker.start()
        reached = lambda: stuck.is_stuck(point, scene.smtp)  # noqa: E731
        wait_until(reached, seconds=60, what=f"a worker {point}")
        worker.kill()
        stuck.let_the_dead_go()
    leases_end()


@pytest.mark.parametrize(
    "rounds", [1, pytest.param(8, marks=[pytest.mark.proof, pytest.mark.timeout(3600)])]
)
def test_workers_killed_at_every_point_of_their_work(
    rounds: int, start_worker: StartWorker, smtp: Smtp
) -> None:
    """6 kills; 48 in the long run, with 3,000 reminders in all."""
    dice = random.Random(seed := 20270301)
    points = list(Point) * rounds
    dice.shuffle(points)
    scene = a_scene(smtp, visits=len(points) if rounds == 1 else 750)
    portion = len(scene.visits) // len(points) - 1
    worker = start_worker(wait=False)
    for number, point in enumerate(points, 1):
        scene.come_due(portion)
        kill_at(point, worker, scene)
        if number % PATIENCE == 0:
            worker.start()
            scene.settle(f"what is due after {number} kills (seed {seed})")
    scene.come_due(len(scene.visits))
    if not worker.running:
        worker.start()

    scene.settle(f"all that is due (seed {seed})")

    counts = scene.check()
    print({"engine": connections["default"].vendor, "kills": len(points), **counts})
    assert counts["reminders"] == 4 * len(scene.visits)
    assert counts["told in the app"] == counts["mails"] == 2 * len(scene.visits)


def test_a_frozen_worker_wakes_up_after_its_lease_and_marks_nothing(
    start_worker: StartWorker, smtp: Smtp
) -> None:
    scene = a_scene(smtp, visits=2)
    first = start_worker("first")
    with stuck.at(Point.AFTER_SEND, smtp):
        scene.come_due(1)
        wait_until(smtp.stalled.is_set, seconds=60, what="a mail on its way")
        first.freeze()
    leases_end()
    second = start_worker("second", wait=False)
    scene.come_due(1)
    scene.settle("what the frozen one had")
    first.thaw()
    first.stop()
    second.stop()

    counts = scene.check()
    assert counts["told in the app"] == counts["mails"] == 4
    assert counts["sent again under the same Message-ID"] == 1
    assert "message_sent_after_lease" in first.log.read_text()


@pytest.mark.parametrize("skew", [HOUR, pytest.param(-HOUR, marks=pytest.mark.proof)])
def test_a_worker_with_a_wrong_clock_beside_one_with_the_right_one(
    skew: float, start_worker: StartWorker, smtp: Smtp
) -> None:
    scene = a_scene(smtp, visits=6)
    scene.come_due(3)
    wrong = start_worker(
        "wrong", wait=False, PYTHONPATH=str(SKEWED), TEST_CLOCK_SKEW_SECONDS=str(skew)
    )
    start_worker("right")
    wrong.wait_until_it_answers()
    scene.come_due(3)
    wait_until(scene.has_reminded, seconds=90, what="all reminders")
    # What a worker writes is due by its own clock. In an hour it is by the other's, too.
    waiting_messages().update(due_at=clock.now())

    scene.settle("all mails of them")

    counts = scene.check()
    assert counts["told in the app"] == counts["mails"] == 12


@pytest.mark.engine("postgres")
def test_two_beats_a_redis_that_forgets_all_and_visits_that_change_meanwhile(
    start_worker: StartWorker, smtp: Smtp, engine: Engine, redis_here: Any
) -> None:
    """Every visit is cancelled, moved or left alone while both workers send its reminders."""
    dice = random.Random(seed := 20270302)
    scene = a_scene(smtp, visits=24)
    workers = [start_worker(name, wait=False) for name in ("one", "two")]
    for worker in workers:
        worker.wait_until_it_answers()
    while scene.due < len(scene.visits):
        portion = scene.visits[scene.due : scene.due + 4]
        scene.come_due(4)
        for visit in dice.sample(portion, 3):
            if dice.random() < 0.5:
                world.cancel(visit)
            else:
                later = world.next_free_starts(visit.doctor, 40)[-1]
                reschedule_appointment(actor=visit.patient, appointment_id=visit.pk, when=later)
        redis_here.flushall()

    scene.settle(f"all that is due (seed {seed})")

    counts = scene.check()
    assert counts["reminders"] >= 4 * len(scene.visits)


def test_the_beat_looks_for_them_every_few_seconds() -> None:
    entry: Any = django_settings.CELERY_BEAT_SCHEDULE["send-due-reminders"]

    assert entry["schedule"] <= 5
    assert entry["options"]["expires"] <= entry["schedule"]
