"""The command: measures what is named (everything by default), prints a table, writes JSON and a picture."""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, Final

from tests.bench import calls, latency, machine, peers, report, resume, scale
from tests.bench.machine import on_cores
from tests.bench.progress import step
from tests.bench.scale import Scale
from tests.bench.stage import ROOT, Stage, stage

RACE_THREADS: Final = 16


def race(place: Stage, sizes: Scale) -> dict[str, Any]:
    """Both engines side by side: there is no server to keep apart, so every core is used."""

    def on(env: dict[str, str | None]) -> Any:
        return place.ask(
            env,
            "race.race",
            attempts=sizes.race_attempts,
            threads=RACE_THREADS,
            at_most_seconds=sizes.race_seconds,
        )

    engines = {"sqlite": place.embedded("race"), "postgresql": place.production("race")}
    with (
        step(f"Race: {sizes.race_attempts} attempts on each engine"),
        on_cores(place.layout.server | place.layout.others),
        ThreadPoolExecutor(len(engines)) as both,
    ):
        return dict(zip(engines, both.map(on, engines.values()), strict=True))


def reminders(place: Stage, sizes: Scale) -> dict[str, Any]:
    with step(f"Claims of reminders: {sizes.due_few} and {sizes.due_many} due"):
        return {
            name: place.ask(env, "reminders.claims", few=sizes.due_few, many=sizes.due_many)
            for name, env in {
                "sqlite": place.embedded("due"),
                "postgresql": place.production("due"),
            }.items()
        }


MEASURES: Final[dict[str, Callable[[Stage, Scale], dict[str, Any]]]] = {
    "peers": peers.measure,
    "resume": resume.measure,
    "latency": latency.measure,
    "calls": calls.measure,
    "race": race,
    "reminders": reminders,
}


def main() -> int:
    options = _options()
    sizes = scale.QUICK if options.quick else scale.FULL
    machine.require_linux()
    machine.allow_many_files()
    where = machine.layout()
    busy = machine.busy_share()
    print(f"Layout: {where.words()}.", file=sys.stderr)
    if busy > machine.BUSY_ABOVE:
        print(
            f"Others use {busy:.0%} of this machine: the figures will be too high.", file=sys.stderr
        )
    os.sched_setaffinity(0, where.others)
    found: dict[str, Any] = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _commit(),
        "quick": options.quick,
        "machine": machine.description(),
        "busy_before": round(busy, 2),
        "layout": where.words(),
    }
    began = time.monotonic()
    with stage(where) as place:
        if options.profile:
            print(report.profile(peers.profile(place, sizes)))
            return 0
        for name in options.names or MEASURES:
            found[name] = MEASURES[name](place, sizes)
    found["million_calls_ms_after"] = machine.python_speed_ms()
    found["seconds"] = round(time.monotonic() - began)
    found["load_average_after"] = round(os.getloadavg()[0], 2)
    print(report.table(found))
    for path in report.write(found, options.write):
        print(f"Written: {path}", file=sys.stderr)
    return 0


def _commit() -> str:
    """Which state of the code was measured."""
    said = [
        subprocess.run(
            ["git", *words], cwd=ROOT, capture_output=True, text=True, check=False
        ).stdout
        for words in (("rev-parse", "--short", "HEAD"), ("status", "--porcelain", "-uno"))
    ]
    return said[0].strip() + (" and changes" if said[1] else "")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"any of {', '.join(MEASURES)}; all by default")
    parser.add_argument(
        "--quick", action="store_true", help="smaller and shorter: to try the bench"
    )
    parser.add_argument(
        "--profile", action="store_true", help="instead: where the clinic's server spends its CPU"
    )
    parser.add_argument(
        "--write", default="latest", metavar="NAME", help="name of the files in tests/bench/results"
    )
    options = parser.parse_args()
    unknown = set(options.names) - set(MEASURES)
    if unknown:
        parser.error(f"there is no measure called {', '.join(sorted(unknown))}")
    return options


if __name__ == "__main__":
    sys.exit(main())
