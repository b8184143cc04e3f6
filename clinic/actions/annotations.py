"""What assigned doctors write in records."""

from datetime import datetime
from typing import Any

from django.db import transaction

from clinic import clock
from clinic.actions.records import lock_record
from clinic.errors import NotFound, VersionConflict
from clinic.events import AnnotationAdded, AnnotationRemoved, AnnotationUpdated
from clinic.journal import record as journal
from clinic.models import Annotation, AnnotationVersion, Doctor, Person
from clinic.policy import AnnotationReach, Operation, require
from clinic.queries.records import annotation_reach, annotations_for, reach_of, reading_doctors
from clinic.rows import insert


def annotate_record(*, actor: Person, record_id: int, content: str) -> Annotation:
    """Write a note in a record. Raises NotFound, Forbidden for whoever may not write in it."""
    with transaction.atomic():
        lock_record(record_id)
        reach = reach_of(actor, record_id)
        require(actor, Operation.ANNOTATE, reach)
        now = clock.now()
        annotation = Annotation(
            record=reach.record,
            doctor=Doctor.objects.select_related("person").get(pk=actor.pk),
            content=content,
            created_at=now,
            updated_at=now,
        )
        insert([annotation])
        readers = reading_doctors(reach.record)
        journal(
            AnnotationAdded(annotation=annotation, record=reach.record, readers=readers),
            actor=actor,
        )
    return annotation


def update_annotation(
    *, actor: Person, annotation_id: int, content: str, version: int | None = None
) -> Annotation:
    """Change one's own note; its earlier words stay in the history. Raises NotFound, Forbidden, VersionConflict."""
    with transaction.atomic():
        found = _locked(actor, annotation_id, version)
        annotation = found.annotation
        if annotation.content == content:
            return annotation
        now = clock.now()
        _keep_version(annotation, now)
        annotation.content = content
        _save(annotation, now)
        journal(AnnotationUpdated(**_facts(found)), actor=actor)
    return annotation


def remove_annotation(*, actor: Person, annotation_id: int, version: int | None = None) -> None:
    """Take back one's own note; it stays in the history."""
    with transaction.atomic():
        found = _locked(actor, annotation_id, version)
        now = clock.now()
        found.annotation.removed_at = now
        _save(found.annotation, now)
        journal(AnnotationRemoved(**_facts(found)), actor=actor)


def _locked(actor: Person, annotation_id: int, version: int | None) -> AnnotationReach:
    known = (
        annotations_for(actor).filter(pk=annotation_id).values_list("record_id", flat=True).first()
    )
    if known is None:
        raise NotFound
    lock_record(known)
    found = annotation_reach(actor, annotation_id)
    require(actor, Operation.CHANGE_ANNOTATION, found)
    if version is not None and version != found.annotation.version:
        raise VersionConflict
    return found


def _keep_version(annotation: Annotation, now: datetime) -> None:
    insert(
        [
            AnnotationVersion(
                annotation=annotation,
                version=annotation.version,
                content=annotation.content,
                replaced_at=now,
            )
        ]
    )


def _save(annotation: Annotation, now: datetime) -> None:
    annotation.version += 1
    annotation.updated_at = now
    annotation.save()


def _facts(found: AnnotationReach) -> dict[str, Any]:
    record = found.reach.record
    return {
        "annotation": found.annotation,
        "record": record,
        "readers": reading_doctors(record),
    }
