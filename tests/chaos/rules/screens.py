"""A screen that was loaded in the middle of it and followed its events shows in the end what a fresh one shows."""

from collections.abc import Iterator
from typing import Any

from tests.chaos import screens
from tests.chaos.rules.story import Facts


def followed_is_fresh(facts: Facts) -> Iterator[str]:
    for fresh in facts.all("fresh"):
        client, topic = fresh["client"], fresh["topic"]
        for loaded in facts.all("snapshot"):
            if (loaded["client"], loaded["topic"]) != (client, topic):
                continue
            got = facts.received.get((client, topic), {})
            frames = [
                one.frame
                for one in facts.entries.get(topic, [])
                if one.seq > loaded["seq"] and one.seq in got
            ]
            shown = screens.after(loaded["state"], frames, topic=topic, person=loaded["person"])
            for where in _differences(shown, fresh["state"]):
                yield f"{client}: {topic} from {loaded['seq']} on differs in {where}"


def _differences(one: dict[str, Any], other: dict[str, Any]) -> Iterator[str]:
    for table in one.keys() | other.keys():
        here, there = one.get(table, {}), other.get(table, {})
        for key in here.keys() | there.keys():
            if here.get(key) != there.get(key):
                yield f"{table} {key}: {here.get(key)} is not {there.get(key)}"
