"""The fast line over Redis: what processes tell each other, in names and numbers only."""

import asyncio
from collections.abc import Collection, Mapping
from typing import Any, Final

import structlog
from channels.layers import get_channel_layer

from clinic import metrics
from clinic.journal import Announcement

log = structlog.get_logger(__name__)
GROUP: Final = "nudges"
PUBLISH_SECONDS: Final = 2.0


async def publish_commit(process: str, announcement: Announcement) -> None:
    """`process` is whose hub has heard of it without Redis; empty for one that has none."""
    await _publish(
        {
            "heads": dict(announcement.heads),
            "people": sorted(announcement.people),
            "process": process,
        },
    )


async def publish_presence(process: str, topics: Collection[str]) -> None:
    """Who watches these topics through this process has changed."""
    # Processes of an earlier version read the first two only.
    await _publish({"heads": {}, "people": [], "process": process, "viewed": sorted(topics)})


async def _publish(content: Mapping[str, Any]) -> None:
    layer = get_channel_layer()
    assert layer is not None
    try:
        async with asyncio.timeout(PUBLISH_SECONDS):
            await layer.group_send(GROUP, {"type": "nudge", **content})
    except Exception as error:  # noqa: BLE001 (whatever Redis does, the sweep delivers)
        metrics.NUDGES_LOST.inc()
        log.warning("nudge_lost", error=type(error).__name__)
