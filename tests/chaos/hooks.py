"""What goes wrong inside the web processes of a run, as it is told to them through the environment."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final

NAME: Final = "CHAOS_HOOKS"
ROLLED_BACK: Final = "rolled-back.txt"


@dataclass(frozen=True, slots=True)
class Hooks:
    """Shares of what is lost, where that is written down, and the controls in force (tests/chaos/broken)."""

    lost_nudges: float = 0.0
    """As of a process that dies between its commit and the nudge."""
    rollbacks: float = 0.0
    """Of transactions that have their numbers already."""
    seed: str = ""
    folder: str = ""
    broken: Sequence[str] = ()

    def environment(self) -> dict[str, str]:
        return {NAME: json.dumps(asdict(self))}
