"""Nothing grows without bound, nothing leaks, and no socket is closed for no reason."""

from collections.abc import Iterator
from typing import Final

from tests.chaos.rules.story import Connection, Facts

# A socket ends a little after what ended it.
LATE_SECONDS: Final = 3.0
ENDS_A_WEB: Final = ("SIGKILL", "SIGTERM")


def window_is_kept(facts: Facts) -> Iterator[str]:
    """Nobody is sent more than the window of what they have not acknowledged: the rest stays in the database."""
    waiting: dict[int, dict[str, int]] = {}
    for record in facts.all("event", "ack", "revoked", "reset"):
        conn = record["conn"]
        counts = waiting.setdefault(conn, {})
        match record["what"]:
            case "ack":
                counts.clear()
            case "event":
                counts[record["topic"]] = counts.get(record["topic"], 0) + 1
                window = facts.connections[conn].window
                if window is not None and sum(counts.values()) == window + 1:
                    yield f"{record['client']}: more than {window} events that were not acknowledged"
            case _:
                counts.pop(record["topic"], None)


def memory_is_bounded(facts: Facts) -> Iterator[str]:
    for name, kib in growth(facts).items():
        if kib > facts.bounds.memory_kib:
            yield f"{name} grew by {kib // 1024} MiB"


def growth(facts: Facts) -> dict[str, int]:
    """By how many KiB each process grew at most after its first second."""
    first: dict[str, int] = {}
    grown: dict[str, int] = {}
    for record in facts.all("memory"):
        name = f"{record['web']} ({record['pid']})"
        first.setdefault(name, record["kib"])
        grown[name] = max(grown.get(name, 0), record["kib"] - first[name])
    return grown


def no_content_leaks(facts: Facts) -> Iterator[str]:
    for record in facts.all("leak"):
        yield f"health content was found in {record['where']}"


def ends_have_a_reason(facts: Facts) -> Iterator[str]:
    """Redis may do what it likes: a socket ends with its process, its proxy, its right, or by its client."""
    faults = [(record["target"], record["kind"], record["t"]) for record in facts.all("fault")]
    healed = [(record["target"], record["kind"], record["t"]) for record in facts.all("healed")]
    spans = [(*fault, _end_of(fault, healed)) for fault in faults]
    for connection in facts.connections.values():
        if connection.code is None or connection.own or connection.closed > facts.quiet:
            continue
        if not _has_reason(connection, spans, facts):
            yield (
                f"{connection.client} on {connection.web}: closed with {connection.code}"
                f" {connection.parted} after {connection.closed - connection.opened:.1f} s"
            )


Span = tuple[str, str, float, float]


def _end_of(fault: tuple[str, str, float], healed: list[tuple[str, str, float]]) -> float:
    target, kind, began = fault
    ends = [t for name, what, t in healed if (name, what) == (target, kind) and t >= began]
    return min(ends, default=began)


def _has_reason(one: Connection, spans: list[Span], facts: Facts) -> bool:
    habits = facts.clients[one.client]["habits"]
    match one.code:
        case 4401:
            return habits in ("forger", "expirer", "leaver")
        case 4403:
            return habits == "leaver"
        case 4410:
            return habits in ("greedy", "stalled")
        case 4412:
            return _befell(one, spans, (one.web,), ("SIGTERM",))
        case 4429:
            return _had_no_right(one, facts)
        case 4408:
            return (
                _befell(one, spans, (one.web, "proxy"), ("SIGSTOP", "delay")) or habits == "stalled"
            )
        case 4503:
            return _befell(one, spans, ("postgres", "database"), None)
        case _:
            return (
                _befell(one, spans, (one.web,), ENDS_A_WEB)
                or _befell(one, spans, ("proxy",), ("cut",))
                or _had_no_right(one, facts)
            )


def _had_no_right(one: Connection, facts: Facts) -> bool:
    """Its token or its session was over, or was never: what the server said of it may be lost with the socket."""
    if not one.signings:
        return one.parted == "too_many_frames"  # so many came at once who had not signed in yet
    last = one.signings[-1]
    expired = last["expires"] + facts.story.clock_offset < one.closed
    ended = (end for end in facts.all("ended") if end["session"] == last["session"])
    return expired or not last["ok"] or any(end["t"] < one.closed + LATE_SECONDS for end in ended)


def _befell(
    one: Connection,
    spans: list[Span],
    targets: tuple[str | None, ...],
    kinds: tuple[str, ...] | None,
) -> bool:
    """Whether something of the kind happened to one of these while the socket was open, or just before."""
    return any(
        target in targets
        and (kinds is None or kind in kinds)
        and began <= one.closed + LATE_SECONDS
        and end >= one.opened - LATE_SECONDS
        for target, kind, began, end in spans
    )
