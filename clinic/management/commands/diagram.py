"""`manage.py diagram`: the database as a page with a Mermaid diagram, made from the models."""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand
from django.db.models import Field, ForeignKey, Model, OneToOneField

from clinic.models.encrypted import EncryptedTextField

HEAD = """# The database

Made from the models by `make types`; `make check` compares. What is *sealed* is encrypted by the application before it
reaches the database. That no two appointments of a doctor or of a patient overlap is refused by the engine itself, by
rules that no model can state: [decision 0003](decisions/0003-the-engine-refuses-overlaps.md).
"""


class Command(BaseCommand):
    help = "Print the page docs/schema.md: the database, made from the models."
    requires_system_checks = ()

    def handle(self, *_: Any, **__: Any) -> None:
        self.stdout.write("\n".join(page()), ending="\n")


def page() -> Iterator[str]:
    models = sorted(apps.get_app_config("clinic").get_models(), key=lambda model: model.__name__)
    yield HEAD
    yield "```mermaid\nerDiagram"
    for model in models:
        yield from _relations(model)
    for model in models:
        yield from _table(model)
    yield "```\n"
    yield "| table | what a row is | what the database refuses |\n|---|---|---|"
    for model in models:
        yield f"| `{model._meta.db_table}` | {_meaning(model)} | {_rules(model)} |"


def _relations(model: type[Model]) -> Iterator[str]:
    for field in model._meta.local_fields:
        if isinstance(field, ForeignKey):
            one = "|o" if field.null else "||"
            many = "o|" if isinstance(field, OneToOneField) else "o{"
            target = field.related_model.__name__
            yield f"    {target} {one}--{many} {model.__name__} : {field.name}"


def _table(model: type[Model]) -> Iterator[str]:
    yield f"    {model.__name__} {{"
    for field in model._meta.local_fields:
        yield f"        {_type(field)} {field.column}{_mark(field)}"
    yield "    }"


def _type(field: "Field[Any, Any]") -> str:
    if isinstance(field, EncryptedTextField):
        return "sealed"
    if isinstance(field, ForeignKey):
        return _type(field.target_field)
    kind = field.get_internal_type().removesuffix("Field").lower()
    return "biginteger" if kind == "bigauto" else kind


def _mark(field: "Field[Any, Any]") -> str:
    keys = [
        name
        for name, holds in (
            ("PK", field.primary_key),
            ("FK", isinstance(field, ForeignKey)),
            ("UK", field.unique and not field.primary_key),
        )
        if holds
    ]
    optional = ' "optional"' if field.null else ""
    return f"{' ' if keys else ''}{', '.join(keys)}{optional}"


def _meaning(model: type[Model]) -> str:
    said = (model.__doc__ or "").strip().splitlines()[0]
    # Django writes one of its own where a model says nothing.
    return (
        str(model._meta.verbose_name).capitalize()
        if said.startswith(model.__name__ + "(")
        else said
    )


def _rules(model: type[Model]) -> str:
    names = sorted(rule.name for rule in model._meta.constraints)
    return ", ".join(f"`{name}`" for name in names) or "–"
