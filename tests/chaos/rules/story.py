"""A story made ready for the rules: connections, frames by topic, and when things happened."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from tests.chaos.history import Record, Story

Key = tuple[str, str]
"""A client and a topic."""


@dataclass(frozen=True, slots=True)
class Violation:
    rule: str
    text: str


Rule = Callable[["Facts"], Iterator[str]]


class Entry(NamedTuple):
    seq: int
    wall: float
    event_id: str
    text: str
    frame: dict[str, Any]


@dataclass(slots=True)
class Connection:
    """One socket of a client, from its opening to its end."""

    client: str
    port: int
    opened: float
    web: str | None = None
    closed: float = float("inf")
    code: int | None = None
    own: str = ""
    window: int | None = None
    signings: list[Record] = field(default_factory=list)
    parted: str = ""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a run is held to."""

    converges_seconds: float = 5.0
    memory_kib: int = 96 * 1024
    """By which a web process may grow between its first second and its end."""


class Facts:
    """A story, read once for all rules."""

    def __init__(self, story: Story, bounds: Bounds) -> None:
        self.story = story
        self.bounds = bounds
        self.all = story.all

    def wall(self, record: Record) -> float:
        return float(record["t"]) - self.story.clock_offset

    @cached_property
    def entries(self) -> dict[str, list[Entry]]:
        return {
            topic: [
                Entry(seq, wall, event_id, text, json.loads(text))
                for seq, wall, event_id, text in entries
            ]
            for topic, entries in self.story.dump["entries"].items()
        }

    @cached_property
    def by_number(self) -> dict[str, dict[int, Entry]]:
        return {topic: {one.seq: one for one in each} for topic, each in self.entries.items()}

    @property
    def heads(self) -> dict[str, int]:
        heads: dict[str, int] = self.story.dump["heads"]
        return heads

    @cached_property
    def clients(self) -> dict[str, Record]:
        return {record["client"]: record for record in self.all("client")}

    @cached_property
    def stands(self) -> list[Key]:
        """Who must have everything of which topic."""
        return [
            (record["client"], topic) for record in self.all("stands") for topic in record["topics"]
        ]

    @cached_property
    def received(self) -> dict[Key, dict[int, float]]:
        """The numbers each client got of each topic, and when it had them first."""
        found: dict[Key, dict[int, float]] = {}
        for record in self.all("event"):
            numbers = found.setdefault((record["client"], record["topic"]), {})
            numbers.setdefault(record["seq"], record["t"])
        return found

    @cached_property
    def connections(self) -> dict[int, Connection]:
        found: dict[int, Connection] = {}
        dialed: dict[int, str] = {}
        for record in self.all("open", "dialed", "welcome", "signed_in", "parted", "close"):
            match record["what"]:
                case "dialed":
                    dialed[record["port"]] = record["web"]
                case "open":
                    web = dialed.get(record["port"])
                    found[record["conn"]] = Connection(
                        record["client"], record["port"], record["t"], web
                    )
                case _:
                    _take(found[record["conn"]], record)
        return found

    @cached_property
    def quiet(self) -> float:
        """When the last word was said."""
        return max((record["t"] for record in self.all("quiet")), default=float("inf"))


def _take(connection: Connection, record: Record) -> None:
    match record["what"]:
        case "welcome":
            connection.window = record["window"]
        case "signed_in":
            connection.signings.append(record)
        case "parted":
            connection.parted = record["code"]
        case "close":
            connection.closed, connection.code = record["t"], record["code"]
            connection.own = record["own"]
