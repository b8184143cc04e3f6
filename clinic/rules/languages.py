"""The languages in which the clinic can write to people."""

from typing import Final

LANGUAGES: Final = ("en", "de")
