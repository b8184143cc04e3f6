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
    first: dict[int, int] = {}
    most: dict[int, tuple[int, str]] = {}
    for record in facts.all("memory"):
        pid = record["pid"]
        first.setdefault(pid, record["kib"])
        most[pid] = max(most.get(pid, (0, "")), (record["kib"], record["web"]))
    for pid, (kib, web) in most.items():
        if kib - first[pid] > facts.bounds.memory_kib:
            yield f"{web} ({pid}) grew from {first[pid] // 1024} to {kib // 1024} MiB"


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
            return not one.signings  # too many came at once who had not signed in yet
        case 4408:
            return (
                _befell(one, spans, (one.web, "proxy"), ("SIGSTOP", "delay")) or habits == "stalled"
            )
        case 4503:
            return _befell(one, spans, ("postgres", "database"), None)
        case _:
            return _befell(one, spans, (one.web,), ENDS_A_WEB) or _befell(
                one, spans, ("proxy",), ("cut",)
            )


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
