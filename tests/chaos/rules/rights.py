"""Nothing reaches whom it is not for: not by role, not after a right, a session or a token has ended."""

from collections.abc import Iterator
from typing import Final

from tests.chaos.history import Record
from tests.chaos.rules.story import Entry, Facts

# The socket looks at its clock once a second; a frozen process looks when it is thawed.
EXPIRY_GRACE_SECONDS: Final = 6.0


def only_ones_own(facts: Facts) -> Iterator[str]:
    """Who watches what, by role; records are another rule."""
    for client, topic in facts.received:
        record = facts.clients[client]
        if not _may_watch(record["role"], record["person"], topic):
            yield f"{client} was told of {topic}"


def _may_watch(role: str, person: int, topic: str) -> bool:
    kind, _, owner = topic.partition(".")
    match kind:
        case "user":
            return owner == str(person)
        case "calendar":
            return role == "DOCTOR" and owner == str(person)
        case "desk":
            return role in ("RECEPTIONIST", "ADMIN")
        case _:
            return True


def records_by_their_readers(facts: Facts) -> Iterator[str]:
    """A doctor gets an event of a record only if it was theirs at it, or later on and before it was sent.

    The records of a run are handed over by name alone, so the journal of a record says whose it was when.
    """
    for record in facts.all("event"):
        topic = record["topic"]
        if topic.startswith("record.") and facts.clients[record["client"]]["role"] == "DOCTOR":
            person = facts.clients[record["client"]]["person"]
            if not _could_read(facts, topic, record, person):
                yield (
                    f"{record['client']}: {topic} {record['seq']}, which was not theirs"
                    f" from its commit to its receipt"
                )


def _could_read(facts: Facts, topic: str, record: Record, person: int) -> bool:
    heard = facts.wall(record)
    doctor: int | None = None
    for entry in facts.entries.get(topic, []):
        doctor = _doctor_after(entry, doctor)
        if entry.wall > heard and entry.seq > record["seq"]:
            return False
        if entry.seq >= record["seq"] and doctor == person:
            return True
    return False


def _doctor_after(entry: Entry, before: int | None) -> int | None:
    if not entry.frame["type"].startswith("record."):
        return before
    doctor = entry.frame["data"]["doctor"]
    return None if doctor is None else int(doctor["id"])


def nothing_after_the_end(facts: Facts) -> Iterator[str]:
    """What is committed after the end of a session, or of a token, is not sent to its sockets."""
    ended = {record["session"]: record["wall"] for record in facts.all("ended")}
    for record in facts.all("event"):
        entry = facts.by_number.get(record["topic"], {}).get(record["seq"])
        connection = facts.connections[record["conn"]]
        signed = [one for one in connection.signings if one["t"] <= record["t"]]
        if entry is None or not signed:
            continue
        name = f"{record['client']}: {record['topic']} {record['seq']}"
        if entry.wall > ended.get(signed[-1]["session"], float("inf")):
            yield f"{name} was committed after the session had ended"
        if entry.wall > signed[-1]["expires"] + EXPIRY_GRACE_SECONDS:
            yield f"{name} was committed after the token had expired"


def only_genuine_tokens(facts: Facts) -> Iterator[str]:
    """Nobody gets in with a forged token, or with one whose session has ended."""
    ended = {record["session"]: record["t"] for record in facts.all("ended")}
    for record in facts.all("signed_in"):
        opened = facts.connections[record["conn"]].opened
        if record["ok"] and not record["genuine"]:
            yield f"{record['client']} got in with a forged token"
        if record["ok"] and opened > ended.get(record["session"], float("inf")):
            yield f"{record['client']} got in after the session had ended"
