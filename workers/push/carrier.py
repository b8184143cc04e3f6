"""How browsers are told that there is news: a push without a word in it to each of a person's push services."""

import time
from enum import Enum, auto
from ipaddress import ip_address
from typing import Final

from django.conf import settings

from clinic import clock
from clinic.actions.push import forget_browser, mark_pushed, mark_refused
from clinic.crypto import DecryptionError
from clinic.models import Message, MessageKind, PushSubscription
from clinic.queries.push import subscriptions_of
from clinic.rules.endpoints import Endpoint, NoEndpoint, is_public, parse_endpoint
from clinic.rules.messages import Why
from clinic.vapid import authorization
from workers.outward import Answer, Busy, Forbidden, Unreachable, post
from workers.standing import why_not_tell

# A browser that was off for longer finds the news when its person signs in again: sessions do not live longer.
TTL_SECONDS: Final = 24 * 3600
# Of several that wait for one browser, only the last is kept: they all say the same.
TOPIC: Final = "news"
# Worth waking a sleeping telephone for (RFC 8030, 5.3).
PRESSING: Final = frozenset(
    {MessageKind.VISIT_MOVED, MessageKind.VISIT_CANCELLED, MessageKind.WAITLIST_OFFER}
)
GONE: Final = (404, 410)
# Whatever its browsers' push services do, one message ends well before its lease.
SECONDS: Final = 45.0


class Refused(Exception):
    """No push service took it, and none of them said that later would be better."""


class Outcome(Enum):
    TOLD = auto()
    GONE = auto()
    REFUSED = auto()


def send(message: Message) -> Why | None:
    """Tell all browsers of the person that have not been told since this was written.

    It is sent when one of them took it. Raises Busy, Unreachable and Refused when none did.
    """
    why_not = why_not_tell(message)
    if why_not is not None:
        return why_not
    outcomes: set[Outcome] = set()
    later: Busy | Unreachable | None = None
    deadline = time.monotonic() + SECONDS
    for browser in subscriptions_of(message.person_id or 0):
        if time.monotonic() > deadline:
            later = later or Unreachable("no time was left")
            break
        try:
            outcomes.add(_tell(browser, message))
        except (Busy, Unreachable) as error:
            later = error
    if Outcome.TOLD in outcomes:
        return None
    if later is not None:
        raise later
    if Outcome.REFUSED in outcomes:
        raise Refused
    return Why.NO_ADDRESS


def _tell(browser: PushSubscription, message: Message) -> Outcome:
    """One browser, and what its push service said, written down at once: a further attempt passes by who was told."""
    if browser.pushed_at is not None and browser.pushed_at >= message.created_at:
        # Whoever looks at the app because of that push finds this, too.
        return Outcome.TOLD
    try:
        answer = _push(
            parse_endpoint(browser.endpoint, to_loopback=settings.PUSH_TO_LOOPBACK), message
        )
    except (DecryptionError, Forbidden, NoEndpoint):
        mark_refused(browser)
        return Outcome.REFUSED
    if answer.is_good:
        mark_pushed(browser)
        return Outcome.TOLD
    if answer.status in GONE:
        forget_browser(browser)
        return Outcome.GONE
    if answer.is_busy:
        raise Busy(answer.pause)
    mark_refused(browser)
    return Outcome.REFUSED


def _push(endpoint: Endpoint, message: Message) -> Answer:
    headers = {
        "Authorization": authorization(endpoint.origin, now=clock.now()),
        "TTL": str(TTL_SECONDS),
        "Topic": TOPIC,
        "Urgency": "high" if _is_pressing(message) else "normal",
        "Content-Length": "0",
    }
    return post(endpoint.url, headers=headers, may_reach=may_reach)


def _is_pressing(message: Message) -> bool:
    event = message.event
    return message.kind in PRESSING or (event is not None and event.type == "reminder.due")


def may_reach(address: str) -> bool:
    """An endpoint is what some browser said: it must not lead into the clinic's own network."""
    if settings.PUSH_TO_LOOPBACK and ip_address(address.partition("%")[0]).is_loopback:
        return True
    return is_public(address)


def judge(error: Exception) -> tuple[str, bool]:
    """A stable code, and whether another attempt is useless."""
    match error:
        case Busy():
            return "busy", False
        case Unreachable():
            return "unreachable", False
        case Refused():
            return "refused", False
        case _:
            return "mistake", False
