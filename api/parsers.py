"""Request bodies: JSON that can be stored, logged and answered again."""

import json
import math
from typing import IO, Any, Final

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

DEEPEST: Final = 32


class SoundJSON(JSONParser):
    """Refuses what readers of JSON understand differently, and what cannot be stored.

    Names that stand twice in one object, numbers that are none, nesting that would exhaust the stack, and
    halves of characters that no text can hold.
    """

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Any = None,
    ) -> Any:
        try:
            # JSON is UTF-8, whatever charset the header names (RFC 8259).
            parsed = json.loads(
                stream.read().decode(),
                parse_constant=_no_number,
                parse_float=_finite,
                object_pairs_hook=_each_once,
            )
        except RecursionError:
            raise ParseError("JSON parse error - nested too deeply") from None
        except ValueError as error:
            raise ParseError(f"JSON parse error - {error}") from None
        if _is_deep(parsed):
            raise ParseError("JSON parse error - nested too deeply")
        try:
            json.dumps(parsed, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise ParseError("JSON parse error - a surrogate without its other half") from None
        return parsed


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is too large")
    return number


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _is_deep(value: Any) -> bool:
    layer = [value]
    for _ in range(DEEPEST):
        layer = [inner for outer in layer for inner in _inside(outer)]
    return bool(layer)


def _inside(value: Any) -> Any:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
