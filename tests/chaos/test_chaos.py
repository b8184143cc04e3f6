"""The promise under faults, on the machine that runs the tests; and that the checker would notice if it were broken."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections

from tests.chaos.cast import Script
from tests.chaos.checker import check_folder, totals
from tests.chaos.controls import CONTROLS
from tests.chaos.history import read
from tests.chaos.rules.story import Bounds
from tests.chaos.run import play
from tests.chaos.stage import ROOT, Ground
from tests.engine import Engine

# On a machine that does much else; each of these needs about 20 seconds of an idle one.
pytestmark = pytest.mark.timeout(600)
# How soon everybody has everything is the matter of `make chaos`, on a machine that does nothing else.
PATIENT = Bounds(converges_seconds=60)
FEW: dict[str, Any] = {
    "doctors": 2, "patients": 2, "odd": 6, "leavers": 1, "sessions": 10, "records": 2,
}  # fmt: skip


@pytest.fixture
def ground(engine: Engine, nobody_serves: None, server_dir: Path) -> Iterator[Ground]:
    """The tests' own database and Redis: processes come and go, and backends are ended."""
    connections.close_all()
    yield Ground(server_dir, {}, redis=engine.redis)
    connections.close_all()
    if engine.redis is not None:
        # Its backends were ended. One by one, a pool takes seconds to find out of each that it is dead.
        connection.pool.check()  # type: ignore[attr-defined]  # PostgreSQL has one
        engine.redis.healthy()


@pytest.fixture
def folder(engine: Engine, request: pytest.FixtureRequest) -> Path:
    """Where the history of this test is kept."""
    name = request.node.name.replace("[", "-").rstrip("]")
    return ROOT / ".cache" / "chaos" / f"{engine.name}-{name}"


def rules_broken(ground: Ground, script: Script, folder: Path, *, worker: bool) -> set[str]:
    asyncio.run(play(ground, script, folder, with_worker=worker))
    found = check_folder(folder, PATIENT)
    for violation in found:
        print(violation.rule, violation.text)
    print(f"history: {folder}")
    return {violation.rule for violation in found}


@pytest.mark.engine("postgres")
def test_every_client_has_everything_whatever_was_killed(ground: Ground, folder: Path) -> None:
    script = Script(seed="7", kills=6, pace=0.5, webs=2, **FEW)

    assert rules_broken(ground, script, folder, worker=True) == set()

    happened = totals(read(folder))
    for what in ("frames checked", "writes acknowledged", "watches reset", "sessions ended"):
        assert happened[what], what
    assert happened["screens compared"]
    assert happened["overheard of Redis (KiB)"]


@pytest.mark.engine("sqlite")
def test_one_process_may_die_as_often_as_it_likes(ground: Ground, folder: Path) -> None:
    script = Script(seed="7", kills=3, pace=1, webs=1, **FEW)

    assert rules_broken(ground, script, folder, worker=False) == set()


@pytest.mark.engine("postgres")
def test_content_in_nudges_and_no_window_are_noticed(ground: Ground, folder: Path) -> None:
    """Two controls in one run: each is caught by rules of its own."""
    reading, window = CONTROLS["reading"], CONTROLS["window"]
    script = replace(reading.script("7"), broken=(*reading.broken, *window.broken))

    assert rules_broken(ground, script, folder, worker=False) >= (
        reading.caught_by | window.caught_by
    )


@pytest.mark.proof
@pytest.mark.engine("postgres")
@pytest.mark.parametrize("name", CONTROLS)
def test_what_is_taken_out_is_noticed(ground: Ground, folder: Path, name: str) -> None:
    control = CONTROLS[name]

    assert rules_broken(ground, control.script("7"), folder, worker=False) >= control.caught_by


@pytest.mark.proof
@pytest.mark.engine("postgres")
@pytest.mark.parametrize("name", CONTROLS)
def test_it_is_that_which_was_noticed(ground: Ground, folder: Path, name: str) -> None:
    """The same run without the last thing taken out: nothing is found."""
    script = CONTROLS[name].script_of_its_pair("7")

    assert rules_broken(ground, script, folder, worker=False) == set()


@pytest.mark.proof
@pytest.mark.engine("postgres")
@pytest.mark.timeout(3600)
def test_a_hundred_kills_lose_nothing() -> None:
    """On servers of its own, PostgreSQL among what is killed: the very command."""
    command = [sys.executable, "-m", "tests.chaos", "--seed", "proof", "--kills", "100"]
    done = subprocess.run(
        [*command, "--within", "60"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
