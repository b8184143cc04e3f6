"""Actions are tried at one known moment, and the sinks only listen."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine

NOW = datetime(2027, 3, 1, 8, 0, tzinfo=UTC)  # a Monday


@pytest.fixture(autouse=True)
def sinks_only_listen(settings: Any) -> None:
    settings.EVENT_SINKS = []


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """Monday, 1 March 2027, eight o'clock in UTC; it stands still until a test moves it."""
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller
