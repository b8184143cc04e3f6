"""Reads a finished run and says what did not hold. It knows nothing of who made the run, or how."""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

from tests.chaos.history import Story, read
from tests.chaos.rules import bounds, numbers, rights, screens, writes
from tests.chaos.rules.story import Bounds, Facts, Rule, Violation

RULES: Final[Sequence[Rule]] = (
    numbers.gapless, numbers.in_order, numbers.as_committed, numbers.versions_grow,
    numbers.resets_have_a_reason, numbers.complete, numbers.in_time,
    rights.only_ones_own, rights.records_by_their_readers, rights.nothing_after_the_end,
    rights.only_genuine_tokens,
    writes.acknowledged_stands, writes.happened_once, writes.refused_did_not_happen,
    writes.answers_are_orderly,
    screens.followed_is_fresh,
    bounds.window_is_kept, bounds.memory_is_bounded, bounds.no_content_leaks,
    bounds.ends_have_a_reason,
)  # fmt: skip
SHOWN: Final = 20


def check(story: Story, limits: Bounds | None = None) -> list[Violation]:
    """Everything that breaks a rule, the first of each."""
    facts = Facts(story, limits or Bounds())
    return list(_violations(facts))


def _violations(facts: Facts) -> Iterator[Violation]:
    for rule in RULES:
        for text in islice(rule(facts), SHOWN):
            yield Violation(rule.__name__, text)


def check_folder(folder: Path, limits: Bounds | None = None) -> list[Violation]:
    return check(read(folder), limits)


def totals(story: Story) -> dict[str, Any]:
    """What the run was, in numbers."""
    facts = Facts(story, Bounds())
    settled = list(facts.all("settled"))
    frames = sum(1 for _ in facts.all("event"))
    resets = sum(1 for one in facts.all("watching") if one["mode"] == "reset")
    return {
        "writes acknowledged": sum(1 for one in settled if one["status"] < 400),
        "writes refused": sum(1 for one in settled if one["status"] >= 400),
        "writes asked again": sum(1 for one in settled if one["tries"] > 1),
        "answers 503": sum(1 for one in facts.all("answer") if one["status"] == 503),
        "events": len(story.dump["events"]),
        "numbers given out": sum(story.dump["heads"].values()),
        "frames checked": frames,
        "clients": len(facts.clients),
        "connections": len(facts.connections),
        "watches resumed": sum(1 for one in facts.all("watching") if one["mode"] == "resumed"),
        "watches reset": resets,
        "rights revoked": sum(1 for _ in facts.all("revoked")),
        "sessions ended": sum(1 for _ in facts.all("ended")),
        "screens compared": sum(1 for _ in facts.all("snapshot")),
        "overheard of Redis (KiB)": sum(one["size"] for one in facts.all("overheard")) // 1024,
        "most grown process (MiB)": max([0, *bounds.growth(facts).values()]) // 1024,
        "worst convergence (s)": round(numbers.worst_convergence(facts), 2),
    }
