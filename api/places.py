"""Where a list goes on: behind a row, and not at a number, which moves when rows before it come and go."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import DateTimeField, Field, Model, Q, QuerySet

from clinic.errors import FieldError

BETWEEN: Final = ","


class Order(NamedTuple):
    field: "Field[Any, Any]"
    falls: bool


def place_of(row: Model, rows: "QuerySet[Any]") -> str | None:
    """What `behind` needs of the row; None for a list in the order of names, which belong in no address."""
    order = _order_of(rows)
    if order is None:
        return None
    values = [getattr(row, each.field.attname) for each in order]
    return BETWEEN.join(
        value.isoformat() if isinstance(value, datetime) else str(value) for value in values
    )


def behind(rows: "QuerySet[Any]", place: str) -> "QuerySet[Any]":
    """Those that come after that place in the order of the list. Raises FieldError."""
    order, texts = _order_of(rows), place.split(BETWEEN)
    if order is None or len(texts) != len(order):
        raise _no_place()
    later, same = Q(), Q()
    for each, text in zip(order, texts, strict=True):
        value = _value(each.field, text)
        later |= same & Q(**{f"{each.field.name}__{'lt' if each.falls else 'gt'}": value})
        same &= Q(**{each.field.name: value})
    return rows.filter(later)


def _order_of(rows: "QuerySet[Any]") -> Sequence[Order] | None:
    """By moments and numbers of its own, the last of them its key; else None."""
    meta = rows.model._meta
    order = []
    for name in map(str, rows.query.order_by or meta.ordering or ()):
        bare = name.removeprefix("-")
        try:
            field = meta.pk if bare == "pk" else meta.get_field(bare)
        except FieldDoesNotExist:
            return None
        if not isinstance(field, Field) or field.null:
            return None
        if not field.primary_key and not isinstance(field, DateTimeField):
            return None
        order.append(Order(field, name.startswith("-")))
    return order if order and order[-1].field.primary_key else None


def _value(field: "Field[Any, Any]", text: str) -> Any:
    try:
        value = field.to_python(text)
        # Not every moment with an offset is one in UTC, nor has every one an offset.
        return (
            value.astimezone(UTC) if isinstance(value, datetime) and value.tzinfo else _int(value)
        )
    except (ValidationError, ValueError, OverflowError):
        raise _no_place() from None


def _int(value: Any) -> int:
    if not isinstance(value, int):
        raise ValueError("a moment without an offset")
    return value


def _no_place() -> FieldError:
    return FieldError("after", "This is no place of this list: follow `next`.")
