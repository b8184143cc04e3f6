"""The history of a run: one JSON object per line, in the order in which the run saw them."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

Record = dict[str, Any]
HISTORY: Final = "history.jsonl"
DUMP: Final = "dump.json"


class History:
    """Written by everybody who takes part. `t` is the monotonic clock; the first line has both clocks."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._file = (folder / HISTORY).open("w")
        self.counts: dict[str, int] = {}
        self.note("began", wall=time.time())

    def note(self, what: str, **fields: Any) -> float:
        """The moment of it."""
        at = time.monotonic()
        self._file.write(json.dumps({"t": round(at, 4), "what": what, **fields}) + "\n")
        self.counts[what] = self.counts.get(what, 0) + 1
        return at

    def close(self) -> None:
        self._file.close()


@dataclass(slots=True)
class Story:
    """A finished run as the checker gets it: what was seen, and what the database holds at its end.

    The dump has `heads` (topic: number), `entries` (topic: `[number, wall time, event's id, frame]`, in
    order), and `events` (`[id, type, kind of subject, id of subject, cause]`).
    """

    records: list[Record]
    dump: dict[str, Any]

    def all(self, *whats: str) -> Iterator[Record]:
        return (record for record in self.records if record["what"] in whats)

    @property
    def clock_offset(self) -> float:
        """What to add to a wall time to have it on the history's clock."""
        began = next(self.all("began"))
        return float(began["t"] - began["wall"])


def read(folder: Path) -> Story:
    with (folder / HISTORY).open() as lines:
        records = [json.loads(line) for line in lines]
    return Story(records, json.loads((folder / DUMP).read_text()))
