"""Records: lists, reading, changing, assigning, history."""

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
from clinic.actions.idempotency import Answer
from clinic.actions.records import (
    assign_record,
    create_record,
    remove_record,
    update_record,
)
from clinic.errors import FieldError
from clinic.models import HealthRecord, Person, RecordType, Role
from clinic.policy import Operation, RecordReach, allowed, require
from clinic.queries.journal import stream_of
from clinic.queries.records import matching_records, reach_of, records_for, versions_of
from clinic.shapes.base import Shape, Stream
from clinic.shapes.records import (
    AnnotationHistory,
    RecordShape,
    RecordVersionShape,
    RecordWithContent,
    annotation_history,
    record_shape,
    record_version_shape,
    record_with_content,
)
from clinic.topics import record_topic, user_topic

TITLE_MAX_CHARS = 200
TEXT_MAX_CHARS = 20_000
AnyRecord = RecordWithContent | RecordShape


class RecordList(ListAnswer):
    records: list[AnyRecord]
    stream: Stream


class RecordAnswer(Shape):
    record: AnyRecord


class RecordDetail(RecordAnswer):
    """`stream` is only there for who may watch `record.<id>`: those who may read what it says."""

    stream: Stream | None = None


class RecordHistory(Shape):
    versions: list[RecordVersionShape]
    annotations: list[AnnotationHistory]


class RecordQuery(PageQuery):
    """`q`: every word is in what the caller may read of the record."""

    type = serializers.ChoiceField(choices=RecordType.values, required=False)
    patient = Id(required=False)
    doctor = Id(required=False)
    q = serializers.CharField(required=False, allow_blank=True, max_length=120)


class RecordBody(Body):
    """`content` is another name of `description`, `doctor` of `doctor_id`."""

    ignored = frozenset(RecordWithContent.model_fields) - {"description", "title", "record_type"}

    record_type = serializers.ChoiceField(choices=RecordType.values)
    title = serializers.CharField(max_length=TITLE_MAX_CHARS)
    description = serializers.CharField(
        required=False, allow_blank=True, max_length=TEXT_MAX_CHARS, trim_whitespace=False
    )
    content = serializers.CharField(
        required=False, allow_blank=True, max_length=TEXT_MAX_CHARS, trim_whitespace=False
    )


class NewRecordBody(RecordBody):
    doctor_id = Id(required=False, allow_null=True)
    doctor = Id(required=False, allow_null=True)


class RecordChanges(RecordBody):
    record_type = serializers.ChoiceField(choices=RecordType.values, required=False)
    title = serializers.CharField(max_length=TITLE_MAX_CHARS, required=False)


class AssignRecordBody(Body):
    doctor_id = Id(allow_null=True)


class RecordsView(Endpoint):
    """Those within the caller's reach, newest first. Mirrors `user.<id>`."""

    operations = {"GET": Operation.SIGNED_IN, "POST": Operation.CREATE_RECORD}

    @extend_schema(parameters=[RecordQuery], responses={200: RecordList})
    def get(self, request: Request) -> Response:
        viewer = person_of(request)
        query = query_of(request, RecordQuery)
        stream = stream_of(user_topic(viewer.pk))
        found = records_for(viewer)
        for name, column in (("type", "record_type"), ("patient", "patient"), ("doctor", "doctor")):
            if name in query:
                found = found.filter(**{column: query[name]})
        if query.get("q"):
            found = matching_records(viewer, found, query["q"])
        page = page_of(request, found)
        shown = [_listed(viewer, record) for record in page.items]
        return Response({"records": shown, **page.links, "stream": stream.wire()})

    @extend_schema(request=NewRecordBody, responses={201: RecordAnswer})
    @answers_once
    def post(self, request: Request) -> Answer:
        body = body_of(request, NewRecordBody)
        record = create_record(
            actor=person_of(request),
            record_type=body["record_type"],
            title=body["title"],
            description=body.get("description", body.get("content", "")),
            doctor_id=body.get("doctor_id", body.get("doctor")),
        )
        return Answer(201, {"record": record_with_content(record, []).wire()})


class RecordView(Endpoint):
    """Mirrors `record.<id>` for those who may read what it says."""

    operations = dict.fromkeys(("GET", "PUT", "PATCH", "DELETE"), Operation.SIGNED_IN)

    @extend_schema(responses={200: RecordDetail})
    def get(self, request: Request, record_id: int) -> Response:
        # Read before the data, as everywhere; whether it may be told is another question.
        stream = stream_of(record_topic(record_id))
        viewer = person_of(request)
        reach = reach_of(viewer, record_id)
        shown = {"record": _shape(viewer, reach)}
        if allowed(viewer, Operation.READ_RECORD, reach):
            shown["stream"] = stream.wire()
        return Response(shown, headers={"ETag": etag_of(reach.record.version)})

    @extend_schema(request=RecordBody, responses={200: RecordAnswer})
    def put(self, request: Request, record_id: int) -> Response:
        body = body_of(request, RecordBody)
        return self._change(request, record_id, {"description": "", **body})

    @extend_schema(request=RecordChanges, responses={200: RecordAnswer})
    def patch(self, request: Request, record_id: int) -> Response:
        return self._change(request, record_id, body_of(request, RecordChanges))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, record_id: int) -> Response:
        remove_record(actor=person_of(request), record_id=record_id, version=version_from(request))
        return Response(status=204)

    def _change(self, request: Request, record_id: int, body: dict[str, Any]) -> Response:
        if "content" in body:
            body["description"] = body.pop("content")
        record = update_record(
            actor=person_of(request),
            record_id=record_id,
            changes=body,
            version=version_from(request),
        )
        shown = record_with_content(record, record.annotations.all()).wire()
        return Response({"record": shown}, headers={"ETag": etag_of(record.version)})


class AssignRecordView(Endpoint):
    operations = {"POST": Operation.SIGNED_IN}

    @extend_schema(request=AssignRecordBody, responses={200: RecordAnswer})
    @answers_once
    def post(self, request: Request, record_id: int) -> Answer:
        body = body_of(request, AssignRecordBody)
        record = assign_record(
            actor=person_of(request),
            record_id=record_id,
            doctor_id=body["doctor_id"],
            version=version_from(request),
        )
        shown = record_with_content(record, record.annotations.all()).wire()
        return Answer(200, {"record": shown})


class HistoryView(Endpoint):
    """Everything that was ever written, for those who may read the record."""

    operations = {"GET": Operation.SIGNED_IN}

    @extend_schema(responses={200: RecordHistory})
    def get(self, request: Request, record_id: int) -> Response:
        viewer = person_of(request)
        reach = reach_of(viewer, record_id)
        require(viewer, Operation.READ_RECORD, reach)
        versions, annotations = versions_of(reach.record)
        return Response(
            {
                "versions": [record_version_shape(row).wire() for row in versions],
                "annotations": [annotation_history(row).wire() for row in annotations],
            }
        )


def record_id_of(body: dict[str, Any]) -> int:
    """`record` is another name of `record_id`."""
    record_id: int | None = body.get("record_id", body.get("record"))
    if record_id is None:
        raise FieldError("record_id", "This field is required.", code="required")
    return record_id


def _shape(viewer: Person, reach: RecordReach) -> dict[str, Any]:
    if allowed(viewer, Operation.READ_RECORD, reach):
        return record_with_content(reach.record, reach.record.annotations.all()).wire()
    return record_shape(reach.record).wire()


def _listed(viewer: Person, record: HealthRecord) -> dict[str, Any]:
    # A list holds only what its reader is assigned to, or owns; staff see that records exist.
    assigned = viewer.role == Role.DOCTOR
    return _shape(viewer, RecordReach(record, assigned=assigned))
