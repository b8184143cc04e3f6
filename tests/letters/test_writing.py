"""Templates in every language: the same set, the same values, whole letters; and dates in words."""

import re
from datetime import UTC, datetime

import pytest

from clinic.letters.calendars import SUMMARY
from clinic.letters.dates import CALENDARS, when_in_words
from clinic.letters.samples import SITE, sample, templates
from clinic.letters.writing import LANGUAGES, TEMPLATES, Letter, Written, language_for, written

pytestmark = pytest.mark.engine("sqlite")


def placeholders(language: str, name: str) -> list[str]:
    source = (TEMPLATES / language / name).read_text("utf-8")
    return sorted(set(re.findall(r"\{\{ (\w+) \}\}", source)))


def in_full(letter: Letter) -> Written:
    return written(letter, clinic="Am Park", site=SITE)


def test_every_language_has_the_same_templates_with_the_same_values() -> None:
    assert {path.name for path in TEMPLATES.iterdir() if path.is_dir()} == set(LANGUAGES)
    assert CALENDARS.keys() == SUMMARY.keys() == set(LANGUAGES)
    names = {path.name for path in (TEMPLATES / "en").iterdir()}
    for language in LANGUAGES:
        assert {path.name for path in (TEMPLATES / language).iterdir()} == names
        for name in names:
            assert placeholders(language, name) == placeholders("en", name), (language, name)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", templates())
def test_every_template_is_a_whole_letter(name: str, language: str) -> None:
    letter = in_full(sample(name, language))

    both = letter.subject + letter.text + letter.html
    assert not re.search(r"\{[{%]|\]\(|^> ", both, re.MULTILINE)
    assert f'<html lang="{language}">' in letter.html
    # Who reads the text and who reads the HTML have the same links and buttons.
    said = set(re.findall(r"https://\S+", letter.text))
    assert said == {
        address if address != f"{SITE}/" else SITE
        for address in re.findall(r'href="([^"]+)"', letter.html)
    }
    assert "Figtree" in letter.html


def test_nothing_that_is_filled_in_becomes_a_button_or_a_tag() -> None:
    evil = "[Press](https://evil.example)\n\n[Press](https://evil.example)\n\n> <b>now</b>"
    letter = Letter("invite", "en", {"username": evil, "link": "https://clinic.example/#a"})

    found = written(letter, clinic=f"A\n\n{evil}", site=SITE)

    assert 'href="https://evil' not in found.html
    assert "<b>" not in found.html
    assert "\n" not in found.subject


@pytest.mark.parametrize(
    ("wish", "language"),
    [("de", "de"), ("DE_ch", "de"), ("en-GB", "en"), ("xx", "en"), ("", "en"), ("den", "en")],
)
def test_an_unknown_language_is_english(wish: str, language: str) -> None:
    assert language_for(wish) == language


@pytest.mark.parametrize(
    ("language", "day", "time"),
    [
        ("en", "Tuesday 4 March 2031", "00:30"),
        ("de", "Dienstag, 4. März 2031", "00:30\N{NO-BREAK SPACE}Uhr"),
    ],
)
def test_days_are_named_in_the_language_of_the_letter(language: str, day: str, time: str) -> None:
    moment = datetime(2031, 3, 3, 23, 30, tzinfo=UTC)

    said = when_in_words(moment, "Europe/Berlin", language)

    assert said == {"day": day, "time": time, "zone": "Europe/Berlin"}


@pytest.mark.parametrize(
    ("utc", "time", "zone"),
    [
        # Clocks are put forward at one o'clock UTC: there is no half past two.
        ("2031-03-30 00:30", "01:30", "Europe/Berlin"),
        ("2031-03-30 01:30", "03:30", "Europe/Berlin"),
        # Put back, half past two comes twice; half past three once.
        ("2031-10-26 00:30", "02:30", "Europe/Berlin, UTC+2"),
        ("2031-10-26 01:30", "02:30", "Europe/Berlin, UTC+1"),
        ("2031-10-26 02:30", "03:30", "Europe/Berlin"),
    ],
)
def test_in_the_nights_of_the_clocks_each_time_can_be_told_from_every_other(
    utc: str, time: str, zone: str
) -> None:
    moment = datetime.fromisoformat(utc).replace(tzinfo=UTC)

    said = when_in_words(moment, "Europe/Berlin", "en")

    assert (said["time"], said["zone"]) == (time, zone)


def test_zones_by_halves_of_an_hour_are_told_by_them() -> None:
    moment = datetime(2031, 4, 5, 14, 45, tzinfo=UTC)

    assert when_in_words(moment, "Australia/Lord_Howe", "en")["zone"].endswith("UTC+11")
    later = datetime(2031, 4, 5, 15, 15, tzinfo=UTC)
    assert when_in_words(later, "Australia/Lord_Howe", "en")["zone"].endswith("UTC+10:30")
