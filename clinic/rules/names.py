"""When two names, numbers or addresses are likely one person's; user names made from names."""

import re
import unicodedata
from difflib import SequenceMatcher
from typing import Final

# From here on two names are alike: one letter of seven may differ ("Meyer" and "Meier" with a first name).
ALIKE: Final = 0.86
# Country and trunk prefixes are written in many ways; the last digits are the subscriber's own.
PHONE_TAIL: Final = 8
SHORTEST_PHONE: Final = 5
# Letters that are no letter with an accent (NFKD leaves them as they are).
LETTERS: Final = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "æ": "ae", "œ": "oe", "þ": "th", "ı": "i"}
)


def plain(text: str) -> str:
    """Lower case, without accents: as people compare names by ear."""
    spread = unicodedata.normalize("NFKD", text.casefold().translate(LETTERS))
    return "".join(char for char in spread if not unicodedata.combining(char))


def names_alike(one: str, other: str) -> bool:
    """Very similar, whatever the accents, the case and the order of first and last name."""
    left, right = (" ".join(sorted(plain(name).split())) for name in (one, other))
    if not left or not right:
        return False
    matcher = SequenceMatcher(None, left, right, autojunk=False)
    return matcher.quick_ratio() >= ALIKE and matcher.ratio() >= ALIKE


def phone_tail(number: str) -> str:
    """The digits that tell one line from another; empty where there are too few to say."""
    digits = re.sub(r"\D", "", number)
    return digits[-PHONE_TAIL:] if len(digits) >= SHORTEST_PHONE else ""


def username_from(*words: str) -> str:
    """`ana.lopez` from names as they are written; `person` where nothing of them can be used."""
    parts = [re.sub(r"[^a-z0-9-]+", "", "-".join(plain(word).split())) for word in words]
    return ".".join(part.strip("-") for part in parts if part.strip("-"))[:120] or "person"
