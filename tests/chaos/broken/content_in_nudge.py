"""Control: what happened is published as it is written, and sent on as it comes, instead of being read."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

from clinic.journal import Announcement
from clinic.queries.journal import Frame, frame_text
from realtime import fast_line, nudges
from realtime.frames import ReadyFrame
from realtime.hub import Hub
from tests.chaos import inserted

_number = inserted._number
_under_way: set[asyncio.Future[None]] = set()


def number(drafts: Sequence[Any]) -> dict[str, int]:
    heads = _number(drafts)
    for draft in drafts:
        name, seq = draft.row.topic, draft.row.seq
        body = json.dumps(draft.body, separators=(",", ":"), ensure_ascii=False)
        content: Any = {name: [seq, frame_text(name, seq, body)]}
        nudges._run_soon(fast_line.publish_commit("", Announcement(content)))
    return heads


def hear(hub: Hub, announcement: Announcement) -> None:
    for topic, content in announcement.heads.items():
        sending = asyncio.ensure_future(send(hub, topic, *content))  # type: ignore[misc]
        _under_way.add(sending)
        sending.add_done_callback(_under_way.discard)


async def send(hub: Hub, topic: str, seq: int, text: str) -> None:
    feed = hub.feeds.get(topic)
    for subscription in list(feed.subscriptions) if feed else []:
        if subscription.live:
            subscription.cursor = seq
            await subscription.socket.send_event(ReadyFrame.of(Frame(seq, text)))


def tell_nobody(announcement: Announcement) -> None:
    """After the commit: it has been told before."""


def install() -> None:
    setattr(inserted, "_number", number)  # noqa: B010
    setattr(inserted, "_tell", tell_nobody)  # noqa: B010
    setattr(Hub, "hear", hear)  # noqa: B010
