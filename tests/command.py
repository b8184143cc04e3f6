"""`manage.py test`: the suite in a process of its own, by the labels and options Django's people know."""

import atexit
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
# What follows one of these is its value, never a label.
TAKE_A_VALUE: Final = frozenset({"-k", "-m", "-n", "-p", "-o", "-c", "-W", "-r"})
# Django's own, where pytest calls it otherwise or always does it.
DJANGO_OPTIONS: Final = {
    "--failfast": ["-x"],
    "--noinput": [],
    "--no-input": [],
    "--verbosity=0": ["-q"],
    "--verbosity=1": [],
    "--verbosity=2": ["-v"],
    "--verbosity=3": ["-vv"],
    "--parallel": ["-n", "auto"],
}


def main(arguments: Sequence[str]) -> None:
    """Run pytest and end with its exit code."""
    if "COVERAGE_RUN" in os.environ:
        # After `coverage run` has written what this process did: `coverage report` wants one file.
        atexit.register(_combine_coverage)
    environment = {
        # The tests choose the settings by their engine; nobody may have named others before.
        name: value
        for name, value in os.environ.items()
        if name != "DJANGO_SETTINGS_MODULE"
    }
    command = [sys.executable, "-m", "pytest", *pytest_arguments(arguments)]
    with subprocess.Popen(command, cwd=ROOT, env=environment) as tests:
        while True:
            try:
                code = tests.wait()
                break
            except KeyboardInterrupt:
                continue  # the terminal has told pytest as well, and it ends by itself
    sys.exit(code if code >= 0 else 128 + signal.Signals(-code))


def pytest_arguments(arguments: Sequence[str]) -> list[str]:
    return [word for words in _translated(arguments) for word in words]


def _translated(arguments: Sequence[str]) -> Iterator[list[str]]:
    left = list(arguments)
    while left:
        argument = left.pop(0)
        value = left[0] if left else ""
        if argument in ("-v", "--verbosity") and value.isdigit():
            yield DJANGO_OPTIONS[f"--verbosity={left.pop(0)}"]
        elif argument == "--parallel" and value.isdigit():
            yield ["-n", left.pop(0)]
        elif argument in TAKE_A_VALUE and left:
            yield [argument, left.pop(0)]
        elif argument.startswith("-"):
            yield DJANGO_OPTIONS.get(argument, [argument])
        else:
            yield [target_of(argument)]


def target_of(label: str) -> str:
    """What pytest calls a path or a dotted name: `tests.api.test_booking.SomeClass.test_it`.

    The tests of a package of ours are where they mirror it: `clinic.actions` is `tests/actions`.
    """
    return _of_name(label) or _of_path(label) or label


def _of_name(label: str) -> str | None:
    first, *others = label.split(".")
    if not first.isidentifier():
        return None
    parts = {"tests": ["tests"], "clinic": ["tests"]}.get(first, ["tests", first]) + others
    for length in range(len(parts), 0, -1):
        place, rest = ROOT.joinpath(*parts[:length]), parts[length:]
        if place.with_suffix(".py").is_file():
            return "::".join([str(place.with_suffix(".py")), *rest])
        if place.is_dir() and not rest:
            return str(place)
    return None


def _of_path(label: str) -> str | None:
    path, *nodes = label.split("::")
    return "::".join([str(Path(path).resolve()), *nodes]) if Path(path).exists() else None


def _combine_coverage() -> None:
    subprocess.run([sys.executable, "-m", "coverage", "combine", "--quiet"], check=False)
