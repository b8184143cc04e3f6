"""Every client gets exactly 1 to the head of a topic: in order, once, as it was committed, and in time."""

from collections.abc import Iterator

from tests.chaos.clients import digest
from tests.chaos.rules.story import Facts

SHOWN = 5


def gapless(facts: Facts) -> Iterator[str]:
    """The journal itself: numbers 1 to the head, each event once in a topic."""
    for topic, head in facts.heads.items():
        entries = facts.entries.get(topic, [])
        if [one.seq for one in entries] != list(range(1, head + 1)):
            missing = sorted(set(range(1, head + 1)) - {one.seq for one in entries})
            yield f"{topic} is at {head} and holds {len(entries)} entries; missing {missing[:SHOWN]}"
        if len({one.event_id for one in entries}) != len(entries):
            yield f"{topic} holds an event twice"


def in_order(facts: Facts) -> Iterator[str]:
    """On one connection each event is the one after the last, and nothing comes after the end of a watch."""
    expected: dict[tuple[int, str], int] = {}
    for record in facts.all("watching", "event", "revoked", "reset"):
        place = record["conn"], record["topic"]
        match record["what"]:
            case "watching" if record["mode"] != "reset":
                start = record["since"] if record["mode"] == "resumed" else record["head"]
                expected[place] = start + 1
            case "event":
                if place not in expected:
                    yield f"{record['client']}: {record['topic']} {record['seq']} unasked, or after its end"
                elif record["seq"] != expected[place]:
                    yield (
                        f"{record['client']}: {record['topic']} {record['seq']} instead of"
                        f" {expected[place]}"
                    )
                expected[place] = record["seq"] + 1
            case _:
                expected.pop(place, None)


def as_committed(facts: Facts) -> Iterator[str]:
    """Each frame is, to the letter, what the journal holds under its number; nothing rolled back is seen."""
    undone = {each for record in facts.all("rolled_back") for each in record["ids"]}
    digests = {
        (topic, one.seq): digest(one.text)
        for topic, entries in facts.entries.items()
        for one in entries
    }
    for record in facts.all("event"):
        name = f"{record['client']}: {record['topic']} {record['seq']}"
        if record["id"] in undone:
            yield f"{name} was rolled back"
        elif digests.get((record["topic"], record["seq"])) != record["digest"]:
            yield f"{name} is not what the journal holds"


def versions_grow(facts: Facts) -> Iterator[str]:
    """Whatever has a version has a higher one each time a topic tells of it."""
    for topic, entries in facts.entries.items():
        last: dict[tuple[str, int], int] = {}
        for one in entries:
            data = one.frame["data"]
            if "version" not in data or "id" not in data:
                continue
            thing = one.frame["type"].partition(".")[0], data["id"]
            if data["version"] <= last.get(thing, 0):
                yield f"{topic} {one.seq}: {thing} at {data['version']} after {last[thing]}"
            last[thing] = data["version"]


def resets_have_a_reason(facts: Facts) -> Iterator[str]:
    """Only who claims what never was is told to start over: nothing expires during a run."""
    forged = {(record["conn"], record["topic"]) for record in facts.all("forged")}
    for record in facts.all("reset", "watching"):
        is_reset = record["what"] == "reset" or record["mode"] == "reset"
        if is_reset and (record["conn"], record["topic"]) not in forged:
            yield f"{record['client']}: {record['topic']} was reset ({record['reason']})"


def complete(facts: Facts) -> Iterator[str]:
    """Who stands has every number of every topic of theirs."""
    if not facts.stands:
        yield "nobody was left standing: the run has not come to its end"
    for client, topic in facts.stands:
        wanted = set(range(1, facts.heads.get(topic, 0) + 1))
        got = facts.received.get((client, topic), {}).keys()
        if got != wanted:
            missing, more = sorted(wanted - got), sorted(got - wanted)
            yield f"{client}: {topic} lacks {missing[:SHOWN]} and has {more[:SHOWN]} too many"


def in_time(facts: Facts) -> Iterator[str]:
    """After the last fault, and again after the last word, everybody soon has what there is."""
    for client, topic, seq, seconds in _waits(facts):
        if seconds > facts.bounds.converges_seconds:
            yield f"{client}: {topic} {seq} came {seconds:.1f} s after all was well"


def worst_convergence(facts: Facts) -> float:
    """Seconds from the last fault, or from the last word, to the last event of whoever waited longest."""
    return max([0.0, *(seconds for *_, seconds in _waits(facts))])


def _waits(facts: Facts) -> Iterator[tuple[str, str, int, float]]:
    """How long each of those who stand waited for the last number of each topic that there was by then."""
    for calm in facts.all("calm", "quiet"):
        for client, topic in facts.stands:
            there = [
                one.seq for one in facts.entries.get(topic, []) if one.wall <= facts.wall(calm)
            ]
            had = facts.received.get((client, topic), {})
            if there and there[-1] in had:
                yield client, topic, there[-1], had[there[-1]] - calm["t"]
