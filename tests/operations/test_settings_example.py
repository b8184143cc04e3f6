"""`.local.env.example` names every setting there is, and none that is not."""

import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.engine("sqlite")

ROOT = Path(__file__).resolve().parents[2]
READ = re.compile(r"\b(?:env\.\w+\(|environ\.get\()\s*\"([A-Z][A-Z_]+)\"")
NAMED = re.compile(r"^# ([A-Z][A-Z_]+)=", re.MULTILINE)


def test_every_setting_is_named_in_the_example() -> None:
    sources = [ROOT / "clinic" / "settings.py", ROOT / "clinic" / "keys.py"]
    read = {name for source in sources for name in READ.findall(source.read_text())}
    assert set(NAMED.findall((ROOT / ".local.env.example").read_text())) == read
