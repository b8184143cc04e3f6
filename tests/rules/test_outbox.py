"""What staff are shown of messages: addresses that are no help to others, and words for every reason."""

import json
from pathlib import Path

import pytest

from clinic.models import MessageKind
from clinic.rules.messages import Channel, Why
from clinic.rules.outbox import SendState, masked
from clinic.rules.reminders import Reason

pytestmark = pytest.mark.engine("sqlite")

WORDS = json.loads(
    (Path(__file__).parents[2] / "frontend" / "src" / "i18n" / "en.json").read_text("utf-8")
)["messages"]


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("ana@example.org", "a•••@example.org"),
        ("@example.org", "•••@example.org"),
        ("+49 (30) 123-45 67", "•••67"),
        ("7", "•••7"),
        ("", ""),
    ],
)
def test_an_address_is_recognized_and_not_told(address: str, shown: str) -> None:
    assert masked(address) == shown


def test_the_page_has_words_for_everything_there_is() -> None:
    assert {*Why, *Reason} <= WORDS["reasons"].keys()
    assert WORDS["kinds"].keys() == set(MessageKind)
    assert WORDS["channels"].keys() == set(Channel)
    assert WORDS["states"].keys() == set(SendState)
