"""One run of a task over rows that are due: one after the other, until there are none or the time is up."""

import time
from collections.abc import Callable
from typing import Final, TypeVar

Taken = TypeVar("Taken")

# After so long the next beat goes on: one run must not keep a worker from everything else.
RUN_SECONDS: Final = 50.0


def one_by_one(take: Callable[[], Taken | None], deal_with: Callable[[Taken], None]) -> int:
    """How many were taken. `deal_with` must not raise: the next one has its turn whatever happens."""
    count, deadline = 0, time.monotonic() + RUN_SECONDS
    while time.monotonic() < deadline and (taken := take()) is not None:
        deal_with(taken)
        count += 1
    return count
