"""Health records within the reach of the one who asks."""

from collections.abc import Collection, Iterable
from typing import Any, Final

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet, prefetch_related_objects

from clinic.errors import NotFound
from clinic.models import Annotation, Assignment, HealthRecord, Person, RecordVersion, Role
from clinic.policy import AnnotationReach, Operation, RecordReach, allowed
from clinic.rows import fetch
from clinic.shapes.records import RecordReference, record_reference

STANDING: Final = Q(voided_at=None)


def records_with_everything() -> QuerySet[HealthRecord]:
    """With all that their shape shows: two queries."""
    return _records().prefetch_related(_written())


def records_for(viewer: Person) -> QuerySet[HealthRecord]:
    """A patient's own, a doctor's assigned, all for staff. Newest first."""
    standing = records_with_everything().filter(STANDING).order_by("-created_at", "-id")
    if viewer.role in (Role.RECEPTIONIST, Role.ADMIN):
        return standing
    if viewer.role == Role.DOCTOR:
        return standing.filter(_assigned_to(viewer.pk)) if viewer.is_approved else standing.none()
    return standing.filter(patient_id=viewer.pk, withdrawn_at=None)


def matching_records(
    viewer: Person, found: QuerySet[HealthRecord], text: str
) -> QuerySet[HealthRecord]:
    """Those with every word of the text in what the viewer may read of them.

    Titles and texts are encrypted, so those within reach are opened one by one; staff search what they see.
    """
    words = text.casefold().split()
    if viewer.role in (Role.RECEPTIONIST, Role.ADMIN):
        for word in words:
            found = found.filter(
                Q(reference__icontains=word)
                | Q(patient__first_name__icontains=word)
                | Q(patient__last_name__icontains=word)
            )
        return found
    ids = [record.pk for record in found.iterator(chunk_size=500) if _says(record, words)]
    return found.filter(pk__in=ids)


def _says(record: HealthRecord, words: Iterable[str]) -> bool:
    notes = [annotation.content for annotation in record.annotations.all()]
    text = " ".join([record.reference, record.title, record.description, *notes]).casefold()
    return all(word in text for word in words)


def reach_of(viewer: Person, record_id: int) -> RecordReach:
    """A record that the viewer may at least know of. Raises NotFound for every other one."""
    # In one query, so that one beyond reach is not told from none by how long that takes.
    record = _records().annotate(is_assigned=_assigned_to(viewer.pk)).filter(pk=record_id).first()
    if record is None:
        raise NotFound
    reach = RecordReach(record, assigned=bool(record.is_assigned))
    if not allowed(viewer, Operation.SEE_RECORD, reach):
        raise NotFound
    prefetch_related_objects([record], _written())
    return reach


def annotation_reach(viewer: Person, annotation_id: int) -> AnnotationReach:
    """An annotation of a record that the viewer may read. Raises NotFound for every other one."""
    annotation = annotations_for(viewer).filter(pk=annotation_id).first()
    if annotation is None:
        raise NotFound
    reach = reach_of(viewer, annotation.record_id)
    if not allowed(viewer, Operation.READ_RECORD, reach):
        raise NotFound
    return AnnotationReach(annotation, reach)


def annotations_for(viewer: Person) -> QuerySet[Annotation]:
    """What stands in the records whose content the viewer may read. Newest first; staff read none."""
    standing = (
        Annotation.objects.filter(removed_at=None)
        .select_related("doctor__person")
        .order_by("-created_at", "-id")
    )
    if viewer.role not in (Role.PATIENT, Role.DOCTOR):
        return standing.none()
    return standing.filter(record__in=records_for(viewer).order_by().values("pk"))


def versions_of(
    record: HealthRecord,
) -> tuple[list[RecordVersion | HealthRecord], list[Annotation]]:
    """Everything that was ever written in a record: its own versions, and all annotations with theirs."""
    earlier = RecordVersion.objects.filter(record=record).select_related("doctor__person")
    annotations = (
        Annotation.objects.filter(record=record)
        .select_related("doctor__person")
        .prefetch_related("versions")
    )
    return [*earlier, record], list(annotations)


def record_references(viewer: Person) -> list[RecordReference]:
    """References to the records whose events the viewer's own topic carries."""
    if viewer.role not in (Role.PATIENT, Role.DOCTOR):
        return []
    return [record_reference(record, None) for record in records_for(viewer).order_by("pk")]


def reading_doctors(record: HealthRecord) -> tuple[int, ...]:
    """Ids of the doctors who may read this record."""
    assigned = set(
        Assignment.objects.filter(patient_id=record.patient_id, ended_at=None).values_list(
            "doctor_id", flat=True
        )
    )
    return tuple(sorted(assigned | ({record.doctor_id} if record.doctor_id else set())))


def readers_of(record_ids: Collection[int]) -> dict[int, frozenset[int]]:
    """Ids of the people who may read each of these records, in one query; nobody, of one that is no more.

    Asked at every delivery.
    """
    if not record_ids:
        return {}
    places = ", ".join(["%s"] * len(record_ids))
    rows = fetch(
        "SELECT record.id, record.patient_id, record.withdrawn_at, record.doctor_id, "  # noqa: S608
        "assignment.doctor_id FROM clinic_healthrecord record "
        "LEFT JOIN clinic_assignment assignment "
        "ON assignment.patient_id = record.patient_id AND assignment.ended_at IS NULL "
        f"WHERE record.voided_at IS NULL AND record.id IN ({places})",
        list(record_ids),
    )
    readers: dict[int, set[int]] = {record_id: set() for record_id in record_ids}
    for record_id, patient_id, withdrawn_at, named, assigned in rows:
        theirs = readers[record_id]
        theirs.update(doctor for doctor in (named, assigned) if doctor is not None)
        if withdrawn_at is None:
            theirs.add(patient_id)
    return {record_id: frozenset(theirs) for record_id, theirs in readers.items()}


def _records() -> QuerySet[HealthRecord]:
    return HealthRecord.objects.select_related("patient", "doctor__person")


def _written() -> Any:
    standing = Annotation.objects.filter(removed_at=None).select_related("doctor__person")
    return Prefetch("annotations", standing)


def _assigned_to(doctor_id: int) -> Q:
    return Q(doctor_id=doctor_id) | Q(Exists(_assignments(OuterRef("patient_id"), doctor_id)))


def _assignments(patient_id: Any, doctor_id: int) -> QuerySet[Assignment]:
    return Assignment.objects.filter(patient_id=patient_id, doctor_id=doctor_id, ended_at=None)
