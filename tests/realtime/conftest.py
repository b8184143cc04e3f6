"""A hub that ends with its test, and must have been left as it was found."""

import asyncio
import gc
import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings

from realtime import hub as hubs

if django_settings.STATIC_ROOT is not None:
    # WhiteNoise warns without it, and a warning is an error here.
    Path(django_settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)

from realtime import asgi

if asgi._lock is not None:
    # This process serves nobody but its own tests: the real web processes of others may have the lock.
    asgi._lock.close()


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
