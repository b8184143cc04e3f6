"""B6: an HTTP call of the clinic beside a bare view that makes as many statements, in one server and run."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from statistics import median
from typing import Any, Final

from tests.bench.machine import cpu_seconds
from tests.bench.numbers import percentile
from tests.bench.progress import step
from tests.bench.scale import Scale
from tests.bench.stage import STAMPED, PinnedWeb, Stage
from tests.bench.wire import HttpConnection

PATIENTS: Final = 200
WARM_UP_CALLS: Final = 30


@dataclass(frozen=True, slots=True)
class Block:
    """Calls one after the other on one connection: the median answer, and what they cost the server."""

    ms: float
    cpu_ms: float


def measure(place: Stage, scale: Scale) -> dict[str, Any]:
    env = place.production("calls")
    people = place.ask(env, "seed.make_clinic", doctors=20, patients=PATIENTS, receptionists=1)
    plan = place.ask({**env, "LOG_LEVEL": "WARNING"}, "diary.make_diary", people=people)
    web = place.web(env, application=STAMPED)
    web.start()
    try:
        return asyncio.run(_measure(web, scale, people, plan))
    finally:
        web.kill()


async def _measure(web: PinnedWeb, scale: Scale, people: Any, plan: Any) -> dict[str, Any]:
    caller = _Caller(web, people, plan["token"], plan["booked"])
    found: dict[str, Any] = {}
    for name, call in plan["calls"].items():
        pairs: list[tuple[Block, Block]] = []
        with step(f"B6: {name}", scale.rounds) as progress:
            for path in (call["path"], call["bare"]):
                await caller.block(path, WARM_UP_CALLS)
            for done in range(scale.rounds):
                # Side by side, so that a slow minute of the machine is both's.
                ours = await caller.block(call["path"], scale.calls)
                bare = await caller.block(call["bare"], scale.calls)
                pairs.append((ours, bare))
                progress.at(done + 1)
        found[name] = {"reads": call["reads"], "writes": call["writes"], **_compared(pairs)}
    caller.close()
    return found


def _compared(pairs: list[tuple[Block, Block]]) -> dict[str, Any]:
    """Medians over the rounds; a ratio is made within its round."""
    return {
        "clinic_ms": round(median(ours.ms for ours, _ in pairs), 2),
        "bare_ms": round(median(bare.ms for _, bare in pairs), 2),
        "ratio": round(median(ours.ms / bare.ms for ours, bare in pairs), 2),
        "cpu_ratio": round(median(ours.cpu_ms / bare.cpu_ms for ours, bare in pairs), 2),
    }


class _Caller:
    """Makes the calls. A path without a method is read; what is booked is another time each time."""

    def __init__(self, web: PinnedWeb, people: Any, token: str, booked: int) -> None:
        self._web = web
        self._connection = HttpConnection(web.port)
        self._token = token
        self._bookings = self._plan(people, booked)

    async def block(self, path: str, calls: int) -> Block:
        times = []
        before = cpu_seconds(self._web.pid)
        for _ in range(calls):
            began = time.perf_counter()
            status, answer = await self._call(path)
            times.append(time.perf_counter() - began)
            if status not in (200, 201):
                raise RuntimeError(f"{path} answered {status}: {answer[:300]!r}")
        used = cpu_seconds(self._web.pid) - before
        return Block(percentile(times, 0.5) * 1000, used * 1000 / calls)

    async def _call(self, path: str) -> tuple[int, bytes]:
        if path.startswith("POST "):
            token, body, key = next(self._bookings)
            return await self._connection.post(path[5:], body, token=token, key=key)
        return await self._connection.get(path, token=self._token)

    def close(self) -> None:
        self._connection.close()

    @staticmethod
    def _plan(people: Any, booked: int) -> Iterator[tuple[str, dict[str, Any], str]]:
        """Times that are free: not those of the diary, which are the first doctor's."""
        number = count()
        for start in people["starts"][booked:]:
            for doctor, _ in people["doctors"][1:]:
                at = next(number)
                _, token = people["patients"][1 + at % (len(people["patients"]) - 1)]
                yield token, {"doctor_id": doctor, "start": start}, f"calls-{at}"
