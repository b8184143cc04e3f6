"""`python -m tests.bench.publisher clinic|stock`: tells servers of events, from a process without sockets.

It reads wishes, a line of JSON each, and answers each with a line when all of it is published:

    {"how": "burst", "topic", "events", "at_once"}        as fast as it can
    {"how": "paced", "topics", "per_second", "seconds"}   one after the other at a fixed rate, topics in turn
    {"began", "ended", "events", "sent"}                  `sent` only of the paced: [topic, number, moment] each

Moments are monotonic ns: for the clinic when the database has answered COMMIT, for others before they publish.
In a burst the clinic is told of `at_once` events per transaction, by `record` as everywhere. At a fixed rate each
is a transaction of its own, whose rows were made before and are written by one statement (tests/bench/written.py):
a thousand `record`s a second would not leave the load client its core.
"""

import asyncio
import json
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from importlib import import_module
from itertools import cycle, islice
from typing import Any, Final

Moment = tuple[str, int, int]
Answer = dict[str, Any]
EVENT_BYTES: Final = int(os.environ.get("EVENT_BYTES", "500"))
WRITERS: Final = 4
LATE_SECONDS: Final = 3.0
"""Who is asked for more than the machine can do stops so long after the end. What was done is answered."""


def pauses(per_second: float, seconds: float) -> Iterator[float]:
    """Seconds to wait before each event, so that a slow one does not slow the rate."""
    began = time.monotonic()
    for number in range(round(per_second * seconds)):
        yield max(0, began + number / per_second - time.monotonic())


def answer(began: int, events: int, sent: list[Moment]) -> Answer:
    return {"began": began, "ended": time.monotonic_ns(), "events": events, "sent": sent}


class Clinic:
    """Writes events where the clinic keeps them, and tells of them as its journal does."""

    def __init__(self) -> None:
        import django

        django.setup()
        self._written = import_module("tests.bench.written")
        self._here = threading.local()
        self._writers = ThreadPoolExecutor(WRITERS, initializer=self._begin)

    def burst(self, *, topic: str, events: int, at_once: int) -> Answer:
        began = time.monotonic_ns()
        for first in range(0, events, at_once):
            self._written.record_together(topic, min(at_once, events - first))
        return answer(began, events, [])

    def paced(self, *, topics: list[str], per_second: float, seconds: float) -> Answer:
        drafts = self._written.prepared(islice(cycle(topics), round(per_second * seconds)))
        writing = []
        began = time.monotonic_ns()
        for draft, pause in zip(drafts, pauses(per_second, seconds), strict=True):
            time.sleep(pause)
            writing.append(self._writers.submit(self._write, draft))
        _, late = wait(writing, timeout=LATE_SECONDS)
        for each in late:
            each.cancel()
        sent = [each.result() for each in writing if not each.cancelled()]
        return answer(began, len(sent), sent)

    def _begin(self) -> None:
        self._here.writer = self._written.Writer()

    def _write(self, draft: Any) -> Moment:
        seq = self._here.writer.commit(draft)
        at = time.monotonic_ns()
        self._here.writer.tell(draft.topic, seq)
        return draft.topic, seq, at


class Stock:
    """Sends to groups of a channel layer. Numbers are counted here: nobody else does."""

    def __init__(self) -> None:
        from channels.layers import get_channel_layer

        import_module("tests.bench.stock")  # configures the layer
        layer = get_channel_layer()
        assert layer is not None
        self._layer = layer
        self._loop = asyncio.new_event_loop()
        self._numbers: Counter[str] = Counter()

    def burst(self, *, topic: str, events: int, at_once: int) -> Answer:
        began = time.monotonic_ns()
        nothing = iter([0.0] * events)
        sent = self._loop.run_until_complete(self._send([topic] * events, nothing, LATE_SECONDS))
        return answer(began, len(sent), [])

    def paced(self, *, topics: list[str], per_second: float, seconds: float) -> Answer:
        events = round(per_second * seconds)
        began = time.monotonic_ns()
        each = list(islice(cycle(topics), events))
        waits, at_most = pauses(per_second, seconds), seconds + LATE_SECONDS
        sent = self._loop.run_until_complete(self._send(each, waits, at_most))
        return answer(began, len(sent), sent)

    async def _send(
        self, topics: list[str], waits: Iterator[float], at_most: float
    ) -> list[Moment]:
        sent: list[Moment] = []
        until = time.monotonic() + at_most
        for topic, pause in zip(topics, waits, strict=True):
            if pause:
                await asyncio.sleep(pause)
            elif time.monotonic() > until:
                break
            self._numbers[topic] += 1
            seq = self._numbers[topic]
            sent.append((topic, seq, time.monotonic_ns()))
            await self._layer.group_send(topic, {"type": "tell", "text": payload(topic, seq)})
        return sent


def payload(topic: str, seq: int) -> str:
    """As long as the clinic's frames are."""
    frame = {"op": "event", "topic": topic, "seq": seq, "data": ""}
    short = json.dumps(frame, separators=(",", ":"))
    frame["data"] = "x" * max(0, EVENT_BYTES - len(short))
    return json.dumps(frame, separators=(",", ":"))


KINDS: Final = {"clinic": Clinic, "stock": Stock}


def main(kind: str) -> None:
    publisher = KINDS[kind]()
    for line in sys.stdin:
        wish = json.loads(line)
        done = getattr(publisher, wish.pop("how"))(**wish)
        print(json.dumps(done), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
