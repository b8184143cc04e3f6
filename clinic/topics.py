"""The names people may watch: parsed and printed here and nowhere else."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from clinic.errors import NotFound


class NoSuchTopic(NotFound):
    """Not a topic, or not one this person may watch: the same answer for both."""

    code = "no_such_topic"
    message = "There is no such topic."


class TopicKind(StrEnum):
    USER = "user"
    CALENDAR = "calendar"
    SLOTS = "slots"
    RECORD = "record"
    DESK = "desk"


_OWNED: Final = tuple(kind for kind in TopicKind if kind is not TopicKind.DESK)
_OF_ONE: Final = re.compile(rf"({'|'.join(_OWNED)})\.([1-9][0-9]{{0,17}})")


@dataclass(frozen=True, slots=True)
class Topic:
    """A gapless numbered list of events. `owner` is the person, or the record, it belongs to; the desk has none."""

    kind: TopicKind
    owner: int | None = None

    def __str__(self) -> str:
        return self.kind if self.owner is None else f"{self.kind}.{self.owner}"


def user_topic(person_id: int) -> Topic:
    return Topic(TopicKind.USER, person_id)


def calendar_topic(doctor_id: int) -> Topic:
    return Topic(TopicKind.CALENDAR, doctor_id)


def slots_topic(doctor_id: int) -> Topic:
    return Topic(TopicKind.SLOTS, doctor_id)


def record_topic(record_id: int) -> Topic:
    return Topic(TopicKind.RECORD, record_id)


DESK: Final = Topic(TopicKind.DESK)


def parse_topic(name: str) -> Topic:
    """The topic of that name. Raises NoSuchTopic for every other text."""
    if name == str(DESK):
        return DESK
    match = _OF_ONE.fullmatch(name)
    if match is None:
        raise NoSuchTopic
    return Topic(TopicKind(match[1]), int(match[2]))


def pattern_of(kind: TopicKind) -> str:
    """What the names of such topics look like, in the words of JSON Schema."""
    return rf"^{kind}\.[1-9][0-9]{{0,17}}$" if kind in _OWNED else f"^{kind}$"
