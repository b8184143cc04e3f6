"""References within a document of JSON: where each of them leads."""

from collections.abc import Iterator
from typing import Any


def follow_all(document: Any) -> None:
    """Raises KeyError for one that leads nowhere."""
    for reference in _references(document):
        found = document
        for step in reference.removeprefix("#/").split("/"):
            found = found[step.replace("~1", "/")]


def _references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        part = list(part.values())
    if isinstance(part, list):
        for inner in part:
            yield from _references(inner)
