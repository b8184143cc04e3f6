"""The Celery application: over Redis, or over a folder beside a single web process."""

import os
from pathlib import Path
from typing import Any

from celery import Celery
from celery.signals import setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")

app = Celery("clinic")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["workers"], related_name="housekeeping")
app.autodiscover_tasks(["workers"], related_name="reminders")
app.autodiscover_tasks(["workers"], related_name="messages")
app.autodiscover_tasks(["workers.mail"], related_name="tasks")


@setup_logging.connect
def keep_our_logging(**kwargs: Any) -> None:
    """Django has set up the logs; Celery must not do it again."""


def make_folders() -> None:
    """The folder transport and the beat want their folders to exist."""
    from django.conf import settings

    options = settings.CELERY_BROKER_TRANSPORT_OPTIONS
    Path(settings.CELERY_BEAT_SCHEDULE_FILENAME).parent.mkdir(parents=True, exist_ok=True)
    for name in ("data_folder_in", "data_folder_out", "control_folder"):
        if name in options:
            Path(options[name]).mkdir(parents=True, exist_ok=True)


make_folders()
