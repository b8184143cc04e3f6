"""The command: plays one run on servers of its own, checks it, prints what it was; the history is kept."""

import argparse
import asyncio
import logging
import secrets
import sys
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tests.chaos import controls
from tests.chaos.cast import Script
from tests.chaos.checker import check, totals
from tests.chaos.history import read
from tests.chaos.rules.story import Bounds, Violation
from tests.chaos.run import play
from tests.chaos.stage import ROOT, own_ground

KEPT: Final = ROOT / ".cache" / "chaos"
LINE_SECONDS: Final = 10.0


class Progress:
    """A line now and then: how far it is, and what has happened so far."""

    def __init__(self, kills: int) -> None:
        self._kills = kills
        self._began = self._said = time.monotonic()

    def tell(self, befell: Mapping[str, int], counts: Mapping[str, int]) -> None:
        if time.monotonic() - self._said >= LINE_SECONDS:
            self._said = time.monotonic()
            print(
                f"{self._said - self._began:5.0f} s  {kills(befell)} of {self._kills} kills,"
                f" {counts.get('settled', 0)} requests, {counts.get('event', 0)} frames",
                file=sys.stderr,
            )


def kills(befell: Mapping[str, int]) -> int:
    return sum(count for what, count in befell.items() if what.startswith("SIG"))


def main() -> int:
    options = _options()
    logging.disable(logging.WARNING)
    if options.without:
        return _control(options.without, options.seed)
    # Somebody signs out every few seconds, from the beginning to the end.
    script = Script(seed=options.seed, kills=options.kills, sessions=max(40, options.kills))
    folder = KEPT / f"seed-{script.seed}"
    began = time.monotonic()
    with own_ground() as ground:
        befell = asyncio.run(play(ground, script, folder, tell=Progress(script.kills).tell))
    violations = check(read(folder), Bounds(converges_seconds=options.within))
    _print_totals(folder, befell, time.monotonic() - began)
    _print_violations(violations)
    print(f"The history of it: {folder}")
    return 1 if violations else 0


def _control(name: str, seed: str) -> int:
    """Played without what the control takes out: the checker has to notice, or it is worth nothing."""
    control = controls.CONTROLS[name]
    folder = KEPT / f"without-{name}"
    with own_ground() as ground:
        asyncio.run(play(ground, control.script(seed), folder))
    violations = check(read(folder), Bounds(converges_seconds=60))
    _print_violations(violations)
    caught = control.caught_by <= {violation.rule for violation in violations}
    print(f"Without {name}: {'caught' if caught else 'NOT CAUGHT'}. The history of it: {folder}")
    return 0 if caught else 1


def _print_totals(folder: Path, befell: Mapping[str, int], seconds: float) -> None:
    rows: dict[str, object] = {
        "seconds": round(seconds),
        "kills": kills(befell),
        **{f"  {what}": count for what, count in sorted(befell.items())},
        **totals(read(folder)),
    }
    for name, value in rows.items():
        print(f"{name:32} {value:>12}")


def _print_violations(violations: list[Violation]) -> None:
    for rule, count in Counter(violation.rule for violation in violations).items():
        print(f"BROKEN: {rule} ({count})")
    for violation in violations:
        print(f"  {violation.rule}: {violation.text}"[:400])
    if not violations:
        print("No rule was broken.")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", default=secrets.token_hex(4), help="of everything that is drawn")
    parser.add_argument("--kills", type=int, default=100, help="signals that end or stop a process")
    parser.add_argument(
        "--within", type=float, default=5.0, help="seconds in which everybody must have everything"
    )
    parser.add_argument(
        "--without", choices=sorted(controls.CONTROLS), help="play a must-fail control instead"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
