"""A process that a test may start, freeze, kill and start again in the same place."""

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from tests.servers.starts import Started, start

START_TIMEOUT_SECONDS = 60.0
STOP_TIMEOUT_SECONDS = 20.0
_REAPER = Path(__file__).with_name("reaper.py")
_reaper: subprocess.Popen[str] | None = None


class ServerFailed(RuntimeError):
    """A server did not come up, or did not go down; the text ends with its log."""


def free_port() -> int:
    """A port that nobody listens on, below the range the kernel gives to outgoing connections.

    A restarted server must find its port again: inside that range a client that retries could be
    given the very port it is knocking at, and connect to itself.
    """
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return port


def port_answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def tell_reaper(wish: str) -> None:
    """`watch <process group>`, `forget <process group>` or `folder <path>`."""
    global _reaper
    if _reaper is None:
        _reaper = subprocess.Popen(
            [sys.executable, "-I", str(_REAPER)],
            stdin=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
    assert _reaper.stdin is not None
    _reaper.stdin.write(wish + "\n")
    _reaper.stdin.flush()


def dismiss_reaper() -> None:
    """Let the reaper do its work now; called once, when the test run ends in order."""
    global _reaper
    if _reaper is not None:
        assert _reaper.stdin is not None
        _reaper.stdin.close()
        _reaper.wait(timeout=STOP_TIMEOUT_SECONDS)
        _reaper = None


def wait_until(true: Callable[[], object], *, seconds: float, what: str) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not happen within {seconds:g} s")
        time.sleep(0.02)


class Process:
    """One server process in a process group of its own, its output in a log file.

    Subclasses say how to run it (`command`) and when it is ready (`answers`).
    """

    name = "process"
    stop_signal = signal.SIGTERM

    def __init__(self, *, folder: Path, env: Mapping[str, str | None] | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.log = folder / f"{self.name}.log"
        self.env = dict(env or {})
        self._popen: Started | None = None

    def command(self) -> Sequence[str]:
        raise NotImplementedError

    def answers(self) -> bool:
        raise NotImplementedError

    def open(self, log: IO[bytes]) -> Started:
        return start(self.command(), env=self.environment(), stdout=log, stderr=subprocess.STDOUT)

    def environment(self) -> dict[str, str]:
        """The test process's own environment with this process's changes; None removes a name."""
        # Whoever imports `workers`, as some tests do, gets a worker's way to the database.
        merged = {**os.environ, "CLINIC_DB_POOL": None, "PYTHONUNBUFFERED": "1", **self.env}
        return {name: value for name, value in merged.items() if value is not None}

    @property
    def running(self) -> bool:
        return self._popen is not None and self._popen.poll() is None

    @property
    def pid(self) -> int:
        assert self._popen is not None, f"{self.name} was never started"
        return self._popen.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative: the signal that ended it."""
        assert self._popen is not None, f"{self.name} was never started"
        return self._popen.poll()

    def start(self) -> None:
        """Start, or start again in the same place, and return when it answers."""
        self.launch()
        self.wait_until_it_answers()

    def launch(self) -> None:
        if self._popen is not None:
            assert self._popen.poll() is not None, f"{self.name} is already running"
        with self.log.open("ab") as log:
            self._popen = self.open(log)
        tell_reaper(f"watch {self.pid}")

    def wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while not self.answers():
            if not self.running or time.monotonic() > deadline:
                said = f"exit code {self.exit_code}" if not self.running else "no answer"
                self.kill()
                raise ServerFailed(f"{self.name} did not start ({said}):\n{self.last_words()}")
            time.sleep(0.02)

    def stop(self) -> None:
        """Ask it to end and wait for that; a server that does not is killed and reported."""
        if not self.running:
            return
        self.thaw()
        self.signal(self.stop_signal)
        try:
            self.wait_for_exit()
        except subprocess.TimeoutExpired:
            self.kill()
            raise ServerFailed(
                f"{self.name} did not end on {self.stop_signal.name}:\n{self.last_words()}"
            ) from None
        # A well-behaved server takes its children along; what is left of the group goes with it.
        self.kill()

    def kill(self) -> None:
        """SIGKILL the whole group, frozen or not: nothing of it can clean up."""
        if self._popen is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._popen.wait(timeout=STOP_TIMEOUT_SECONDS)
        tell_reaper(f"forget {self.pid}")

    def dismiss(self) -> None:
        """At a test's end nobody needs an orderly end, but the coverage of what the process did."""
        if "COVERAGE_PROCESS_CONFIG" in os.environ and self._popen is not None:
            self.stop()
        self.kill()

    def terminate(self) -> None:
        """SIGTERM without waiting: what happens between it and the end is the test's business."""
        self.signal(signal.SIGTERM)

    def wait_for_exit(self, timeout: float = STOP_TIMEOUT_SECONDS) -> int:
        assert self._popen is not None, f"{self.name} was never started"
        return self._popen.wait(timeout=timeout)

    def freeze(self) -> None:
        """SIGSTOP: the port still accepts, nothing answers."""
        os.killpg(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.killpg(self.pid, signal.SIGCONT)

    def signal(self, number: signal.Signals) -> None:
        assert self._popen is not None, f"{self.name} was never started"
        self._popen.send_signal(number)

    def last_words(self, lines: int = 60) -> str:
        if not self.log.exists():
            return "(no log)"
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
