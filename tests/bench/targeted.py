"""B3 in part: an event for one person among many sockets, beside stock Channels."""

import asyncio
from collections.abc import Callable
from typing import Any, Final

from tests.bench.crowd import ClinicMember, Member, StockMember, crowd
from tests.bench.machine import cpu_seconds
from tests.bench.numbers import median_of, summary
from tests.bench.progress import step
from tests.bench.scale import Scale
from tests.bench.stage import STOCK, PinnedWeb, Stage

AT_ONCE: Final = 20
IDLE_SECONDS: Final = 3.0
Kind = str


class Side:
    """One of the two servers, with its sockets and what they have received in the present round."""

    def __init__(self, kind: Kind, web: PinnedWeb, env: dict[str, str | None]) -> None:
        self.kind = kind
        self.web = web
        self.env = env
        self.received: dict[tuple[str, int], int] = {}
        self.rounds: list[dict[str, float]] = []

    def note(self, topic: str, seq: int, at_ns: int) -> None:
        self.received[topic, seq] = at_ns


def measure(place: Stage, scale: Scale) -> dict[str, Any]:
    env = place.production("targeted")
    people = place.ask(env, "seed.make_clinic", doctors=1, patients=scale.sockets, receptionists=0)
    sides = [
        Side("clinic", place.web(env), env),
        Side("stock", place.web(env, application=STOCK), env),
    ]
    try:
        for side in sides:
            side.web.start()
        return asyncio.run(_measure(place, scale, sides, people))
    finally:
        for side in sides:
            side.web.kill()


async def _measure(place: Stage, scale: Scale, sides: list[Side], people: Any) -> dict[str, Any]:
    async with crowd() as everyone:
        for side in sides:
            with step(f"Targeted: {side.kind}, {scale.sockets} sockets", scale.sockets) as progress:
                makers = [_maker(side, *person) for person in people["patients"]]
                await everyone.join(makers, side.web.port, at_once=AT_ONCE, progress=progress.at)
            side.web.freeze()
        for number in range(scale.rounds):
            for side in sides:
                with step(
                    f"Targeted: {side.kind}, {scale.targeted_per_second}/s, round {number + 1}"
                ):
                    side.rounds.append(await _round(place, scale, side, people))
        everyone.check()
    return {side.kind: _result(side) for side in sides}


async def _round(place: Stage, scale: Scale, side: Side, people: Any) -> dict[str, float]:
    """The other server is frozen meanwhile: it uses no CPU, and its sockets stay open."""
    side.web.thaw()
    await asyncio.sleep(1)
    idle = await _idle_share(side)
    side.received.clear()
    used = cpu_seconds(side.web.pid)
    loop = asyncio.get_running_loop()
    began = loop.time()
    sent = await asyncio.to_thread(
        place.ask,
        side.env,
        f"publisher.publish_for_{side.kind}",
        people=[person_id for person_id, _token in people["patients"]],
        per_second=scale.targeted_per_second,
        seconds=scale.targeted_seconds,
    )
    await asyncio.sleep(0.5)
    used = cpu_seconds(side.web.pid) - used - idle * (loop.time() - began)
    side.web.freeze()
    received = side.received
    latency = [
        (received[topic, seq] - at) / 1e6 for topic, seq, at in sent if (topic, seq) in received
    ]
    return {
        **summary(latency),
        "lost": len(sent) - len(latency),
        "cpu_us_per_event": round(used * 1e6 / len(sent)),
        "idle_cpu_share": round(idle, 4),
    }


async def _idle_share(side: Side) -> float:
    before = cpu_seconds(side.web.pid)
    await asyncio.sleep(IDLE_SECONDS)
    return (cpu_seconds(side.web.pid) - before) / IDLE_SECONDS


def _maker(side: Side, person_id: int, token: str) -> Callable[[], Member]:
    topic = f"user.{person_id}"
    if side.kind == "clinic":
        return lambda: ClinicMember(token, {topic: None}, side.note)
    return lambda: StockMember([topic], side.note)


def _result(side: Side) -> dict[str, Any]:
    return {**median_of(side.rounds), "rounds": side.rounds}
