"""The checker finds what it is there for: a good story, and the same one with one thing wrong."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.chaos.checker import RULES, check
from tests.chaos.clients import digest
from tests.chaos.history import Record, Story

pytestmark = pytest.mark.engine("sqlite")

WALL = 1_000_000.0
DOCTOR, OTHER, PATIENT = 1, 2, 3
Wrong = Callable[[list[Record], dict[str, Any]], None]


def frame(topic: str, seq: int, event: str, **data: Any) -> str:
    body = {"op": "event", "topic": topic, "seq": seq, "id": f"{topic}/{seq}", "type": event}
    return json.dumps({**body, "data": data})


def visit(seq: int, version: int) -> str:
    return frame(
        f"user.{PATIENT}", seq, "appointment.confirmed", id=9, version=version, doctor={"id": DOCTOR}
    )  # fmt: skip


def record_frame(seq: int, doctor: int | None) -> str:
    whose = None if doctor is None else {"id": doctor}
    return frame(
        "record.5", seq, "record.assigned", id=5, version=seq, doctor=whose, annotations=[]
    )


def a_dump() -> dict[str, Any]:
    texts = {
        f"user.{PATIENT}": [visit(1, 1), visit(2, 2), visit(3, 3)],
        "record.5": [record_frame(1, DOCTOR), record_frame(2, OTHER)],
    }
    entries = {
        topic: [
            [seq, WALL + 10 * seq, f"{topic}/{seq}", text] for seq, text in enumerate(each, start=1)
        ]
        for topic, each in texts.items()
    }
    return {
        "heads": {topic: len(each) for topic, each in entries.items()},
        "entries": entries,
        "events": [[f"user.{PATIENT}/2", "appointment.confirmed", "appointment", 9, "key-1"]],
    }


def event(t: float, client: str, conn: int, topic: str, text: str) -> Record:
    seq = json.loads(text)["seq"]
    return {
        "t": t, "what": "event", "client": client, "conn": conn, "topic": topic, "seq": seq,
        "digest": digest(text), "id": f"{topic}/{seq}",
    }  # fmt: skip


def a_history() -> list[Record]:
    """A patient with three events, and a doctor who has a record until it is handed on."""
    own = f"user.{PATIENT}"
    return [
        {"t": 0.0, "what": "began", "wall": WALL},
        *opened(1.0, "patient", 1, person=PATIENT, role="PATIENT", topics=[own]),
        watching(1.2, "patient", 1, own),
        *opened(2.0, "doctor", 2, person=DOCTOR, role="DOCTOR", topics=["record.5"]),
        watching(2.2, "doctor", 2, "record.5"),
        *opened(3.0, "leaver", 3, person=PATIENT, role="PATIENT", topics=[own], habits="leaver"),
        {"t": 5.0, "what": "memory", "web": "web-1", "pid": 77, "kib": 100_000},
        event(10.1, "patient", 1, own, visit(1, 1)),
        event(10.2, "doctor", 2, "record.5", record_frame(1, DOCTOR)),
        {"t": 11.0, "what": "snapshot", "client": "patient", "topic": own, "person": PATIENT,
         "seq": 1, "state": {"appointments": {"9": json.loads(visit(1, 1))["data"]}}},
        {"t": 15.0, "what": "ended", "client": "leaver", "session": "leaver", "wall": WALL + 15},
        {"t": 15.1, "what": "close", "client": "leaver", "conn": 3, "code": 4401, "own": ""},
        {"t": 19.0, "what": "answer", "key": "key-1", "status": 503, "retry_after": "2"},
        event(20.1, "patient", 1, own, visit(2, 2)),
        {"t": 20.2, "what": "settled", "key": "key-1", "method": "POST", "path": "/", "tries": 1,
         "status": 200, "things": [["appointment", 9, 2]]},
        {"t": 20.3, "what": "revoked", "client": "doctor", "conn": 2, "topic": "record.5",
         "reason": "right_ended"},
        {"t": 20.4, "what": "ack", "client": "patient", "conn": 1, "topics": {own: 2}},
        {"t": 21.0, "what": "settled", "key": "key-2", "method": "POST", "path": "/", "tries": 1,
         "status": 409, "things": []},
        {"t": 24.5, "what": "calm"},
        {"t": 25.0, "what": "memory", "web": "web-1", "pid": 77, "kib": 120_000},
        {"t": 30.0, "what": "quiet"},
        event(30.1, "patient", 1, own, visit(3, 3)),
        {"t": 31.0, "what": "stands", "client": "patient", "topics": [own]},
        {"t": 32.0, "what": "fresh", "client": "patient", "topic": own, "person": PATIENT,
         "seq": 3, "state": {"appointments": {"9": json.loads(visit(3, 3))["data"]}}},
        {"t": 33.0, "what": "rolled_back", "ids": ["nobody saw it"]},
    ]  # fmt: skip


def opened(t: float, client: str, conn: int, *, habits: str = "steady", **who: Any) -> list[Record]:
    signed = {"ok": True, "person": who["person"], "session": client, "genuine": True}
    return [
        {"t": t, "what": "client", "client": client, "habits": habits, **who},
        {"t": t, "what": "dialed", "port": conn, "web": "web-1"},
        {"t": t, "what": "open", "client": client, "conn": conn, "port": conn},
        {"t": t, "what": "welcome", "client": client, "conn": conn, "window": 2},
        {"t": t, "what": "signed_in", "client": client, "conn": conn, "expires": WALL + 999, **signed},
    ]  # fmt: skip


def watching(t: float, client: str, conn: int, topic: str, **more: Any) -> Record:
    return {
        "t": t, "what": "watching", "client": client, "conn": conn, "topic": topic, "since": 0,
        "head": 0, "mode": "resumed", "reason": None, **more,
    }  # fmt: skip


def found(wrong: Wrong) -> set[str]:
    records, dump = copy.deepcopy(a_history()), a_dump()
    wrong(records, dump)
    records.sort(key=lambda record: record["t"])
    return {violation.rule for violation in check(Story(records, dump))}


def nothing(records: list[Record], dump: dict[str, Any]) -> None:
    pass


def adds(*more: Record) -> Wrong:
    return lambda records, dump: records.extend(more)


def drops(what: str, **fields: Any) -> Wrong:
    def wrong(records: list[Record], dump: dict[str, Any]) -> None:
        gone = [one for one in records if one["what"] == what and fields.items() <= one.items()]
        assert gone
        for one in gone:
            records.remove(one)

    return wrong


def changes(what: str, where: dict[str, Any], **fields: Any) -> Wrong:
    def wrong(records: list[Record], dump: dict[str, Any]) -> None:
        here = [one for one in records if one["what"] == what and where.items() <= one.items()]
        assert here
        for one in here:
            one.update(fields)

    return wrong


def dumps(change: Callable[[dict[str, Any]], object]) -> Wrong:
    def wrong(records: list[Record], dump: dict[str, Any]) -> None:
        change(dump)

    return wrong


OWN = f"user.{PATIENT}"
THIRD = event(30.1, "patient", 1, OWN, visit(3, 3))
RESET = watching(20.5, "doctor", 2, "record.5", mode="reset", reason="too_old")
RESET_LATER = {**RESET, "t": 20.6, "what": "reset"}
FIRST_AGAIN = event(20.5, "doctor", 2, "record.5", record_frame(1, DOCTOR))
NOT_THEIRS = event(20.25, "doctor", 2, "record.5", record_frame(2, OTHER))
WATCHES_ON = watching(14.0, "leaver", 3, OWN, since=1)
AFTER_LEAVING = event(21.0, "leaver", 3, OWN, visit(2, 2))
LEAK = {"t": 20.5, "what": "leak", "where": "redis"}
DROPPED = {"t": 22.0, "what": "close", "client": "doctor", "conn": 2, "code": 1006, "own": ""}
PARTED = {**DROPPED, "code": 4401}

CASES: list[tuple[str, Wrong]] = [
    ("gapless", dumps(lambda dump: dump["heads"].update({OWN: 4}))),
    ("gapless", dumps(lambda dump: dump["entries"][OWN].pop(0))),
    ("gapless", dumps(lambda dump: dump["entries"][OWN][0].__setitem__(2, f"{OWN}/2"))),
    ("in_order", adds({**THIRD, "t": 30.2})),
    ("in_order", drops("event", seq=2)),
    ("in_order", adds(FIRST_AGAIN)),
    ("as_committed", changes("event", {"seq": 2}, digest="of another frame")),
    ("as_committed", changes("rolled_back", {}, ids=[f"{OWN}/2"])),
    ("versions_grow", dumps(lambda dump: dump["entries"][OWN][2].__setitem__(3, visit(3, 2)))),
    ("resets_have_a_reason", adds(RESET)),
    ("resets_have_a_reason", adds(RESET_LATER)),
    ("complete", drops("event", seq=3)),
    ("complete", drops("stands")),
    ("in_time", changes("event", {"seq": 3}, t=35.2)),
    ("in_time", changes("event", {"client": "patient", "seq": 2}, t=29.9)),
    ("only_ones_own", changes("client", {"client": "patient"}, person=OTHER)),
    ("records_by_their_readers", adds(NOT_THEIRS)),
    ("nothing_after_the_end", adds(WATCHES_ON, AFTER_LEAVING)),
    ("nothing_after_the_end", changes("signed_in", {"client": "patient"}, expires=WALL + 12)),
    ("only_genuine_tokens", changes("signed_in", {"client": "patient"}, genuine=False)),
    ("only_genuine_tokens", changes("ended", {}, t=2.5)),
    ("acknowledged_stands", changes("settled", {"key": "key-1"}, things=[["appointment", 9, 4]])),
    ("acknowledged_stands", changes("settled", {"key": "key-1"}, status=201, key="key-3")),
    ("happened_once", dumps(lambda dump: dump["events"].append(dump["events"][0]))),
    ("refused_did_not_happen", changes("settled", {"key": "key-2"}, key="key-1")),
    ("answers_are_orderly", changes("answer", {}, status=500)),
    ("answers_are_orderly", changes("answer", {}, retry_after=None)),
    ("followed_is_fresh", changes("fresh", {}, state={"appointments": {}})),
    ("window_is_kept", drops("ack")),
    ("memory_is_bounded", changes("memory", {"t": 25.0}, kib=300_000)),
    ("no_content_leaks", adds(LEAK)),
    ("ends_have_a_reason", adds(DROPPED)),
    ("ends_have_a_reason", adds(PARTED)),
]


def test_a_good_story_breaks_no_rule() -> None:
    assert found(nothing) == set()


@pytest.mark.parametrize(("rule", "wrong"), CASES)
def test_what_breaks_a_rule_is_found(rule: str, wrong: Wrong) -> None:
    assert rule in found(wrong)


def test_every_rule_has_a_case() -> None:
    assert {rule for rule, _ in CASES} == {rule.__name__ for rule in RULES}


def test_what_was_said_of_an_end_may_be_lost_with_the_socket() -> None:
    """Of a session that is over, a dropped connection is no surprise; of one that stands, it is."""
    assert found(changes("close", {"client": "leaver"}, code=1006)) == set()


def test_a_fault_of_its_web_process_is_a_reason_to_close() -> None:
    for target, rules in (("web-1", set()), ("redis", {"ends_have_a_reason"})):
        befell = {"target": target, "kind": "SIGKILL"}
        wrong = adds(
            DROPPED,
            {"t": 21.9, "what": "fault", **befell},
            {"t": 23.0, "what": "healed", **befell},
        )
        assert found(wrong) == rules
