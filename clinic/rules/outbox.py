"""What staff are shown of messages: how each stands, and whose address it is."""

from enum import StrEnum
from typing import Final

_HIDDEN: Final = "•••"


class SendState(StrEnum):
    """`DUE` waits, for its time or for a worker; the others have ended."""

    DUE = "due"
    SENT = "sent"
    SKIPPED = "skipped"
    FAILED = "failed"


def masked(address: str) -> str:
    """`a•••@example.org`, `•••67`: enough to recognize, too little to write to. Nothing of nothing."""
    name, at, domain = address.rpartition("@")
    if at:
        return f"{name[:1]}{_HIDDEN}@{domain}"
    digits = [each for each in address if each.isdigit()]
    return _HIDDEN + "".join(digits[-2:]) if address else ""
