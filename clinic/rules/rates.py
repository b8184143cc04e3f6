"""How often something may be tried: one number that moves into the future, and how fast it does."""

from dataclasses import dataclass
from itertools import takewhile
from typing import Final

OFF: Final = "off"
# Those who wait for their turn, and other machines' clocks, are at most so far behind who was before them.
DRIFT: Final = 60_000


@dataclass(frozen=True, slots=True)
class Rate:
    """A limit, in milliseconds. `steps[n]` is what the n-th try of a row adds to `ready_at`; the last one stays.

    A try passes while `ready_at` is at most `tolerance` ahead. This is the generic cell rate algorithm with
    steps that may grow: `steady` has one step and a tolerance, `growing` several and none.
    """

    steps: tuple[int, ...]
    tolerance: int
    forget: int

    @property
    def furthest(self) -> int:
        """What is further ahead than this was written by a clock that has been put back."""
        return self.tolerance + self.steps[-1]


@dataclass(frozen=True, slots=True)
class Tally:
    """What is remembered of the tries so far. Instants in milliseconds since 1970."""

    ready_at: int
    count: int
    forget_at: int
    tried_at: int


def steady(times: int, seconds: int) -> Rate:
    """So many at once, and as many again evenly within so many seconds."""
    step = max(1, seconds * 1000 // times)
    return Rate((step,), (times - 1) * step, 0)


def growing(free: int, first: int, longest: int, forget: int) -> Rate:
    """So many tries without waiting, then a wait (seconds) that doubles up to the longest.

    Who does nothing for `forget` seconds beyond the wait begins anew.
    """
    doubled = takewhile(lambda wait: wait < longest, (first * 2**n for n in range(64)))
    waits = [*doubled, longest]
    return Rate((0,) * (free - 1) + tuple(1000 * wait for wait in waits), 0, 1000 * forget)


def after_try(rate: Rate, before: Tally | None, now: int) -> Tally | None:
    """What is remembered after one more try; None if it must not be made now."""
    if before is None:
        return Tally(now + rate.steps[0], 1, now + rate.steps[0] + rate.forget, now)
    now = at_least(before.tried_at, now)
    if before.ready_at > now + rate.furthest:
        before = Tally(now, 0, now, now)
    if before.ready_at > now + rate.tolerance:
        return None
    count = 0 if before.forget_at <= now else before.count
    ready_at = max(before.ready_at, now) + rate.steps[min(count, len(rate.steps) - 1)]
    return Tally(ready_at, count + 1, ready_at + rate.forget, now)


def at_least(tried_at: int, now: int) -> int:
    """The later of two instants: who waited for a turn asked before others whose turn came first."""
    return tried_at if now < tried_at <= now + DRIFT else now


def wait(rate: Rate, tally: Tally, now: int) -> int:
    """How many milliseconds until a try passes: 0 is now."""
    ahead = tally.ready_at - at_least(tally.tried_at, now)
    return 0 if ahead > rate.furthest else max(0, ahead - rate.tolerance)


def parse_rate(text: str) -> Rate | None:
    """`times/seconds`, or `free/first/longest/forget`, or `off`. Raises ValueError."""
    if text.strip().lower() == OFF:
        return None
    numbers = [int(part) for part in text.split("/")]
    if min(numbers) < 1 or len(numbers) not in (2, 4):
        raise ValueError(text)
    return steady(*numbers) if len(numbers) == 2 else growing(*numbers)
