"""Messages on their way: claimed, handed to the carrier of their channel, marked."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import structlog
from celery import shared_task

from clinic import clock
from clinic.actions.messages import (
    Claimed,
    claim_message,
    give_up_killed,
    mark_dropped,
    mark_failed,
    mark_sent,
    plan_for_events,
)
from clinic.models import Message
from clinic.queries.messages import due_channels, is_read
from clinic.rules.messages import Channel, Why
from workers.mail import carrier as mail
from workers.outward import Busy
from workers.push import carrier as push
from workers.sms import carrier as sms
from workers.turns import RUN_SECONDS, one_by_one

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Carrier:
    """One channel's way out of the house.

    `send` sends a message, or tells why it is not to be sent; it raises when it failed. `judge` makes of what
    was raised a stable code, and tells whether another attempt is useless.
    """

    send: Callable[[Message], Why | None]
    judge: Callable[[Exception], tuple[str, bool]]


CARRIERS: Final[dict[Channel, Carrier]] = {
    Channel.EMAIL: Carrier(mail.send, mail.judge),
    Channel.PUSH: Carrier(push.send, push.judge),
    Channel.SMS: Carrier(sms.send, sms.judge),
}


@shared_task
def send_messages() -> None:
    """Write the messages of what has happened, and have all that are due carried; the beat asks for it."""
    prepare()
    for channel in due_channels(clock.now()):
        # What no worker has taken by then, a later beat asks for again.
        carry.apply_async((channel,), expires=RUN_SECONDS)


@shared_task
def carry(channel: str) -> None:
    """All that are due on one way; any number of workers may."""
    carry_due(Channel(channel))


def send_due() -> int:
    """All that `send_messages` does, here and now; how many messages were taken."""
    prepare()
    return sum(carry_due(channel) for channel in due_channels(clock.now()))


def prepare() -> None:
    """What is of no one way: messages that wore out all their senders are given up, new ones are written."""
    given_up = give_up_killed()
    if given_up:
        log.error("messages_given_up", count=given_up, reason="sender_killed")
    one_by_one(lambda: plan_for_events() or None, lambda count: None)


def carry_due(channel: Channel) -> int:
    """Send what is due, oldest first, one after the other; how many were taken."""
    return one_by_one(lambda: claim_message(channel), deliver)


def deliver(claimed: Claimed) -> None:
    """Send one message and write down how that went. Whatever happens to it, the next one has its turn."""
    message = claimed.message
    carrier = CARRIERS[Channel(message.channel)]
    try:
        why_not = Why.READ if _came_too_late(message) else carrier.send(message)
    except Exception as error:  # noqa: BLE001 (one that cannot be sent must not stop the others)
        _failed(claimed, error, *carrier.judge(error))
        return
    if why_not is not None:
        mark_dropped(claimed, why_not)
        log.info("message_dropped", **_said(message), reason=why_not)
    elif mark_sent(claimed):
        log.info("message_sent", **_said(message))
    else:
        log.warning("message_sent_after_lease", **_said(message))


def _came_too_late(message: Message) -> bool:
    return message.unless_read and is_read(message)


def _said(message: Message) -> dict[str, Any]:
    return {
        "message": message.pk,
        "kind": message.kind,
        "channel": message.channel,
        "attempt": message.attempts,
    }


def _failed(claimed: Claimed, error: Exception, code: str, for_good: bool) -> None:
    pause = error.pause if isinstance(error, Busy) else timedelta(0)
    mark_failed(claimed, reason=code, for_good=for_good, at_least=pause)
    # The error's own words may hold an address or a link.
    said = {**_said(claimed.message), "reason": code, "type": type(error).__name__}
    if code == "mistake":
        said["where"] = _where(error)
    given_up = not Message.objects.filter(pk=claimed.message.pk, failed_at=None).exists()
    if given_up:
        log.error("message_given_up", **said)
    else:
        log.warning("message_not_sent", **said)


def _where(error: Exception) -> str:
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    return "" if last is None else f"{last.tb_frame.f_code.co_filename}:{last.tb_lineno}"
