"""Health records and what is written in them, on the wire."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from clinic.models.people import Person
from clinic.models.records import Annotation, AnnotationVersion, HealthRecord, RecordType
from clinic.models.records import RecordVersion as VersionRow
from clinic.shapes.base import Shape
from clinic.shapes.people import PersonRef, person_ref


class AnnotationShape(Shape):
    id: int
    record: int
    doctor: PersonRef
    content: str
    version: int
    created_at: datetime
    updated_at: datetime


class CommentShape(Shape):
    """The same annotation, flat."""

    id: int
    record: int
    doctor: PersonRef
    comment: str
    created_at: datetime


class RecordShape(Shape):
    """A record as staff see it: that it exists, not what it says."""

    id: int
    record_id: str
    record_type: RecordType
    patient: PersonRef
    doctor: PersonRef | None
    withdrawn: bool
    version: int
    created_at: datetime
    updated_at: datetime


class RecordWithContent(RecordShape):
    """A record as its patient and the assigned doctors see it."""

    title: str
    description: str
    annotations: list[AnnotationShape]
    attachments: list[dict[str, Any]]


class RecordVersionShape(Shape):
    """A record as it was until `replaced_at`; of the present one that is null."""

    version: int
    record_type: RecordType
    title: str
    description: str
    doctor: PersonRef | None
    replaced_at: datetime | None


class AnnotationVersionShape(Shape):
    version: int
    content: str
    replaced_at: datetime | None


class AnnotationHistory(Shape):
    id: int
    doctor: PersonRef
    created_at: datetime
    removed_at: datetime | None
    versions: list[AnnotationVersionShape]


class RecordReference(Shape):
    """What a person's own topic says of a record: never its title or text."""

    record: int
    record_id: str
    record_type: RecordType
    actor: PersonRef | None


class VisitRecord(Shape):
    """The record a booking made, as `book` answers it."""

    id: int
    record_id: str
    title: str
    record_type: RecordType
    created_at: datetime


def record_reference(record: HealthRecord, actor: Person | None) -> RecordReference:
    return RecordReference(
        record=record.pk,
        record_id=record.reference,
        record_type=RecordType(record.record_type),
        actor=person_ref(actor) if actor else None,
    )


def visit_record(record: HealthRecord) -> VisitRecord:
    return VisitRecord(
        id=record.pk,
        record_id=record.reference,
        title=record.title,
        record_type=RecordType(record.record_type),
        created_at=record.created_at,
    )


def annotation_shape(annotation: Annotation) -> AnnotationShape:
    return AnnotationShape(
        id=annotation.pk,
        record=annotation.record_id,
        doctor=person_ref(annotation.doctor.person),
        content=annotation.content,
        version=annotation.version,
        created_at=annotation.created_at,
        updated_at=annotation.updated_at,
    )


def comment_shape(annotation: Annotation) -> CommentShape:
    return CommentShape(
        id=annotation.pk,
        record=annotation.record_id,
        doctor=person_ref(annotation.doctor.person),
        comment=annotation.content,
        created_at=annotation.created_at,
    )


def record_shape(record: HealthRecord) -> RecordShape:
    return RecordShape(**_metadata(record))


def record_with_content(
    record: HealthRecord, annotations: Iterable[Annotation]
) -> RecordWithContent:
    return RecordWithContent(
        **_metadata(record),
        title=record.title,
        description=record.description,
        annotations=[annotation_shape(annotation) for annotation in annotations],
        attachments=[],
    )


def _metadata(record: HealthRecord) -> dict[str, Any]:
    return {
        "id": record.pk,
        "record_id": record.reference,
        "record_type": RecordType(record.record_type),
        "patient": person_ref(record.patient),
        "doctor": person_ref(record.doctor.person) if record.doctor else None,
        "withdrawn": record.withdrawn_at is not None,
        "version": record.version,
        "created_at": record.created_at,
        "updated_at": record.updated_at,
    }


def record_version_shape(row: HealthRecord | VersionRow) -> RecordVersionShape:
    return RecordVersionShape(
        version=row.version,
        record_type=RecordType(row.record_type),
        title=row.title,
        description=row.description,
        doctor=person_ref(row.doctor.person) if row.doctor else None,
        replaced_at=row.replaced_at if isinstance(row, VersionRow) else None,
    )


def annotation_history(annotation: Annotation) -> AnnotationHistory:
    rows: list[Annotation | AnnotationVersion] = [*annotation.versions.all(), annotation]
    return AnnotationHistory(
        id=annotation.pk,
        doctor=person_ref(annotation.doctor.person),
        created_at=annotation.created_at,
        removed_at=annotation.removed_at,
        versions=[
            AnnotationVersionShape(
                version=row.version,
                content=row.content,
                replaced_at=row.replaced_at if isinstance(row, AnnotationVersion) else None,
            )
            for row in rows
        ],
    )
