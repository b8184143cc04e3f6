"""Rows by SQL that is written out: for the few statements of which the ORM's making costs more than their running.

The models stay the one source of tables, columns and conversions. Everything else asks the ORM.
"""

from collections.abc import Callable, Collection, Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import (
    AutoField,
    BooleanField,
    CharField,
    Field,
    ForeignKey,
    IntegerField,
    Model,
    TextField,
)

Converter = Callable[[Any, Any, Any], Any]
if TYPE_CHECKING:
    AnyField = Field[Any, Any]
else:
    AnyField = Field
# What columns of these kinds hold is what Python has, if it is of one of these types exactly.
PLAIN_FIELDS: Final = (BooleanField, CharField, ForeignKey, IntegerField, TextField)
PLAIN_TYPES: Final = frozenset({bool, int, str, type(None)})


def lock_row(model: type[Model], pk: int) -> bool:
    """Lock one row until commit, as every update does it; False if there is none.

    An engine without row locks (SQLite) lets one transaction write at a time anyway.
    """
    lock = " FOR NO KEY UPDATE" if connection.features.has_select_for_no_key_update else ""
    table, key = model._meta.db_table, model._meta.pk.column
    sql = f"SELECT 1 FROM {table} WHERE {key} = %s{lock}"  # noqa: S608 (the model's own names)
    return bool(fetch(sql, [pk]))


@cache
def columns(model: type[Model], alias: str) -> str:
    """All columns of a model as they stand in a SELECT, for `instances`."""
    return ", ".join(f'{alias}."{field.column}"' for field in _fields(model))


def fetch(sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    # Not through `connection`, which looks for the thread's own at each of its attributes.
    with _here().cursor() as cursor:
        cursor.execute(sql, parameters)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def among(column: str, field: AnyField, values: Collection[Any]) -> tuple[str, list[Any]]:
    """The condition that a column holds one of these, and its parameters.

    Where the engine has lists it is the same statement however many they are, and needs no parsing anew.
    """
    here = _here()
    prepared = [field.get_db_prep_value(value, here) for value in values]
    if here.vendor == "postgresql":
        return f"{column} = ANY(%s)", [prepared]
    return f"{column} IN ({', '.join(['%s'] * len(prepared))})", prepared


def instances(models: Sequence[type[Model]], found: tuple[Any, ...]) -> list[Any]:
    """One row of the `columns` of these models, side by side, as an instance of each."""
    made, begin = [], 0
    for model in models:
        fields = _fields(model)
        values = found[begin : begin + len(fields)]
        made.append(
            model.from_db(DEFAULT_DB_ALIAS, _attnames(model), converted(values, tuple(fields)))
        )
        begin += len(fields)
    return made


def converted(values: Sequence[Any], fields: tuple[Any, ...]) -> list[Any]:
    """Values as the columns of these fields hold them, as Python has them."""
    row = list(values)
    for index, expression, converters in _converters(fields):
        for convert in converters:
            row[index] = convert(row[index], expression, connection)
    return row


def insert(rows: Sequence[Model]) -> None:
    """Insert new rows of one model, in one statement."""
    if rows:
        made = fetch(*_insertion(rows, "RETURNING"))
        for row, (pk,) in zip(rows, made, strict=True):
            _is_stored(row, pk)


def insert_unless_there(row: Model) -> bool:
    """Insert one row; False if another holds what must be unique. Waits for one that may still go."""
    made = fetch(*_insertion([row], "ON CONFLICT DO NOTHING RETURNING"))
    for (pk,) in made:
        _is_stored(row, pk)
    return bool(made)


def store(row: Model, *names: str) -> None:
    """Write these fields of a row that is there."""
    here, key = _here(), row._meta.pk
    changed = [column for column in _given(type(row)) if column.attname in names]
    values = [_value(row, column, here) for column in changed]
    fetch(_update_sql(type(row), names), [*values, key.get_db_prep_save(row.pk, here)])


def _insertion(rows: Sequence[Model], ending: str) -> tuple[str, list[Any]]:
    model, here = type(rows[0]), _here()
    values = [_value(row, column, here) for row in rows for column in _given(model)]
    return f"{_insert_sql(model, len(rows))} {ending} {model._meta.pk.column}", values


def _value(row: Model, column: "_Column", here: BaseDatabaseWrapper) -> Any:
    """What this column of this row holds in the database."""
    if column.is_plain:
        value = row.__dict__[column.attname]
        if type(value) in PLAIN_TYPES:
            return value
    return column.field.get_db_prep_save(column.field.pre_save(row, add=True), here)


def _is_stored(row: Model, pk: Any) -> None:
    if not _given_key(type(row)):
        row.pk = pk
    row._state.adding = False
    row._state.db = DEFAULT_DB_ALIAS


@lru_cache(maxsize=256)
def _insert_sql(model: type[Model], count: int) -> str:
    names = ", ".join(f'"{column.field.column}"' for column in _given(model))
    places = f"({', '.join(['%s'] * len(_given(model)))})"
    return (
        f"INSERT INTO {model._meta.db_table} ({names}) "  # noqa: S608 (the model's own names)
        f"VALUES {', '.join([places] * count)}"
    )


def _here() -> BaseDatabaseWrapper:
    return connections[DEFAULT_DB_ALIAS]


@lru_cache(maxsize=256)
def _update_sql(model: type[Model], names: tuple[str, ...]) -> str:
    changed = [column.field.column for column in _given(model) if column.attname in names]
    settings, key = ", ".join(f'"{name}" = %s' for name in changed), model._meta.pk.column
    return f"UPDATE {model._meta.db_table} SET {settings} WHERE {key} = %s RETURNING {key}"  # noqa: S608


@cache
def _given_key(model: type[Model]) -> bool:
    return not isinstance(model._meta.pk, AutoField)


class _Column(NamedTuple):
    field: AnyField
    attname: str
    is_plain: bool


@cache
def _given(model: type[Model]) -> list[_Column]:
    """What an insert says: every column but a number that the database makes."""
    return [
        _Column(field, field.attname, isinstance(field, PLAIN_FIELDS))
        for field in _fields(model)
        if not isinstance(field, AutoField)
    ]


@cache
def _fields(model: type[Model]) -> list[AnyField]:
    return list(model._meta.concrete_fields)


@cache
def _attnames(model: type[Model]) -> list[str]:
    return [field.attname for field in _fields(model)]


@lru_cache(maxsize=256)
def _converters(fields: tuple[AnyField, ...]) -> list[tuple[int, Any, list[Converter]]]:
    """Those columns that this process's engine does not give as Python has them, and how they become so."""
    found = []
    for index, field in enumerate(fields):
        expression = field.get_col(field.model._meta.db_table)
        converters = [
            *connection.ops.get_db_converters(expression),
            *field.get_db_converters(connection),
        ]
        if converters:
            found.append((index, expression, converters))
    return found
