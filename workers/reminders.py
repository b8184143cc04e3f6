"""Sending the reminders that are due, as Celery is asked for it."""

import structlog
from celery import shared_task

from clinic.actions.attendance import judge_no_show
from clinic.actions.reminders import ClaimedReminder, claim_reminder, remind
from clinic.rules.reminders import NO_SHOW
from workers.turns import one_by_one

log = structlog.get_logger(__name__)


@shared_task
def send_due_reminders() -> None:
    """All that are due; the beat asks for it every few seconds, and any number of workers may."""
    send_due()


def send_due() -> int:
    """Oldest first, one after the other; how many were taken."""
    return one_by_one(claim_reminder, send)


def send(claimed: ClaimedReminder) -> None:
    """Send one. What fails is taken again when its lease ends, until its visit begins and it is skipped."""
    said = {"reminder": claimed.reminder.pk, "kind": claimed.reminder.kind}
    said |= {"channel": claimed.reminder.channel}
    try:
        state = (judge_no_show if claimed.reminder.kind == NO_SHOW else remind)(claimed)
    except Exception as error:  # noqa: BLE001 (one that cannot be sent must not stop the others)
        log.error("reminder_not_sent", **said, type=type(error).__name__)
        return
    if state is None:
        log.warning("reminder_taken_by_another", **said)
    else:
        log.info(f"reminder_{state}", **said)
