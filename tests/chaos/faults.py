"""What befalls the processes of a run: a plan drawn from the seed, and who carries it out."""

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import psycopg
from redis.exceptions import RedisError

from tests.chaos.history import History
from tests.chaos.proxy import Proxy
from tests.chaos.stage import Stage
from tests.servers.process import Process, ServerFailed
from tests.servers.redis import Redis

# Kills in the sense of the promise: a process that is ended or stopped by a signal.
KILL, STOP, TERM = "SIGKILL", "SIGSTOP", "SIGTERM"
KILLS: Final = (KILL, STOP, TERM)
FLUSH, DROP_CLIENTS, DROP_BACKENDS, CUT, DELAY = "flush", "drop clients", "drop backends", "cut", "delay"  # fmt: skip
STOPPED_SECONDS: Final = (0.3, 2.5)
DOWN_SECONDS: Final = (0.0, 1.5)
DELAY_SECONDS: Final = 0.05
# More of them at once would only keep everything down.
AT_ONCE: Final = 3


@dataclass(frozen=True, slots=True)
class Fault:
    target: str
    kind: str
    pause: float
    """Seconds after the one before."""
    seconds: float
    """How long it lasts, where it lasts."""


def plan(*, seed: str, kills: int, targets: Sequence[str], pace: float) -> Iterator[Fault]:
    """So many kills of these targets, and all that happens between them; `pace` is seconds between faults."""
    dice = random.Random(f"{seed} faults")
    weights = {target: 6 if target.startswith("web") else 3 for target in targets}
    # Each process is hit before any is hit by chance.
    first = [Fault(t, KILL, pace, 0.3) for t in targets if KILL in _kinds(t)][:kills]
    done = len(first)
    yield from first
    while done < kills:
        [target] = dice.choices(list(weights), list(weights.values()))
        kind = dice.choice(_kinds(target))
        lasts = STOPPED_SECONDS if kind == STOP else DOWN_SECONDS
        done += kind in KILLS
        yield Fault(target, kind, dice.expovariate(1 / pace), dice.uniform(*lasts))


def _kinds(target: str) -> Sequence[str]:
    match target:
        case "redis":
            return (KILL, STOP, FLUSH, DROP_CLIENTS)
        case "postgres":
            return (KILL, STOP, DROP_BACKENDS, DROP_BACKENDS)
        case "database":
            return (DROP_BACKENDS,)
        case "proxy":
            return (CUT, DELAY)
        case _:
            return (KILL, KILL, STOP, TERM)


class Nemesis:
    """Carries a plan out. What is under a fault is left alone until it is over; others go on meanwhile."""

    def __init__(self, stage: Stage, proxy: Proxy, history: History) -> None:
        self.befell: Counter[str] = Counter()
        self._stage = stage
        self._proxy = proxy
        self._history = history
        self._processes: dict[str, Process] = {each.name: each for each in stage.processes}
        for server in (stage.redis, stage.postgres):
            if server is not None:
                self._processes[server.name] = server
        self._places = asyncio.Semaphore(AT_ONCE)
        self._locks = {name: asyncio.Lock() for name in [*self._processes, "database", "proxy"]}

    @property
    def targets(self) -> list[str]:
        others = ["proxy"]
        if self._stage.ground.database_is_postgres and self._stage.postgres is None:
            others.append("database")
        return [*self._processes, *others]

    async def carry_out(self, faults: Iterator[Fault], tell: Callable[[], None]) -> None:
        async with asyncio.TaskGroup() as group:
            for fault in faults:
                await asyncio.sleep(fault.pause)
                await self._places.acquire()
                group.create_task(self._befall(fault))
                tell()

    async def _befall(self, fault: Fault) -> None:
        async with self._locks[fault.target]:
            self._history.note("fault", target=fault.target, kind=fault.kind)
            self.befell[f"{fault.kind} {fault.target.partition('-')[0]}"] += 1
            try:
                await self._do(fault)
            finally:
                self._history.note("healed", target=fault.target, kind=fault.kind)
                self._places.release()

    async def _do(self, fault: Fault) -> None:
        match fault.kind:
            case "cut":
                await self._proxy.cut()
            case "delay":
                self._proxy.delay_seconds = DELAY_SECONDS
                await asyncio.sleep(fault.seconds)
                self._proxy.delay_seconds = 0.0
            case "drop backends":
                await asyncio.to_thread(drop_backends, self._stage.ground.database_url)
            case "flush" | "drop clients":
                assert self._stage.redis is not None
                await asyncio.to_thread(_disturb, self._stage.redis, fault.kind)
            case _:
                await self._hit(self._processes[fault.target], fault)

    async def _hit(self, process: Process, fault: Fault) -> None:
        if fault.kind == STOP:
            process.freeze()
            try:
                await asyncio.sleep(fault.seconds)
            finally:
                process.thaw()
            return
        if fault.kind == TERM:
            # It drains: its sockets are told to go, its requests end.
            await asyncio.to_thread(process.stop)
        else:
            await asyncio.to_thread(process.kill)
        await asyncio.sleep(fault.seconds)
        await asyncio.to_thread(_bring_back, process)


def _bring_back(process: Process) -> None:
    """A web process or a worker may find its database or Redis away while it starts, as anybody does."""
    for _ in range(5):
        with contextlib.suppress(ServerFailed):
            return process.start()
    process.start()
    return None


def _disturb(redis: Redis, kind: str) -> None:
    with contextlib.suppress(RedisError), redis.client() as client:
        if kind == FLUSH:
            client.flushall()
        else:
            for one in ("pubsub", "normal"):
                client.execute_command("CLIENT", "KILL", "TYPE", one, "SKIPME", "yes")


def drop_backends(url: str) -> None:
    with contextlib.suppress(psycopg.Error), psycopg.connect(url, connect_timeout=2) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
