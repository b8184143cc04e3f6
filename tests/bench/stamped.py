"""The clinic's own application, with a clock at each stop between commit and frame, and bare views beside it.

`GET /bench/stamps` gives the stamps and forgets them: `[stop, topic, number, monotonic ns]`.

committed  the database has answered COMMIT, in the thread that committed; before any sink runs
woken      the hub's loop has heard of it
read       the page and the watchers' rights are back on the loop: the first socket is handed the event
"""

import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

from realtime.asgi import application as clinic  # sets Django up, which all else here needs

# isort: split
from django.conf import settings

from clinic import urls
from clinic.journal import Announcement
from realtime.frames import ReadyFrame
from realtime.pump import Feed, Subscription
from tests.bench import bare

Stamp = tuple[str, str, int, int]
_stamps: list[Stamp] = []
_read: dict[tuple[str, int], int] = {}


def committed(announcement: Announcement) -> None:
    """The first sink of the journal."""
    at = time.monotonic_ns()
    _stamps.extend(("committed", topic, seq, at) for topic, seq in announcement.heads.items())


_wake = Feed.wake
_push = Subscription.push


def wake(feed: Feed, head: int) -> None:
    if head > feed.head:
        _stamps.append(("woken", str(feed.topic), head, time.monotonic_ns()))
    _wake(feed, head)


async def push(subscription: Subscription, frames: list[ReadyFrame]) -> None:
    topic, at = str(subscription.topic), time.monotonic_ns()
    for frame in frames:
        _read.setdefault((topic, frame.seq), at)
    await _push(subscription, frames)


setattr(Feed, "wake", wake)  # noqa: B010
setattr(Subscription, "push", push)  # noqa: B010
urls.urlpatterns = [*bare.routes, *urls.urlpatterns]  # type: ignore[list-item]
settings.EVENT_SINKS = ["tests.bench.stamped.committed", *settings.EVENT_SINKS]


async def application(
    scope: dict[str, Any], receive: Any, send: Callable[[dict[str, Any]], Awaitable[None]]
) -> None:
    if scope["type"] == "http" and scope["path"] == "/bench/stamps":
        await _give_stamps(send)
    else:
        await clinic(scope, receive, send)


async def _give_stamps(send: Callable[[dict[str, Any]], Awaitable[None]]) -> None:
    read = [("read", topic, seq, at) for (topic, seq), at in _read.items()]
    body = json.dumps([*_stamps, *read]).encode()
    _stamps.clear()
    _read.clear()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
