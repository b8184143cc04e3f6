"""The page for those who write clients says what the code does: events and topics, close codes, limits."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from clinic.events import CATALOGUE
from realtime import closing
from realtime.closing import Closing
from tests.realtime.test_rights import Cast

pytestmark = pytest.mark.engine("sqlite")
PAGE = Path(__file__).resolve().parents[2] / "docs" / "realtime.md"


def rows(headline: str) -> Iterator[list[str]]:
    """The rows of the table under this headline."""
    [_, part] = PAGE.read_text().split(f"## {headline}\n")
    lines = part.partition("\n## ")[0].splitlines()
    table = [line.strip("| ").split(" | ") for line in lines if line.startswith("|")]
    yield from table[2:]


@pytest.mark.django_db
def test_every_event_is_named_with_the_kinds_of_its_topics() -> None:
    cast = Cast()
    documented = {
        kind: set(re.findall(r"`(user|calendar|slots|record|desk)\b", topics))
        for kinds, topics in rows("Events")
        for kind in re.findall(r"`(\w+\.\w+)`", kinds)
    }

    assert documented == {
        name: {topic.kind.value for topic in cast.one(kind).topics()}
        for name, kind in CATALOGUE.items()
    }


def test_every_close_code_is_named_and_whether_to_come_back() -> None:
    documented = {int(code): what_to_do == "stop" for code, _, what_to_do in rows("Closing")}
    reasons = [reason for reason in vars(closing).values() if isinstance(reason, Closing)]

    assert documented == {reason.status: reason.reconnect == "no" for reason in reasons}


def test_every_limit_is_named_with_its_number() -> None:
    documented = {
        match[1]: float(default)
        for setting, default, _ in rows("Limits")
        if (match := re.match(r"`(\w+)`", setting))
    }
    limits = {
        name: value
        for name in dir(settings)
        if name.startswith(("SOCKET", "REPLAY")) or name.endswith("ENTRY_DAYS")
        if isinstance(value := getattr(settings, name), int | float)
    }
    for no_limit in ("SOCKET_HEARTBEAT_SECONDS", "SOCKET_RENEWAL_NOTICE_SECONDS"):
        del limits[no_limit]

    assert documented == limits
