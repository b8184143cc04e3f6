"""Versions as ETags, and If-Match."""

from rest_framework.request import Request

from clinic.errors import VersionConflict


def etag_of(version: int) -> str:
    return f'"{version}"'


def version_from(request: Request) -> int | None:
    """The version the client believes to change, or None when it does not say (or says any)."""
    given = request.headers.get("If-Match", "").strip()
    if given in ("", "*"):
        return None
    digits = given.removeprefix("W/").strip('"')
    if not digits.isascii() or not digits.isdigit() or len(digits) > 18:
        raise VersionConflict
    return int(digits)
