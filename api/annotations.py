"""What doctors write in records: one annotation, three doors."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.endpoint import (
    Body,
    Endpoint,
    ListAnswer,
    PageQuery,
    answers_once,
    body_of,
    page_of,
    person_of,
    query_of,
)
from api.etags import etag_of, version_from
from api.fields import Id
from api.records import TEXT_MAX_CHARS, record_id_of
from clinic.actions.annotations import annotate_record, remove_annotation, update_annotation
from clinic.actions.idempotency import Answer
from clinic.models import Annotation
from clinic.policy import Operation
from clinic.queries.records import annotation_reach, annotations_for
from clinic.shapes.base import Shape
from clinic.shapes.records import (
    AnnotationShape,
    CommentShape,
    annotation_shape,
    comment_shape,
)


class AnnotationAnswer(Shape):
    annotation: AnnotationShape


class CommentList(ListAnswer):
    comments: list[CommentShape]


class CommentAnswer(CommentShape):
    """The annotation, flat."""


class Text(serializers.CharField):
    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=TEXT_MAX_CHARS, **options)


class AnnotationBody(Body):
    ignored = frozenset(AnnotationShape.model_fields) - {"content"}

    content = Text()


class DoctorsAnnotationBody(Body):
    """`record` is another name of `record_id`."""

    record_id = Id(required=False)
    record = Id(required=False)
    content = Text()


class NewCommentBody(Body):
    ignored = frozenset({"id", "doctor", "created_at"})

    record = Id()
    comment = Text()


class CommentBody(Body):
    ignored = frozenset({"id", "record", "doctor", "created_at"})

    comment = Text()


class CommentQuery(PageQuery):
    record = Id(required=False)


class AddAnnotationView(Endpoint):
    operations = {"POST": Operation.SIGNED_IN}

    @extend_schema(request=AnnotationBody, responses={201: AnnotationAnswer})
    @answers_once
    def post(self, request: Request, record_id: int) -> Answer:
        body = body_of(request, AnnotationBody)
        return _annotated(request, record_id, body["content"])


class DoctorsAnnotationView(Endpoint):
    operations = {"POST": Operation.OWN_PATIENTS}

    @extend_schema(request=DoctorsAnnotationBody, responses={201: AnnotationAnswer})
    @answers_once
    def post(self, request: Request) -> Answer:
        body = body_of(request, DoctorsAnnotationBody)
        return _annotated(request, record_id_of(body), body["content"])


class AnnotationView(Endpoint):
    operations = {"PATCH": Operation.SIGNED_IN, "DELETE": Operation.SIGNED_IN}

    @extend_schema(request=AnnotationBody, responses={200: AnnotationAnswer})
    def patch(self, request: Request, annotation_id: int) -> Response:
        body = body_of(request, AnnotationBody)
        annotation = update_annotation(
            actor=person_of(request),
            annotation_id=annotation_id,
            content=body["content"],
            version=version_from(request),
        )
        return Response(
            {"annotation": annotation_shape(annotation).wire()},
            headers={"ETag": etag_of(annotation.version)},
        )

    @extend_schema(responses={204: None})
    def delete(self, request: Request, annotation_id: int) -> Response:
        return _removed(request, annotation_id)


class CommentsView(Endpoint):
    """Annotations of all records whose content the caller may read, newest first."""

    operations = {"GET": Operation.SIGNED_IN, "POST": Operation.SIGNED_IN}

    @extend_schema(parameters=[CommentQuery], responses={200: CommentList})
    def get(self, request: Request) -> Response:
        query = query_of(request, CommentQuery)
        found = annotations_for(person_of(request))
        if "record" in query:
            found = found.filter(record=query["record"])
        page = page_of(request, found)
        comments = [comment_shape(annotation).wire() for annotation in page.items]
        return Response({"comments": comments, **page.links})

    @extend_schema(request=NewCommentBody, responses={201: CommentAnswer})
    @answers_once
    def post(self, request: Request) -> Answer:
        body = body_of(request, NewCommentBody)
        annotation = annotate_record(
            actor=person_of(request), record_id=body["record"], content=body["comment"]
        )
        return Answer(201, comment_shape(annotation).wire())


class CommentView(Endpoint):
    operations = dict.fromkeys(("GET", "PATCH", "DELETE"), Operation.SIGNED_IN)

    @extend_schema(responses={200: CommentAnswer})
    def get(self, request: Request, annotation_id: int) -> Response:
        return _flat(annotation_reach(person_of(request), annotation_id).annotation)

    @extend_schema(request=CommentBody, responses={200: CommentAnswer})
    def patch(self, request: Request, annotation_id: int) -> Response:
        body = body_of(request, CommentBody)
        annotation = update_annotation(
            actor=person_of(request),
            annotation_id=annotation_id,
            content=body["comment"],
            version=version_from(request),
        )
        return _flat(annotation)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, annotation_id: int) -> Response:
        return _removed(request, annotation_id)


def _flat(annotation: Annotation) -> Response:
    # A comment does not show its version: only the header says what If-Match wants.
    return Response(comment_shape(annotation).wire(), headers={"ETag": etag_of(annotation.version)})


def _annotated(request: Request, record_id: int, content: str) -> Answer:
    annotation = annotate_record(actor=person_of(request), record_id=record_id, content=content)
    return Answer(201, {"annotation": annotation_shape(annotation).wire()})


def _removed(request: Request, annotation_id: int) -> Response:
    remove_annotation(
        actor=person_of(request), annotation_id=annotation_id, version=version_from(request)
    )
    return Response(status=204)
