"""What was acknowledged stands, and happened once; what was refused did not happen."""

from collections import Counter
from collections.abc import Iterator

from tests.chaos.rules.story import Facts

Thing = tuple[str, int, int]
# Events of one effect that may tell of one thing only once.
MAIN = ("appointment.", "record.", "annotation.")


def acknowledged_stands(facts: Facts) -> Iterator[str]:
    known = _things(facts)
    causes = {cause for *_, cause in facts.story.dump["events"]}
    for record in facts.all("settled"):
        if record["status"] >= 400:
            continue
        for kind, number, version in record["things"]:
            if (kind, number, version) not in known:
                yield f"{record['key']}: {kind} {number} at {version} was promised and is not there"
        if record["status"] == 201 and record["key"] not in causes and record["things"]:
            yield f"{record['key']}: made something, and nothing tells of it"


def _things(facts: Facts) -> set[Thing]:
    """Every version of everything that the journal tells of."""
    return {
        (one.frame["type"].partition(".")[0], one.frame["data"]["id"], one.frame["data"]["version"])
        for entries in facts.entries.values()
        for one in entries
        if "version" in one.frame["data"] and "id" in one.frame["data"]
    }


def happened_once(facts: Facts) -> Iterator[str]:
    effects = Counter(
        (cause, event, kind, number)
        for _, event, kind, number, cause in facts.story.dump["events"]
        if cause and event.startswith(MAIN)
    )
    for (cause, event, kind, number), count in effects.items():
        if count > 1:
            yield f"{cause}: {event} of {kind} {number} happened {count} times"


def refused_did_not_happen(facts: Facts) -> Iterator[str]:
    """Asked once: of one that was asked again, an earlier try may have been slower than its refusal."""
    causes = {cause for *_, cause in facts.story.dump["events"]}
    for record in facts.all("settled"):
        if record["status"] >= 400 and record["tries"] == 1 and record["key"] in causes:
            yield f"{record['key']} was refused with {record['status']} and happened"


def answers_are_orderly(facts: Facts) -> Iterator[str]:
    """Whatever breaks: a service that cannot answer says 503, and when to come again."""
    for record in facts.all("answer"):
        if record["status"] >= 500 and (record["status"] != 503 or not record["retry_after"]):
            yield f"{record['key']} was answered {record['status']}, Retry-After {record['retry_after']}"
