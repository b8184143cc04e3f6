"""A hub that ends with its test, and must have been left as it was found."""

import asyncio
import gc
import logging
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from realtime import hub as hubs


class Errors(logging.Handler):
    """Everything that was logged as an error, tracebacks above all."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(self.format(record))


@pytest.fixture
def errors() -> Iterator[list[str]]:
    handler = Errors()
    logging.getLogger().addHandler(handler)
    yield handler.texts
    logging.getLogger().removeHandler(handler)


@pytest.fixture
async def hub(transactional_db: None, settings: Any, errors: list[str]) -> AsyncIterator[None]:
    """Nothing is found by the sweep unless a test says so; nothing is left behind, nothing blew up."""
    settings.SWEEP_SECONDS = 3600
    # Few threads: the database of the tests has few connections.
    settings.REPLAYS_AT_ONCE = 2
    yield
    ours = hubs._Process.hub
    if ours is not None and ours.loop is asyncio.get_running_loop():
        left = {
            "sockets": len(ours.sockets),
            "feeds": sorted(ours.feeds),
            "unauthenticated": dict(ours.unauthenticated),
        }
        await hubs.close_hub()
        assert left == {"sockets": 0, "feeds": [], "unauthenticated": {}}
    gc.collect()  # a task that failed unseen says so when it is collected
    assert errors == []
