"""The ground of every view: declared rights, checked bodies, pages, answers given once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, ClassVar, Final, Generic, TypeVar

from django.conf import settings
from django.db.models import Model, QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param
from rest_framework.views import APIView

from api.etags import etag_in
from api.middleware import KEY_MAX_CHARS
from api.places import behind, place_of
from clinic.actions.idempotency import Answer, answer_once
from clinic.context import current_request
from clinic.errors import ClinicError, FieldError, NotSignedIn
from clinic.limits import admit_person, admit_stranger
from clinic.models import Person
from clinic.policy import Operation
from clinic.shapes.base import Shape

Row = TypeVar("Row", bound=Model)
KEY_HEADER: Final = "Idempotency-Key"


class Limited(APIView):
    """Counts each request as the person's or, from whoever is not signed in, as its network's."""

    def perform_authentication(self, request: Request) -> None:
        try:
            super().perform_authentication(request)
        except NotSignedIn:
            admit_stranger(current_request.get().network)
            raise
        if isinstance(request.user, Person):
            admit_person(request.user.pk)
        else:
            admit_stranger(current_request.get().network)


class Endpoint(Limited):
    """A view that declares per method which operation it is."""

    operations: ClassVar[Mapping[str, Operation]]
    # What a method may refuse beside what every method may; for the OpenAPI document.
    refusals: ClassVar[Mapping[str, Sequence[type[ClinicError]]]] = {}


class Body(serializers.Serializer[Any]):
    """A request body. Fields it does not know are refused; read-only ones may come along, unused."""

    # Fields of the answer that clients like to send back.
    ignored: ClassVar[frozenset[str]] = frozenset()

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            unknown = [
                name for name in data if name not in self.fields and name not in self.ignored
            ]
            if unknown:
                raise serializers.ValidationError(
                    {name: serializers.ErrorDetail("Unknown field.", "unknown") for name in unknown}
                )
        return super().to_internal_value(data)


class Query(serializers.Serializer[Any]):
    """What may stand behind the question mark."""


class PageQuery(Query):
    limit = serializers.IntegerField(
        required=False,
        min_value=1,
        max_value=settings.LIST_MAX_LIMIT,
        default=settings.LIST_DEFAULT_LIMIT,
    )
    offset = serializers.IntegerField(required=False, min_value=0, max_value=2**31 - 1, default=0)
    after = serializers.CharField(
        required=False,
        max_length=100,
        help_text="Given in `next`: the page goes on behind that row, whatever came or went before it.",
    )


class ListAnswer(Shape):
    """What every list answers beside its items."""

    count: int
    next: str | None
    previous: str | None


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    items: list[Row]
    links: dict[str, Any]


def body_of(request: Request, shape: type[Body]) -> dict[str, Any]:
    """The checked body; refusals name their fields."""
    serializer = shape(data=request.data)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def query_of(request: Request, shape: type[Query]) -> dict[str, Any]:
    serializer = shape(data=request.query_params)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def page_of(request: Request, rows: QuerySet[Row]) -> Page[Row]:
    """One page of a list, with the addresses of its neighbours. Two queries, whatever the size.

    `next` goes on behind the last row shown: one that leaves an earlier page meanwhile moves nothing out of sight.
    """
    query = query_of(request, PageQuery)
    limit, offset = query["limit"], query["offset"]
    count = rows.count()
    rest = behind(rows, query["after"]) if "after" in query else rows[offset:]
    found = list(rest[: limit + 1])
    items, url = found[:limit], request.build_absolute_uri()
    return Page(
        items=items,
        links={
            "count": count,
            "next": _later(url, offset + limit, place_of(items[-1], rows))
            if len(found) > limit
            else None,
            "previous": _earlier(url, max(0, offset - limit)) if offset > 0 else None,
        },
    )


def _later(url: str, offset: int, place: str | None) -> str:
    url = replace_query_param(url, "offset", offset)
    return url if place is None else replace_query_param(url, "after", place)


def _earlier(url: str, offset: int) -> str:
    url = remove_query_param(url, "after")
    if offset == 0:
        return remove_query_param(url, "offset")
    return replace_query_param(url, "offset", offset)


def person_of(request: Request) -> Person:
    """Who is signed in; only in views whose operations need it."""
    person = request.user
    assert isinstance(person, Person)
    return person


Handler = Callable[..., Answer]


def answers_once(handler: Handler) -> Callable[..., Response]:
    """For POST methods that return an Answer: with an Idempotency-Key, one effect and one answer."""

    @wraps(handler)
    def method(view: Endpoint, request: Request, *args: Any, **kwargs: Any) -> Response:
        def effect() -> Answer:
            return handler(view, request, *args, **kwargs)

        key = request.headers.get(KEY_HEADER)
        if key is None:
            answer = effect()
        else:
            if not 0 < len(key) <= KEY_MAX_CHARS or not key.isprintable():
                raise FieldError(KEY_HEADER, f"1 to {KEY_MAX_CHARS} printable characters.")
            answer = answer_once(
                actor=person_of(request),
                path=request.path,
                key=key,
                request=request.data,
                effect=effect,
            )
        return Response(answer.body, status=answer.status, headers=etag_in(answer.body))

    return method
