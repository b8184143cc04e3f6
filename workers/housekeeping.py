"""Dropping what is no longer kept."""

from celery import shared_task

from clinic.actions.retention import drop_expired


@shared_task
def drop_expired_rows() -> None:
    """Journal entries, notifications, kept answers and sessions past their time; in small steps."""
    drop_expired()
