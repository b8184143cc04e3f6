"""The clinic's own application under a sampler of CPU time: `GET /bench/look`, and `GET /bench/looked` for what it saw.

A timer of CPU time interrupts the main thread. What each thread has used since the last time is put down to where
it stands at that moment: time spent waiting, for a lock too, counts nowhere.
"""

import json
import signal
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterator
from types import FrameType
from typing import Any, Final

from realtime.asgi import application as clinic

EVERY_SECONDS: Final = 0.002
TOP: Final = 25
CARRIERS: Final = (
    "__main__.", "asyncio.", "concurrent.", "realtime.serve.", "runpy.", "tests.bench.", "threading.",
    "twisted.internet.asyncioreactor.", "twisted.internet.posixbase.", "twisted.python.",
)  # fmt: skip
"""What every stack is full of says nothing of what is done in it."""


class Sampler:
    """CPU seconds by function: its own, and with all that it called."""

    def __init__(self) -> None:
        self._clocks: dict[int, float] = {}
        self._own: Counter[str] = Counter()
        self._within: Counter[str] = Counter()
        self._packages: Counter[str] = Counter()
        self._threads: defaultdict[str, float] = defaultdict(float)
        self._began = 0.0

    def start(self) -> None:
        self._began = time.process_time()
        self._clocks = {thread: _cpu(thread) for thread in sys._current_frames()}
        signal.signal(signal.SIGPROF, self._sample)
        signal.setitimer(signal.ITIMER_PROF, EVERY_SECONDS, EVERY_SECONDS)

    def stop(self) -> dict[str, Any]:
        signal.setitimer(signal.ITIMER_PROF, 0)
        seconds = time.process_time() - self._began
        return {
            "cpu_seconds": round(seconds, 3),
            "threads": self._shares(Counter(self._threads)),
            "packages": self._shares(self._packages),
            "own": self._shares(self._own),
            "within": self._shares(self._within),
        }

    def _shares(self, counted: Counter[str]) -> dict[str, float]:
        total = sum(self._packages.values()) or 1.0
        return {name: round(value / total, 4) for name, value in counted.most_common(TOP)}

    def _sample(self, number: int, here: FrameType | None) -> None:
        # threading.enumerate() takes a lock that the interrupted line may hold.
        names = {ident: thread.name for ident, thread in list(threading._active.items())}  # type: ignore[attr-defined]
        me = threading.get_ident()
        for thread, frame in sys._current_frames().items():
            used = _cpu(thread)
            spent = used - self._clocks.get(thread, used)
            self._clocks[thread] = used
            if spent > 0:
                self._put_down(spent, here if thread == me else frame)
                self._threads[_kind_of(names.get(thread, "?"))] += spent

    def _put_down(self, spent: float, frame: FrameType | None) -> None:
        if frame is None:
            return
        # Counters of floats: mypy knows them as integers.
        own: Any = self._own
        own[_name(frame)] += spent
        packages: Any = self._packages
        packages[_module(frame).partition(".")[0]] += spent
        within: Any = self._within
        for name in {_name(each) for each in _stack(frame) if not _carries(each)}:
            within[name] += spent


def _cpu(thread: int) -> float:
    return time.clock_gettime(time.pthread_getcpuclockid(thread))


def _kind_of(thread: str) -> str:
    """Threads of one pool are numbered."""
    return thread.rstrip("0123456789").rstrip("-_")


def _stack(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _module(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", "?"))


def _carries(frame: FrameType) -> bool:
    return f"{_module(frame)}.".startswith(CARRIERS) or "Server.run" in frame.f_code.co_qualname


def _name(frame: FrameType) -> str:
    return f"{_module(frame)}:{frame.f_code.co_qualname}"


_sampler: list[Sampler] = []


async def application(
    scope: dict[str, Any], receive: Any, send: Callable[[dict[str, Any]], Awaitable[None]]
) -> None:
    path = scope["path"] if scope["type"] == "http" else None
    if path == "/bench/look":
        _sampler[:] = [Sampler()]
        _sampler[0].start()
        await _answer(send, None)
    elif path == "/bench/looked":
        await _answer(send, _sampler[0].stop())
    else:
        await clinic(scope, receive, send)


async def _answer(send: Callable[[dict[str, Any]], Awaitable[None]], what: Any) -> None:
    body = json.dumps(what).encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
