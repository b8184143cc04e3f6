"""The must-fail controls: what is taken out of the product, in which run, and which rules then have to break."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from tests.chaos.cast import Script

# Nobody is killed: what breaks, breaks by itself. One process, so that nothing heals by a reconnect.
QUIET: Final[dict[str, Any]] = {
    "kills": 0, "calm_writing": 3.0, "webs": 1, "doctors": 2, "patients": 2, "odd": 0, "leavers": 1,
    "sessions": 3, "records": 2, "lost_nudges": 0.0, "rollbacks": 0.0, "patience": 5.0,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Control:
    """What is missing (modules of tests/chaos/broken), how the run differs, and what must be found."""

    broken: Sequence[str]
    caught_by: frozenset[str]
    differs: tuple[tuple[str, Any], ...] = ()

    def script(self, seed: str) -> Script:
        return Script(seed=seed, broken=self.broken, **{**QUIET, **dict(self.differs)})

    def script_of_its_pair(self, seed: str) -> Script:
        """The same run with all that was taken out besides the last thing: here nothing may break."""
        return Script(seed=seed, broken=self.broken[:-1], **{**QUIET, **dict(self.differs)})


CONTROLS: Final[dict[str, Control]] = {
    # Nine nudges of ten are lost: only the sweep would find what they told of.
    "sweep": Control(("no_sweep",), frozenset({"complete"}), (("lost_nudges", 0.9),)),
    # Rolled back transactions leave holes, and who commits first is not who drew first.
    "numbers": Control(("plain_numbers",), frozenset({"gapless"}), (("rollbacks", 0.3),)),
    "reading": Control(
        ("content_in_nudge",),
        frozenset({"as_committed", "no_content_leaks"}),
        (("rollbacks", 0.3),),
    ),
    # The sweep heals this within two seconds, so it is out as well: alone, that breaks nothing here.
    "registration": Control(("no_sweep", "late_registration"), frozenset({"complete"})),
    "window": Control(("no_window",), frozenset({"window_is_kept"})),
}
