"""Health records on the wire: so far only that they exist."""

from datetime import datetime

from clinic.models.people import Person
from clinic.models.records import HealthRecord, RecordType
from clinic.shapes.base import Shape
from clinic.shapes.people import PersonRef, person_ref


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
