"""What the bench says while it runs."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_BAR: Final = 24
_EVERY_SECONDS: Final = 0.2


class Progress:
    """One line per step: redrawn in a terminal, printed once at its end everywhere else."""

    def __init__(self, text: str, total: float) -> None:
        self._text = text
        self._total = max(total, 1e-9)
        self._began = time.monotonic()
        self._drawn = 0.0
        self._live = sys.stderr.isatty()

    def at(self, done: float) -> None:
        now = time.monotonic()
        if self._live and now - self._drawn >= _EVERY_SECONDS:
            self._drawn = now
            share = min(1.0, done / self._total)
            bar = "#" * round(share * _BAR)
            print(f"\r\033[K{self._text:<46} [{bar:<{_BAR}}] {share:4.0%}", end="", file=sys.stderr)

    def done(self, remark: str = "") -> None:
        start = "\r\033[K" if self._live else ""
        seconds = time.monotonic() - self._began
        print(f"{start}{self._text:<46} {seconds:6.1f} s  {remark}", file=sys.stderr, flush=True)


@contextmanager
def step(text: str, total: float = 1) -> Iterator[Progress]:
    progress = Progress(text, total)
    progress.at(0)
    yield progress
    progress.done()
