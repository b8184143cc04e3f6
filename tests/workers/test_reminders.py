"""Reminders across kills: a real worker dies with one in its hands, and each is told exactly once."""

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event, Thread
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection, connections, transaction

from clinic import clock
from clinic.models import Appointment, Message, Person, Reminder
from clinic.queries.reminders import waiting_reminders
from clinic.rows import lock_row
from clinic.topics import user_topic
from tests import world
from tests.servers.process import wait_until
from tests.servers.worker import Worker

pytestmark = pytest.mark.django_db(transaction=True)


def visits_that_are_near(patient: Person, count: int) -> list[Appointment]:
    doctor = world.a_doctor()
    return [world.book(doctor, patient, start) for start in world.next_free_starts(doctor, count)]


def come_due(visits: list[Appointment]) -> None:
    """All of them, one visit after the other, as after a night without workers; and each is worth sending."""
    now = clock.now()
    for number, visit in enumerate(reversed(visits)):
        visit.reminders.update(
            due_at=now - timedelta(seconds=number), until=now + timedelta(hours=5)
        )


@contextmanager
def marking_takes_for_ever(visit_id: int) -> Iterator[None]:
    """Whoever sends a reminder of this visit stays between its claim and its mark."""
    if connection.vendor == "postgresql":
        with locked_elsewhere(visit_id):
            yield
        return
    with connection.cursor() as cursor:
        # More rows than anybody counts.
        cursor.execute(f"""
            CREATE TRIGGER for_ever BEFORE UPDATE ON clinic_reminder
            WHEN NEW.state <> 'waiting' AND NEW.appointment_id = {visit_id}
            BEGIN SELECT count(*) FROM {", ".join(f"django_migrations m{n}" for n in range(9))}; END
        """)
        try:
            yield
        finally:
            cursor.execute("DROP TRIGGER for_ever")


@contextmanager
def locked_elsewhere(visit_id: int) -> Iterator[None]:
    """By a transaction of its own: the appointment stands still, reminders can be claimed."""
    locked, enough = Event(), Event()

    def hold() -> None:
        with transaction.atomic():
            lock_row(Appointment, visit_id)
            locked.set()
            enough.wait(60)
        connections.close_all()

    holder = Thread(target=hold)
    holder.start()
    try:
        assert locked.wait(10)
        yield
    finally:
        enough.set()
        holder.join()


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
    # In this order they come due, one visit after the other; the worker gets as far as one of these.
    stops = sorted(chance.sample(range(1, visits), kills))
    for stop in stops:
        held = waiting_reminders().filter(appointment=booked[stop]).exclude(claim=None)
        with marking_takes_for_ever(booked[stop].pk):
            if stop == stops[0]:
                come_due(booked)
            else:
                worker.start()
            wait_until(held.exists, seconds=30, what=f"claim {stop} (seed {seed})")
            worker.kill()
        assert held.count() == 1
        # Instead of waiting for the lease to end.
        held.update(claimed_until=clock.now())
    worker.start()

    wait_until(lambda: not waiting_reminders().exists(), seconds=60, what="all reminders")

    assert set(Reminder.objects.values_list("state", flat=True)) == {"sent"}
    assert Reminder.objects.filter(attempts=2).count() == kills
    assert Reminder.objects.filter(attempts=1).count() == planned - kills
    entries = [e for e in world.entries(user_topic(patient.pk)) if e.event.type == "reminder.due"]
    told = Counter(entry.event.subject_id for entry in entries)
    in_app = Reminder.objects.filter(channel="in_app")
    assert told == Counter(in_app.values_list("appointment_id", flat=True))
    assert told.keys() == {visit.pk for visit in booked}
    mails = Message.objects.filter(kind="visit_reminder")
    assert mails.count() == Reminder.objects.filter(channel="email").count()


def test_the_beat_looks_for_them_every_few_seconds() -> None:
    entry: Any = django_settings.CELERY_BEAT_SCHEDULE["send-due-reminders"]

    assert entry["schedule"] <= 5
    assert entry["options"]["expires"] <= entry["schedule"]
