"""The line between processes: joined again and again, and nothing of a failed attempt is kept."""

import asyncio
from typing import Any

import pytest
from channels.layers import get_channel_layer

from clinic.journal import Announcement
from clinic.topics import slots_topic
from realtime import fast_line
from realtime import hub as hubs
from tests.realtime.stage import hub_here
from tests.servers.redis import Redis

pytestmark = pytest.mark.usefixtures("hub")


def channels() -> dict[str, asyncio.Queue[Any]]:
    layer: Any = get_channel_layer()
    found: dict[str, asyncio.Queue[Any]] = layer._get_layer().channels
    return found


async def heard(head: int) -> None:
    """It is told of this by another process, and nobody here had told it before."""
    with hub_here().feed(slots_topic(1)).held() as feed:
        async with asyncio.timeout(10):
            while feed.head < head:
                await fast_line.publish_commit("another", Announcement({"slots.1": head}))
                await asyncio.sleep(0.05)


@pytest.mark.parametrize("when", ["cannot join", "joins half", "hears nonsense"])
async def test_a_failed_attempt_to_listen_leaves_nothing_behind(
    when: str, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hubs, "RETRY_SECONDS", 0.02)

    async def fail(*_: Any) -> None:
        raise ConnectionError

    with monkeypatch.context() as broken:
        if when == "cannot join":
            redis.stop()
        if when == "joins half":
            broken.setattr(hubs.Hub, "wake_all", fail)
        if when == "hears nonsense":
            broken.setattr(hubs.Hub, "hear", lambda *_: 1 / 0)
        hub_here()
        for _ in range(20):
            if when == "hears nonsense":
                await fast_line.publish_commit("another", Announcement({"slots.1": 1}))
            await asyncio.sleep(0.05)
        assert len(channels()) <= 1
    if when == "cannot join":
        redis.start()
    await heard(7)
    assert len(channels()) == 1
