"""The alphabet in which 160 characters are one SMS (GSM 7 bit, 3GPP TS 23.038)."""

import unicodedata
from typing import Final

LENGTH: Final = 160
GSM: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
# What word processors write, as typewriters did.
_PLAIN: Final = str.maketrans(
    {"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2013": "-", "\u2014": "-", "\u2026": "..."}
)  # fmt: skip


def in_gsm(text: str) -> str:
    """In this alphabet: accents it lacks are dropped (`ó` is `o`), and letters it lacks, too."""
    return "".join(_nearest(char) for char in text.translate(_PLAIN))


def _nearest(char: str) -> str:
    if char in GSM:
        return char
    return "".join(part for part in unicodedata.normalize("NFKD", char) if part in GSM)
