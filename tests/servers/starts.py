"""Starts programs of ours: forked from a seedbed that has the libraries loaded, or by the system, like any other."""

import atexit
import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Final

SEEDBED: Final = Path(__file__).with_name("seedbed.py")
# What an interpreter reads before its first line and the seedbed cannot make up for.
READ_TOO_EARLY: Final = frozenset({"COVERAGE_PROCESS_CONFIG", "LD_PRELOAD", "PYTHONPATH", "TZ"})
_opening = threading.Lock()
_wishes: socket.socket | None = None


class Forked:
    """What a test needs of a `subprocess.Popen`, of a program that the seedbed has forked."""

    def __init__(self, arguments: Sequence[str], status: int) -> None:
        self.args = arguments
        self.returncode: int | None = None
        self._status = status
        self._reading = threading.Lock()
        said = b""
        while not said.endswith(b"\n"):
            said += self._read(1)
        self.pid = int(said)

    def __del__(self) -> None:
        os.close(self._status)

    def poll(self) -> int | None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            if not select.select([self._status], [], [], timeout)[0]:
                assert timeout is not None
                raise subprocess.TimeoutExpired(self.args, timeout)
            with self._reading:
                if self.returncode is None:
                    self.returncode = int(self._read(16))
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _read(self, most: int) -> bytes:
        found = os.read(self._status, most)
        if not found:
            raise RuntimeError(f"the seedbed has ended, and with it {self.args}")
        return found


Started = subprocess.Popen[bytes] | Forked


def start(
    arguments: Sequence[str],
    *,
    env: Mapping[str, str],
    stdout: IO[bytes],
    stderr: IO[bytes] | int,
    stdin: IO[bytes] | None = None,
    cwd: Path | None = None,
    new_session: bool = True,
) -> Started:
    """Start a program. Without `stdin` it has nothing to read; `stderr` may be `subprocess.STDOUT`."""
    if not _can_be_forked(arguments, env):
        return subprocess.Popen(
            arguments, stdin=stdin or subprocess.DEVNULL, stdout=stdout, stderr=stderr,
            env=env, cwd=cwd, start_new_session=new_session,
        )  # fmt: skip
    wish = {
        "arguments": arguments[1:],
        "env": dict(env),
        "cwd": str(cwd or Path.cwd()),
        "new_session": new_session,
    }
    said = stdout if isinstance(stderr, int) else stderr
    status, its_status = os.pipe()
    try:
        with Path(os.devnull).open("rb") as nothing:
            files = [stdin or nothing, stdout, said]
            descriptors = [*(file.fileno() for file in files), its_status]
            socket.send_fds(_seedbed(), [json.dumps(wish).encode()], descriptors)
    finally:
        os.close(its_status)
    return Forked(arguments, status)


def run(
    arguments: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    reads: str = "",
    timeout: float = 100,
) -> subprocess.CompletedProcess[str]:
    """Start a program, give it something to read, wait for its end, and return what it said."""
    with (
        tempfile.TemporaryFile() as given,
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as err,
    ):
        given.write(reads.encode())
        given.seek(0)
        program = start(
            arguments,
            env=os.environ if env is None else env,
            cwd=cwd,
            stdin=given,
            stdout=out,
            stderr=err,
            new_session=False,
        )
        try:
            code = program.wait(timeout)
        finally:
            program.kill()
        said = []
        for channel in (out, err):
            channel.seek(0)
            said.append(channel.read().decode())
    return subprocess.CompletedProcess(arguments, code, *said)


def _can_be_forked(arguments: Sequence[str], env: Mapping[str, str]) -> bool:
    return (
        hasattr(os, "pidfd_open")
        and arguments[0] == sys.executable
        and (arguments[1] in ("-c", "-m") or not arguments[1].startswith("-"))
        and env.get("PYTHONWARNINGS") in (None, "error")
        and all(env.get(name) == os.environ.get(name) for name in READ_TOO_EARLY)
        and "COVERAGE_PROCESS_CONFIG" not in env
    )


def _seedbed() -> socket.socket:
    """The socket to this process's own seedbed, which ends with it."""
    global _wishes
    with _opening:
        if _wishes is None:
            _wishes, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with theirs:
                seedbed = subprocess.Popen(
                    [sys.executable, "-P", str(SEEDBED), str(theirs.fileno())],
                    pass_fds=[theirs.fileno()],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    start_new_session=True,
                )
            atexit.register(_end, seedbed, _wishes)
        return _wishes


def _end(seedbed: subprocess.Popen[bytes], wishes: socket.socket) -> None:
    wishes.close()
    seedbed.wait(timeout=20)
