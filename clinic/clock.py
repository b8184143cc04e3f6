"""The one clock of the service."""

from datetime import datetime

from django.utils import timezone


def now() -> datetime:
    """The present instant in UTC. Nothing else in the project reads the time of day."""
    return timezone.now()
