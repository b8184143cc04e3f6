"""Values to look at templates with: nobody's, and every name that a template may ask for."""

from datetime import UTC, datetime, timedelta
from typing import Final

from clinic.letters.dates import when_in_words
from clinic.letters.writing import FOOT, OPTIONAL, TEMPLATES, Letter

START: Final = datetime(2031, 3, 4, 13, 30, tzinfo=UTC)
ZONE: Final = "Europe/Berlin"
SITE: Final = "https://clinic.example"


def templates() -> list[str]:
    """Every letter there is, by name."""
    names = {path.stem for path in (TEMPLATES / "en").glob("*.txt")}
    return sorted(names - {FOOT})


def sample(template: str, language: str) -> Letter:
    until = when_in_words(START - timedelta(hours=3), ZONE, language)
    values = {
        "link": f"{SITE}/an-example",
        "confirm": f"{SITE}/visit#an-example",
        "cancel": f"{SITE}/visit#an-example",
        "username": "an-example",
        **when_in_words(START, ZONE, language),
        **{f"until_{name}": words for name, words in until.items()},
    }
    is_optional = template.removesuffix("_doctor") in OPTIONAL
    return Letter(template, language, values, account=f"{SITE}/account" if is_optional else "")
