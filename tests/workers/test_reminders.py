"""Reminders across kills: a real worker dies with one in its hands, and each is told exactly once."""

import random
import time
from collections import Counter
from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from django.db import connection, transaction

from clinic import clock
from clinic.models import Appointment, Mail, Person, Reminder
from clinic.queries.reminders import waiting_reminders
from clinic.topics import user_topic
from tests import world
from tests.servers.process import wait_until
from tests.servers.worker import Worker

pytestmark = pytest.mark.django_db(transaction=True)


def visits_that_are_near(patient: Person, count: int) -> list[Appointment]:
    doctor = world.a_doctor()
    return [world.book(doctor, patient, start) for start in world.next_free_starts(doctor, count)]


def come_due() -> None:
    """All of them at once, as after a night without workers; and each is worth sending."""
    now = clock.now()
    Reminder.objects.update(due_at=now, until=now + timedelta(hours=5))


def killed_between_claim_and_mark(worker: Worker, chance: random.Random) -> bool:
    """Look at a moment when nobody can write; if the worker holds a claim then, it dies with it."""
    time.sleep(chance.uniform(0, 0.05))
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("LOCK TABLE clinic_reminder IN EXCLUSIVE MODE")
        if waiting_reminders().exclude(claim=None).exists():
            worker.kill()
            return True
    return False


@pytest.mark.parametrize(
    ("kills", "visits"), [(1, 8), pytest.param(12, 60, marks=pytest.mark.proof)]
)
def test_a_worker_killed_between_claim_and_mark_reminds_exactly_once(
    kills: int, visits: int, worker: Worker
) -> None:
    seed = 20270301
    chance = random.Random(seed)
    patient = world.a_patient("ana")
    booked = visits_that_are_near(patient, visits)
    planned = Reminder.objects.count()
    come_due()
    for _ in range(kills):
        wait_until(
            lambda: killed_between_claim_and_mark(worker, chance),
            seconds=30,
            what=f"a claim (seed {seed})",
        )
        held = waiting_reminders().exclude(claim=None)
        assert held.count() == 1
        # Instead of waiting for the lease to end.
        held.update(claimed_until=clock.now())
        worker.start()

    wait_until(lambda: not waiting_reminders().exists(), seconds=60, what="all reminders")

    assert set(Reminder.objects.values_list("state", flat=True)) == {"sent"}
    assert Reminder.objects.filter(attempts__gt=1).count() >= 1
    rows = Counter(Reminder.objects.values_list("channel", flat=True))
    assert rows.total() == planned
    entries = [e for e in world.entries(user_topic(patient.pk)) if e.event.type == "reminder.due"]
    about = Counter(entry.event.subject_id for entry in entries)
    expected = Counter(
        Reminder.objects.filter(channel="in_app").values_list("appointment_id", flat=True)
    )
    assert about == expected
    assert about.keys() == {visit.pk for visit in booked}
    mails = Mail.objects.filter(kind="visit_reminder")
    assert mails.count() == mails.values("once").distinct().count() == rows["email"]


def test_the_beat_looks_for_them_every_few_seconds() -> None:
    entry = django_settings.CELERY_BEAT_SCHEDULE["send-due-reminders"]

    assert entry["schedule"] <= 5
    assert entry["options"]["expires"] <= entry["schedule"]
