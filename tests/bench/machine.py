"""The machine as a bench needs it: cores to pin to, and what a process has used of CPU and memory."""

import os
import platform
import resource
import time
import timeit
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

_TICKS_PER_SECOND: Final = os.sysconf("SC_CLK_TCK")
_OF_A_PROCESS: Final = 2
"""CPUCLOCK_SCHED of Linux: nanoseconds, where /proc counts hundredths of a second."""
_PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")
BUSY_ABOVE: Final = 0.35
"""Share of all cores in use before the start, above which a run says that the machine was not quiet."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Who runs where. One core belongs to the server alone, unless the machine has only one."""

    server: frozenset[int]
    others: frozenset[int]

    def words(self) -> str:
        return (
            f"server on core {_numbers(self.server)}; "
            f"load client, publisher, PostgreSQL and Redis on {_numbers(self.others)}"
        )


def require_linux() -> None:
    if not Path("/proc/self/stat").exists():
        raise SystemExit(
            "The bench reads CPU and memory of its processes from /proc: it needs Linux."
        )


def layout() -> Layout:
    cores = sorted(os.sched_getaffinity(0))
    return Layout(frozenset(cores[:1]), frozenset(cores[1:] or cores))


@contextmanager
def on_cores(cores: frozenset[int]) -> Iterator[None]:
    """What is started within runs on these cores, for as long as it lives."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def allow_many_files() -> None:
    """Thousands of sockets need thousands of file descriptors, here and in every server started here."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def cpu_seconds(pid: int) -> float:
    """User and system time of a process so far: of all its threads, and of its living children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return sum(_own_cpu_seconds(number) for number in (pid, *map(int, children)))


def _own_cpu_seconds(pid: int) -> float:
    try:
        return time.clock_gettime(~pid << 3 | _OF_A_PROCESS)
    except OSError:
        return 0.0  # a child that has just ended


def resident_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE_BYTES


class CpuShare:
    """The share of one core that some processes use between `start` and `stop`; `client` is this one."""

    def __init__(self, **pids: int) -> None:
        self._pids = pids
        self._client = 0.0
        self._before: dict[str, float] = {}
        self._began = 0.0

    def start(self) -> None:
        self._before = {name: cpu_seconds(pid) for name, pid in self._pids.items()}
        self._client = time.process_time()
        self._began = time.monotonic()

    def stop(self) -> dict[str, float]:
        seconds = time.monotonic() - self._began
        used = {name: cpu_seconds(pid) - self._before[name] for name, pid in self._pids.items()}
        used["client"] = time.process_time() - self._client
        return {name: round(share / seconds, 3) for name, share in used.items()}


@dataclass(frozen=True, slots=True)
class CoreTime:
    """What a core has done so far, in seconds."""

    busy: float
    stolen: float

    @classmethod
    def of(cls, cores: frozenset[int]) -> "CoreTime":
        """`stolen` is what the machine's own host kept from it."""
        times = [_times(f"cpu{core} ") for core in cores]
        return cls(
            sum(sum(each[:3]) + sum(each[5:7]) for each in times) / _TICKS_PER_SECOND,
            sum(each[7] for each in times) / _TICKS_PER_SECOND,
        )


def busy_share(seconds: float = 1.0) -> float:
    """How much of all cores others use at the moment."""
    before = _idle_and_all()
    time.sleep(seconds)
    after = _idle_and_all()
    return 1 - (after[0] - before[0]) / max(1, after[1] - before[1])


def python_speed_ms() -> float:
    """A million function calls, the best of five: machines, and their quiet hours, compared."""
    return round(
        min(timeit.repeat("f(1)", "f = lambda x: x", number=1_000_000, repeat=5)) * 1000, 1
    )


def description() -> dict[str, Any]:
    return {
        "cores": os.cpu_count(),
        "processor": _processor(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "million_calls_ms": python_speed_ms(),
        "load_average": [round(load, 2) for load in os.getloadavg()],
    }


def _idle_and_all() -> tuple[int, int]:
    fields = _times("cpu ")
    return fields[3] + fields[4], sum(fields)


def _times(name: str) -> list[int]:
    """user, nice, system, idle, iowait, irq, softirq, steal"""
    lines = Path("/proc/stat").read_text().splitlines()
    line = next(line for line in lines if line.startswith(name))
    return [int(field) for field in line.split()[1:9]]


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _numbers(cores: frozenset[int]) -> str:
    return ", ".join(str(core) for core in sorted(cores))
