"""A device in words, from what its browser or program says of itself."""

import re
from typing import Final

UNKNOWN: Final = "Unknown device"
# The first that is named counts: every browser also names those it wants to be taken for.
BROWSERS: Final = (
    ("Edge", r"\bEdg(?:e|A|iOS)?/"),
    ("Opera", r"\bOPR/|\bOpera\b"),
    ("Samsung Internet", r"\bSamsungBrowser/"),
    ("Firefox", r"\b(?:Firefox|FxiOS)/"),
    ("Chrome", r"\b(?:Chrome|CriOS|Chromium)/"),
    ("Safari", r"\bVersion/[\d.]+.* Safari/"),
)
SYSTEMS: Final = (
    ("iPhone", r"\biPhone\b"),
    ("iPad", r"\biPad\b"),
    ("Android", r"\bAndroid\b"),
    ("Windows", r"\bWindows\b"),
    ("Mac", r"\bMac(?:intosh| OS X)\b"),
    ("ChromeOS", r"\bCrOS\b"),
    ("Linux", r"\bLinux\b|\bX11\b"),
)
_PROGRAM: Final = re.compile(r"^([A-Za-z][\w.+-]{0,38})/\d[\w.]*(?:\s|$)")


def device_in_words(said: str) -> str:
    """`Firefox on Windows`, `curl`, or as it is said where that is words already."""
    browser, system = _first(BROWSERS, said), _first(SYSTEMS, said)
    if browser and system:
        return f"{browser} on {system}"
    if browser or system:
        return browser or system
    program = _PROGRAM.match(said)
    if program and program[1] != "Mozilla":
        return program[1]
    plain = " ".join(said.split())
    return UNKNOWN if not plain or "/" in plain else plain[:60]


def _first(known: tuple[tuple[str, str], ...], said: str) -> str:
    return next((name for name, pattern in known if re.search(pattern, said)), "")
