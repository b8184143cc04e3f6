"""A program that was forked from the seedbed cannot be told from one that the system started."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.servers import seedbed, starts
from tests.servers.process import wait_until

pytestmark = pytest.mark.engine("sqlite")

SHOWS = """
import os, signal, sys
print(__name__, sys.argv, sys.executable, sys.path[:1], os.getcwd(), sorted(os.environ.items()))
print(sys.stdin.read(), [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM, signal.SIGPIPE)])
print(os.listdir("/proc/self/fd"), file=sys.stderr)
sys.exit("That is all.")
"""
ENDS = {
    "0": "pass",
    "3": "raise SystemExit(3)",
    "1": "raise ValueError",
    "-2": "raise KeyboardInterrupt",
    "-9": "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
}
LOADED = "import sys; print(sorted({name.partition('.')[0] for name in sys.modules}))"
SETTINGS = "from django.conf import settings; print(settings.configured)"


def started(arguments: Sequence[str], cwd: Path, env: dict[str, str]) -> list[object]:
    """By the system, as a program's user would."""
    done = subprocess.run(
        arguments, cwd=cwd, env=env, input="read", capture_output=True, text=True, check=False
    )
    return [done.returncode, done.stdout, done.stderr]


def forked(arguments: Sequence[str], cwd: Path, env: dict[str, str]) -> list[object]:
    done = starts.run(arguments, cwd=cwd, env=env, reads="read")
    return [done.returncode, done.stdout, done.stderr]


@pytest.mark.parametrize("unbuffered", [{}, {"PYTHONUNBUFFERED": "1"}])
@pytest.mark.parametrize(
    "place",
    [
        lambda folder: [str(folder / "shows.py")],
        lambda folder: ["shows.py"],
        lambda folder: ["-m", "shows"],
        lambda folder: ["-c", SHOWS],
    ],
    ids=["path", "name", "module", "program"],
)
def test_it_finds_what_any_program_finds(
    place: Callable[[Path], list[str]], unbuffered: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "shows.py").write_text(SHOWS)
    arguments = [sys.executable, *place(tmp_path), "--one", "two"]
    kept = {name: os.environ[name] for name in starts.READ_TOO_EARLY if name in os.environ}
    env = {"PATH": os.environ["PATH"], "LC_CTYPE": "C.UTF-8", "SAID": "Grüße", **kept, **unbuffered}

    assert forked(arguments, tmp_path, env) == started(arguments, tmp_path, env)


@pytest.mark.parametrize("code", ENDS)
def test_it_ends_as_any_program_ends(code: str) -> None:
    done = starts.run([sys.executable, "-c", ENDS[code]])

    assert done.returncode == int(code)
    assert ("ValueError" in done.stderr) is (code == "1")


def test_a_warning_is_an_error_where_the_environment_says_so() -> None:
    warns = [sys.executable, "-c", "import warnings; warnings.warn('careful')"]

    assert starts.run(warns).returncode == 0
    assert starts.run(warns, env={**os.environ, "PYTHONWARNINGS": "error"}).returncode == 1


def test_it_is_waited_for_asked_and_killed_like_any_other(tmp_path: Path) -> None:
    said = tmp_path / "said"
    sleeps = [sys.executable, "-c", "import os, time; print(os.getsid(0)); time.sleep(60)"]
    env = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with said.open("wb") as file:
        program = starts.start(sleeps, env=env, stdout=file, stderr=subprocess.STDOUT)
    wait_until(said.read_text, seconds=30, what="its first line")

    assert int(said.read_text()) == program.pid
    assert program.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        program.wait(0.01)
    program.kill()
    assert program.wait(20) == program.poll() == -signal.SIGKILL
    program.kill()  # is nobody's end any more


def test_nothing_of_ours_and_no_settings_are_loaded_before() -> None:
    found = starts.run([sys.executable, "-c", f"{LOADED}; {SETTINGS}"]).stdout

    assert "'django'" in found
    for ours in ("api", "clinic", "realtime", "tests", "workers"):
        assert f"'{ours}'" not in found
    assert found.endswith("False\n")
    assert "twisted.internet.reactor" not in seedbed.LIBRARIES
