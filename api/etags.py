"""Versions as ETags, and If-Match."""

from typing import Any, Final

from rest_framework.request import Request

from clinic.errors import VersionConflict

VERSIONED: Final = ("appointment", "record", "annotation")


def etag_of(version: int) -> str:
    return f'"{version}"'


def etag_in(body: dict[str, Any]) -> dict[str, str]:
    """The headers of an answer that shows one thing with a version; none for any other."""
    shown = next((body[name] for name in VERSIONED if name in body), None)
    # A comment names its record by its number.
    return {"ETag": etag_of(shown["version"])} if isinstance(shown, dict) else {}


def version_from(request: Request) -> int | None:
    """The version the client believes to change, or None when it does not say (or says any)."""
    given = request.headers.get("If-Match", "").strip()
    if given in ("", "*"):
        return None
    digits = given.removeprefix("W/").strip('"')
    if not digits.isascii() or not digits.isdigit() or len(digits) > 18:
        raise VersionConflict
    return int(digits)
