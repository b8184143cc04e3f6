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
import queue
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from itertools import cycle, islice
from typing import Any, Final

Moment = tuple[str, int, int]
Answer = dict[str, Any]
EVENT_BYTES: Final = int(os.environ.get("EVENT_BYTES", "500"))
WRITERS: Final = 4


def pauses(per_second: float, seconds: float) -> Iterator[float]:
    """Seconds to wait before each event, so that a slow one does not slow the rate."""
    began = time.monotonic()
    for number in range(round(per_second * seconds)):
        yield max(0, began + number / per_second - time.monotonic())


def answer(began: int, events: int, sent: list[Moment]) -> Answer:
    return {"began": began, "ended": time.monotonic_ns(), "events": events, "sent": sent}


class Clinic:
    """Writes events where the clinic keeps them, and lets its sinks tell of them."""

    def __init__(self) -> None:
        import django

        django.setup()
        self._written = import_module("tests.bench.written")

    def burst(self, *, topic: str, events: int, at_once: int) -> Answer:
        began = time.monotonic_ns()
        for first in range(0, events, at_once):
            self._written.record_together(topic, min(at_once, events - first))
        return answer(began, events, [])

    def paced(self, *, topics: list[str], per_second: float, seconds: float) -> Answer:
        events = round(per_second * seconds)
        drafts = self._written.prepared(islice(cycle(topics), events))
        waiting: queue.SimpleQueue[Any] = queue.SimpleQueue()
        sent: list[Moment] = []
        ready = threading.Barrier(WRITERS + 1)

        def write() -> None:
            with self._written.connected():
                ready.wait()
                while (draft := waiting.get()) is not None:
                    seq = self._written.commit(draft)
                    sent.append((draft.topic, seq, time.monotonic_ns()))
                    self._written.tell(draft.topic, seq)

        writers = [threading.Thread(target=write) for _ in range(WRITERS)]
        for writer in writers:
            writer.start()
        ready.wait()
        began = time.monotonic_ns()
        for draft, pause in zip(drafts, pauses(per_second, seconds), strict=True):
            time.sleep(pause)
            waiting.put(draft)
        for _ in writers:
            waiting.put(None)
        for writer in writers:
            writer.join()
        return answer(began, events, sent)


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
        sent = self._loop.run_until_complete(self._send([topic] * events, iter([0.0] * events)))
        return answer(began, len(sent), [])

    def paced(self, *, topics: list[str], per_second: float, seconds: float) -> Answer:
        events = round(per_second * seconds)
        began = time.monotonic_ns()
        each = list(islice(cycle(topics), events))
        sent = self._loop.run_until_complete(self._send(each, pauses(per_second, seconds)))
        return answer(began, len(sent), sent)

    async def _send(self, topics: list[str], waits: Iterator[float]) -> list[Moment]:
        sent: list[Moment] = []
        for topic, pause in zip(topics, waits, strict=True):
            if pause:
                await asyncio.sleep(pause)
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
