"""Edge: time and the outside world. `celery -A workers worker` finds the application here."""

import os

# A pool of database connections must not be shared across Celery's forks.
os.environ.setdefault("CLINIC_DB_POOL", "0")

from workers.celery import app

__all__ = ["app"]
