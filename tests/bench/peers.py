"""B1 to B4: the clinic, stock Channels and Socket.IO with its Redis adapter, one after the other, round by round.

In each round each of them is started anew, joined by as many sockets, and told the same: single events for one
of them, paced events for all, a burst for all. Frames are as long everywhere. The clinic's are events that it
stores, numbers, reads again and checks rights for; the others' are published and gone.
"""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from tests.bench import socketio
from tests.bench.crowd import ClinicMember, Crowd, Member, SocketIoMember, StockMember, crowd
from tests.bench.intake import Heard, Intake
from tests.bench.machine import CoreTime, cpu_seconds, resident_bytes
from tests.bench.numbers import median_of, summary
from tests.bench.progress import Progress, step
from tests.bench.scale import Scale
from tests.bench.stage import (
    CACHE,
    CLINIC,
    PROFILED,
    SOCKET_IO,
    STOCK,
    PinnedWeb,
    PublisherProcess,
    Stage,
)

WARM_UP: Final = 20
AT_ONCE: Final = 20
QUIET_SECONDS: Final = 2.0
"""After this long without a frame, what has not come counts as lost."""
GRACE_SECONDS: Final = 6.0
BURST_SECONDS: Final = 12.0
DRAINED_AFTER_SECONDS: Final = 0.4
STRAGGLING_SECONDS: Final = 15.0
"""So long at most is waited for what a server still has to send before it is told of more."""
AT_ONCE_IN_A_BURST: Final = 20


def measure(place: Stage, scale: Scale) -> dict[str, Any]:
    env, people = _clinic_with_patients(place, scale)
    kinds = [CLINIC, STOCK]
    try:
        socketio.installed(CACHE)
        kinds.append(SOCKET_IO)
    except socketio.NotInstalled as why:
        print(f"Without Socket.IO: {why}.", file=sys.stderr)
    rounds: dict[str, list[dict[str, Any]]] = {kind: [] for kind in kinds}
    for number in range(scale.rounds):
        for kind in kinds:
            visit = _Visit(place, scale, env, people, kind, place.web(env, application=kind))
            with step(f"B1 to B4: {kind}, round {number + 1}", _Visit.PARTS) as progress:
                rounds[kind].append(asyncio.run(visit.all(progress)))
    return {
        "sockets": scale.sockets,
        **{kind: {**median_of(each), "rounds": each} for kind, each in rounds.items()},
    }


def profile(place: Stage, scale: Scale) -> dict[str, Any]:
    """What the clinic's server does with its time, by kind of load."""
    env, people = _clinic_with_patients(place, scale)
    web = place.web(env, application=PROFILED)
    with step("The clinic under a sampler", 3) as progress:
        return asyncio.run(_Visit(place, scale, env, people, CLINIC, web).looked_at(progress))


def _clinic_with_patients(place: Stage, scale: Scale) -> tuple[dict[str, str | None], Any]:
    env = place.production("peers")
    return env, place.ask(
        env, "seed.make_clinic", doctors=1, patients=scale.sockets, receptionists=0
    )


@dataclass(frozen=True, slots=True)
class Cost:
    """What was used meanwhile, in seconds; the server's without what it uses when nothing happens."""

    seconds: float
    server: float
    client: float
    publisher: float

    def shares(self) -> dict[str, float]:
        return {
            "server_share": round(self.server / self.seconds, 3),
            "client_share": round(self.client / self.seconds, 3),
            "publisher_share": round(self.publisher / self.seconds, 3),
        }


class _Visit:
    """One server from its start to its end, with the sockets that watch the same topic and one of their own each."""

    PARTS: Final = 8

    def __init__(
        self,
        place: Stage,
        scale: Scale,
        env: dict[str, str | None],
        people: Any,
        kind: str,
        web: PinnedWeb,
    ) -> None:
        self._place = place
        self._scale = scale
        self._env = env
        self._kind = kind
        self._web = web
        [(doctor, _)] = people["doctors"]
        self._shared = f"slots.{doctor}"
        self._own = [f"user.{patient}" for patient, _ in people["patients"]]
        self._makers = [
            self._maker([own, self._shared], token)
            for own, (_, token) in zip(self._own, people["patients"], strict=True)
        ]
        self._idle_share = 0.0
        self._empty = 0
        self._intake: Intake
        self._publisher: PublisherProcess

    async def all(self, progress: Progress) -> dict[str, Any]:
        parts = iter(range(1, self.PARTS + 1))
        cores, began = CoreTime.of(self._place.layout.server), time.monotonic()
        async with self._open() as (everyone, joined):
            progress.at(next(parts))
            found: dict[str, Any] = {"sockets": {**joined, **self._memory("kb_per_socket")}}
            self._measure_idle()
            found["sockets"]["idle_cpu_share"] = round(self._idle_share, 4)
            self._warm_up()
            found["targeted"] = {}
            for rate in self._scale.targeted_per_second:
                found["targeted"][str(rate)] = self._targeted(rate)
                progress.at(next(parts))
            *slow, fast = self._scale.fan_out_per_second
            found["paced"] = {str(rate): self._paced(rate) for rate in slow}
            progress.at(next(parts))
            found["burst"] = self._burst()
            progress.at(next(parts))
            found["sockets"] |= self._memory("kb_per_socket_after_burst")
            # Last, because it is more than some can do: what they have not sent then is never sent.
            found["paced"][str(fast)] = self._paced(fast)
            found["sockets"]["turned_away"] = sum(everyone.turned_away.values())
            found["sockets"]["closed"] = self._intake.closed
            found["noise"] = self._noise(cores, time.monotonic() - began)
        return found

    async def looked_at(self, progress: Progress) -> dict[str, Any]:
        found = {}
        rate, fast = self._scale.targeted_per_second[-1], self._scale.fan_out_per_second[-1]
        async with self._open():
            self._measure_idle()
            self._warm_up()
            parts: dict[str, Callable[[], dict[str, Any]]] = {
                f"targeted, {rate} a second": partial(self._targeted, rate),
                f"to all, {fast} a second": partial(self._paced, fast),
                "a burst to all": self._burst,
            }
            for name, part in parts.items():
                self._intake.drain(quiet=DRAINED_AFTER_SECONDS, at_most=STRAGGLING_SECONDS)
                self._web.look()
                figures = part()
                found[name] = {**self._web.looked(), "figures": figures}
                progress.at(len(found))
        return found

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[tuple[Crowd, dict[str, float]]]:
        self._web.start()
        try:
            with self._place.publisher(self._env, self._kind) as self._publisher:
                async with crowd() as first:
                    await first.join(self._makers[:WARM_UP], self._web.port, at_once=WARM_UP)
                await asyncio.sleep(self._scale.settle_seconds)
                self._empty = resident_bytes(self._web.pid)
                async with crowd() as everyone:
                    joined = await self._join(everyone)
                    self._intake = Intake(everyone.members)
                    try:
                        yield everyone, joined
                    finally:
                        self._intake.close()
        finally:
            self._web.kill()

    async def _join(self, everyone: Crowd) -> dict[str, float]:
        used, own = cpu_seconds(self._web.pid), time.process_time()
        seconds = await everyone.join(self._makers, self._web.port, at_once=AT_ONCE)
        used, own = cpu_seconds(self._web.pid) - used, time.process_time() - own
        return {
            "empty_mb": round(self._empty / 2**20, 1),
            "joined_per_second": round(len(self._makers) / seconds, 1),
            "cpu_ms_per_join": round(used * 1000 / len(self._makers), 3),
            "client_share_joining": round(own / seconds, 3),
        }

    def _maker(self, topics: list[str], token: str) -> Callable[[], Member]:
        if self._kind == CLINIC:
            return lambda: ClinicMember(token, dict.fromkeys(topics), _ignore)
        kind = {STOCK: StockMember, SOCKET_IO: SocketIoMember}[self._kind]
        return lambda: kind(topics, _ignore)

    # -- the parts ---------------------------------------------------------------------------------

    def _memory(self, name: str) -> dict[str, float]:
        self._intake.drain(quiet=self._scale.settle_seconds, at_most=STRAGGLING_SECONDS)
        grown = resident_bytes(self._web.pid) - self._empty
        return {name: round(grown / 1024 / len(self._makers), 1)}

    def _measure_idle(self) -> None:
        used = cpu_seconds(self._web.pid)
        self._intake.idle(self._scale.idle_seconds)
        self._idle_share = (cpu_seconds(self._web.pid) - used) / self._scale.idle_seconds

    def _warm_up(self) -> None:
        rate = self._scale.targeted_per_second[0]
        self._hear(1, how="paced", topics=self._own, per_second=rate, seconds=1)
        self._hear(len(self._own), how="paced", topics=[self._shared], per_second=4, seconds=1)

    def _targeted(self, per_second: int) -> dict[str, Any]:
        seconds = self._scale.targeted_seconds
        heard, cost = self._hear(
            1, how="paced", topics=self._own, per_second=per_second, seconds=seconds
        )
        return {**_delays(heard, 1), **_per(heard.events, "event", cost)}

    def _paced(self, per_second: int) -> dict[str, Any]:
        seconds, watchers = self._scale.fan_out_seconds, len(self._own)
        topics = [self._shared]
        heard, cost = self._hear(
            watchers, how="paced", topics=topics, per_second=per_second, seconds=seconds
        )
        return {**_delays(heard, watchers), **_per(heard.arrived, "delivery", cost)}

    def _burst(self) -> dict[str, Any]:
        events = self._scale.burst_of_stock if self._kind == STOCK else self._scale.burst
        watchers = len(self._own)
        heard, cost = self._hear(
            watchers,
            counted=self._shared,
            how="burst",
            topic=self._shared,
            events=events,
            at_once=AT_ONCE_IN_A_BURST,
        )
        return {
            "deliveries_per_second": round(heard.arrived / heard.seconds),
            "seconds": round(heard.seconds, 3),
            "publishing_seconds": round(heard.publishing_seconds, 3),
            "lost": max(0, heard.events * watchers - heard.arrived),
            "frame_bytes": self._intake.frame_bytes,
            **_per(heard.arrived, "delivery", cost),
        }

    def _hear(
        self, per_event: int, *, counted: str | None = None, **wish: Any
    ) -> tuple[Heard, Cost]:
        self._intake.drain(quiet=DRAINED_AFTER_SECONDS, at_most=STRAGGLING_SECONDS)
        server, publisher = cpu_seconds(self._web.pid), cpu_seconds(self._publisher.pid)
        client, began = time.process_time(), time.monotonic()
        heard = self._intake.hear(
            self._publisher,
            per_event=per_event,
            counted=counted,
            quiet=QUIET_SECONDS,
            at_most=BURST_SECONDS if counted else GRACE_SECONDS,
            **wish,
        )
        seconds = time.monotonic() - began
        used = cpu_seconds(self._web.pid) - server - self._idle_share * seconds
        cost = Cost(
            seconds=heard.seconds,
            server=max(0.0, used),
            client=time.process_time() - client,
            publisher=cpu_seconds(self._publisher.pid) - publisher,
        )
        return heard, cost

    def _noise(self, before: CoreTime, seconds: float) -> dict[str, float]:
        """What others, and the machine's host, took of the server's core."""
        after = CoreTime.of(self._place.layout.server)
        others = after.busy - before.busy - cpu_seconds(self._web.pid)
        return {
            "others_share": round(max(0.0, others) / seconds, 3),
            "stolen_share": round((after.stolen - before.stolen) / seconds, 3),
        }


def _delays(heard: Heard, per_event: int) -> dict[str, float]:
    return {
        **summary(heard.latency_ms(per_event)),
        "published_per_second": round(heard.events / heard.publishing_seconds, 1),
        "lost": heard.missing(per_event),
    }


def _per(count: int, what: str, cost: Cost) -> dict[str, float]:
    return {f"cpu_us_per_{what}": round(cost.server * 1e6 / max(1, count), 2), **cost.shares()}


def _ignore(topic: str, seq: int, at_ns: int) -> None:
    pass
