"""Telephone numbers as they are written down, and as the world dials them."""

import re
from typing import Final

_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")
# What people put between the digits.
_BETWEEN: Final = re.compile(r"[\s()./\u2010-\u2015-]")


def e164(written: str) -> str | None:
    """`+49 (0)30 1234567` as +49301234567; None for what has no country, or is no number.

    In which country a number without a + is, nobody can know.
    """
    found = _BETWEEN.sub("", written.replace("(0)", ""))
    return found if _E164.fullmatch(found) else None


def masked(number: str) -> str:
    """Enough to tell two of somebody's numbers apart, and too little to call."""
    return f"{number[:3]}…{number[-2:]}"
