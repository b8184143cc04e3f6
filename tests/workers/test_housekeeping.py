"""The Celery application, and the worker that drops what is no longer kept."""

import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings

from clinic import clock
from clinic.models import Session
from tests import world
from tests.servers.worker import Worker
from workers import app


def test_every_scheduled_task_exists() -> None:
    app.loader.import_default_modules()
    scheduled = {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert scheduled
    assert scheduled <= set(app.tasks)


@pytest.mark.django_db(transaction=True)
def test_a_real_worker_drops_expired_sessions(worker: Worker) -> None:
    from workers.housekeeping import drop_expired_rows

    expired, standing = world.a_patient(), world.a_patient()
    world.tokens(expired)
    world.tokens(standing)
    Session.objects.filter(person=expired).update(expires_at=clock.now() - timedelta(days=1))
    drop_expired_rows.delay()
    deadline = time.monotonic() + 30
    while Session.objects.filter(person=expired).exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert [session.person for session in Session.objects.all()] == [standing]


@pytest.mark.engine("sqlite")
def test_without_redis_tasks_travel_through_the_data_folder() -> None:
    assert app.conf.broker_url == "filesystem://"
    folder = Path(settings.CELERY_BROKER_TRANSPORT_OPTIONS["data_folder_in"])
    assert folder.is_relative_to(settings.DATA_DIR)
