"""The OpenAPI document as the tests hold every answer against it."""

import json
import re
from datetime import date, datetime
from functools import cache
from typing import Any, Final

from django.http import HttpResponse
from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

Document = dict[str, Any]
PROBLEM: Final = "application/problem+json"
_HERE: Final = "urn:document"
_FORMATS: Final = FormatChecker(formats=())


@_FORMATS.checks("date-time", raises=ValueError)
def _is_instant(text: object) -> bool:
    return not isinstance(text, str) or datetime.fromisoformat(text).tzinfo is not None


@_FORMATS.checks("date", raises=ValueError)
def _is_date(text: object) -> bool:
    return not isinstance(text, str) or bool(date.fromisoformat(text))


@cache
def document() -> Document:
    """As it is served, made once per test process."""
    made: Document = json.loads(json.dumps(SchemaGenerator().get_schema(request=None, public=True)))
    return made


def check_answer(method: str, path: str, response: HttpResponse) -> None:
    """Raises AssertionError for an answer that the document does not promise."""
    template = template_of(path)
    if template is None:
        return
    operation = document()["paths"][template].get(method.lower())
    if operation is None:
        assert response.status_code == 405, f"{method} {template} is not documented"
        return
    responses = operation["responses"]
    name = str(response.status_code)
    if name not in responses:
        assert response.status_code >= 400, f"{method} {template} does not document {name}"
        name = "default"
    _check_body(["paths", template, method.lower(), "responses", name], responses[name], response)


def check_problem(response: HttpResponse) -> None:
    """A refusal at an address that the document does not know is a problem all the same."""
    _validator(("components", "schemas", "Problem")).validate(json.loads(response.content))


def template_of(path: str) -> str | None:
    """The documented path that an address belongs to: a fixed one before one with parameters."""
    found = [name for name in document()["paths"] if _pattern(name).fullmatch(path)]
    return min(found, key=lambda name: name.count("{"), default=None)


@cache
def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{[^}]+\}", "[0-9]+", template.replace("{token}", "[^/]+")))


def _check_body(pointer: list[str], promised: Document, response: HttpResponse) -> None:
    if "content" not in promised:
        assert not response.content, f"{pointer} promises no body"
        return
    media_type = response.headers["Content-Type"].partition(";")[0]
    assert media_type in promised["content"], f"{pointer} does not promise {media_type}"
    validator = _validator((*pointer, "content", media_type, "schema"))
    validator.validate(json.loads(response.content))


@cache
def _validator(pointer: tuple[str, ...]) -> Draft202012Validator:
    steps = (step.replace("~", "~0").replace("/", "~1") for step in pointer)
    whole: Resource[Any] = Resource.from_contents(document(), default_specification=DRAFT202012)
    return Draft202012Validator(
        {"$ref": f"{_HERE}#/{'/'.join(steps)}"},
        registry=Registry().with_resource(_HERE, whole),
        format_checker=_FORMATS,
    )
