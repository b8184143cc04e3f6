"""Child processes that live exactly as long as the process that supervises them."""

import ctypes
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

STOP_SECONDS: Final = 10
BACKOFF_SECONDS: Final = (1, 2, 5, 10, 30)
SETTLED_SECONDS: Final = 60
TICK_SECONDS: Final = 0.1
# A process group's signal comes twice: from the terminal, and from `make`, which passes it on.
SAME_WISH_SECONDS: Final = 1.0
PR_SET_PDEATHSIG: Final = 1

# Looked up before any fork: a child between fork and exec may not load libraries.
_prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None


def die_with_parent(signal_number: int) -> None:
    """Ask the kernel (Linux only) to send this process a signal when its parent is gone."""
    if _prctl is not None:
        _prctl(PR_SET_PDEATHSIG, signal_number)


@dataclass
class Child:
    """A command to keep running.

    `essential`: when it ends, everything ends; any other child is started again, ever more slowly.
    `orphaned_by` is the signal it gets should the supervisor be killed: SIGTERM where it has to
    stop children of its own.
    """

    name: str
    command: Sequence[str]
    essential: bool = False
    orphaned_by: signal.Signals = signal.SIGKILL
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0
    due_at: float = 0
    failures: int = 0

    def start(self, folder: Path) -> None:
        supervisor = os.getpid()

        def tie_to_supervisor() -> None:
            die_with_parent(self.orphaned_by)
            if os.getppid() != supervisor:
                os._exit(1)

        # A session of its own: Ctrl-C in the terminal reaches the supervisor alone, which passes
        # it on once, and what the child leaves behind can be found by its process group.
        self.process = subprocess.Popen(
            self.command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=tie_to_supervisor,  # noqa: PLW1509  (one thread, one system call)
        )
        self.started_at = time.monotonic()

    def terminate(self) -> None:
        if self.process is not None:
            self.process.terminate()

    def has_ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def sweep(self) -> None:
        """Kill what is left of the child and of its own children."""
        if self.process is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None


@dataclass
class Supervisor:
    """Starts children and restarts them; SIGTERM, Ctrl-C or a hang-up stop them all.

    They have `stop_seconds` to end in good order; a second signal does not wait for that.
    """

    children: list[Child]
    folder: Path
    say: Callable[[str], None]
    stop_seconds: float = STOP_SECONDS
    _wakeups: tuple[int, int] = field(default=(-1, -1), init=False)

    def __enter__(self) -> Self:
        self._wakeups = os.pipe()
        for end in self._wakeups:
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self._wakeups[1], warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD, signal.SIGHUP):
            under_nohup = (
                number == signal.SIGHUP and signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
            )
            if not under_nohup:
                signal.signal(number, lambda _number, _frame: None)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def run(self, *, each_tick: Callable[[], None] | None = None) -> int:
        """Keep the children running until told to stop (0) or until an essential one ends (1)."""
        while True:
            for child in self.children:
                if child.process is None and time.monotonic() >= child.due_at:
                    child.start(self.folder)
            if each_tick is not None:
                each_tick()
            if self._told_to_stop(TICK_SECONDS):
                return 0
            for child in self.children:
                if child.process is not None and child.process.poll() is not None:
                    ending = _ending(child.process.returncode)
                    if child.essential:
                        self.say(f"The {child.name} {ending}, so everything stops.")
                        return 1
                    self._restart_later(child, ending)

    def _restart_later(self, child: Child, ending: str) -> None:
        child.sweep()
        if time.monotonic() - child.started_at > SETTLED_SECONDS:
            child.failures = 0
        pause = BACKOFF_SECONDS[min(child.failures, len(BACKOFF_SECONDS) - 1)]
        child.failures += 1
        child.due_at = time.monotonic() + pause
        self.say(f"The {child.name} {ending}; it starts again in {pause} s.")

    def _told_to_stop(self, seconds: float) -> bool:
        select.select([self._wakeups[0]], [], [], seconds)
        with suppress(BlockingIOError):
            return bool(set(os.read(self._wakeups[0], 1024)) - {signal.SIGCHLD})
        return False

    def _stop(self) -> None:
        """SIGTERM to every child; SIGKILL to what is left when all ended, or time is up, or told again."""
        for child in self.children:
            child.terminate()
        begun_at = time.monotonic()
        deadline = begun_at + self.stop_seconds
        while time.monotonic() < deadline and not all(map(Child.has_ended, self.children)):
            told_again = self._told_to_stop(TICK_SECONDS)
            if told_again and time.monotonic() - begun_at > SAME_WISH_SECONDS:
                break
        for child in self.children:
            child.sweep()


def _ending(returncode: int) -> str:
    if returncode < 0:
        return f"was killed by {signal.Signals(-returncode).name}"
    return f"ended with status {returncode}"
