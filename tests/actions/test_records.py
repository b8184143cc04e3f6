"""Records, annotations and assignments: who may do what, what becomes of it, and who is told."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from clinic.actions.annotations import annotate_record, remove_annotation, update_annotation
from clinic.actions.records import assign_record, create_record, remove_record, update_record
from clinic.errors import FieldError, Forbidden, NotFound, VersionConflict
from clinic.models import (
    AnnotationVersion,
    Entry,
    HealthRecord,
    Message,
    Notification,
    RecordVersion,
)
from clinic.queries.records import matching_records, reach_of, readers_of, records_for
from clinic.topics import record_topic, user_topic
from tests import world

pytestmark = pytest.mark.django_db


def test_a_patient_writes_a_record_and_names_a_doctor() -> None:
    doctor, patient = world.a_doctor(), world.a_patient()

    record = world.a_record(patient, doctor, title="Knee")

    assert (record.version, record.title, record.doctor) == (1, "Knee", doctor)
    assert world.types_in(record_topic(record.pk)) == ["record.created"]
    assert world.types_in(user_topic(doctor.pk)) == ["record.created", "doctor.assigned"]
    assert [line.person_id for line in Notification.objects.all()] == [doctor.pk]


@pytest.mark.parametrize("maker", [world.a_receptionist, world.an_admin])
def test_only_patients_write_records(maker: Callable[[], Any]) -> None:
    with pytest.raises(Forbidden):
        create_record(actor=maker(), record_type="OTHER", title="Knee")
    with pytest.raises(Forbidden):
        create_record(actor=world.a_doctor().person, record_type="OTHER", title="Knee")


def test_a_doctor_whom_nobody_can_find_cannot_be_named() -> None:
    with pytest.raises(FieldError):
        world.a_record(world.a_patient(), world.a_pending_doctor())
    assert not HealthRecord.objects.exists()


def test_the_words_a_record_had_stay_in_its_history() -> None:
    patient = world.a_patient()
    record = world.a_record(patient, title="Knee", description="It hurts.")

    changed = update_record(actor=patient, record_id=record.pk, changes={"title": "Left knee"})

    [before] = RecordVersion.objects.all()
    assert (before.version, before.title, before.description) == (1, "Knee", "It hurts.")
    assert (changed.version, changed.title) == (2, "Left knee")


def test_changing_nothing_is_no_version_and_no_event() -> None:
    patient = world.a_patient()
    record = world.a_record(patient, title="Knee")

    assert update_record(actor=patient, record_id=record.pk, changes={"title": "Knee"}).version == 1

    assert world.types_in(record_topic(record.pk)) == ["record.created"]


def test_an_old_version_is_refused() -> None:
    patient = world.a_patient()
    record = world.a_record(patient)
    update_record(actor=patient, record_id=record.pk, changes={"title": "A"}, version=1)

    for act in (
        lambda: update_record(
            actor=patient, record_id=record.pk, changes={"title": "B"}, version=1
        ),
        lambda: remove_record(actor=patient, record_id=record.pk, version=1),
        lambda: assign_record(actor=patient, record_id=record.pk, doctor_id=None, version=1),
    ):
        with pytest.raises(VersionConflict):
            act()


def test_a_record_of_ones_own_words_only_is_voided_for_everyone() -> None:
    doctor, patient = world.a_doctor(), world.a_patient()
    record = world.a_record(patient, doctor)

    world.remove_record(record)

    for viewer in (patient, doctor.person, world.an_admin()):
        with pytest.raises(NotFound):
            reach_of(viewer, record.pk)
    assert readers_of([record.pk]) == {record.pk: frozenset()}


def test_a_record_somebody_else_wrote_in_is_withdrawn_from_its_patient_alone() -> None:
    doctor, patient = world.a_doctor(), world.a_patient()
    record = world.a_record(patient, doctor)
    remove_annotation(actor=doctor.person, annotation_id=world.annotate(record, doctor).pk)

    world.remove_record(record)

    with pytest.raises(NotFound):
        reach_of(patient, record.pk)
    assert reach_of(doctor.person, record.pk).record.withdrawn_at is not None
    assert readers_of([record.pk]) == {record.pk: frozenset({doctor.pk})}
    assert world.types_in(record_topic(record.pk))[-1] == "record.withdrawn"


def test_what_is_written_in_a_withdrawn_record_is_told_to_its_doctors_alone() -> None:
    doctor, patient = world.a_doctor(), world.a_patient()
    record = world.a_record(patient, doctor)
    world.annotate(record, doctor)
    world.remove_record(record)

    note = world.annotate(record, doctor, "Rest.")
    update_annotation(actor=doctor.person, annotation_id=note.pk, content="Run.")
    remove_annotation(actor=doctor.person, annotation_id=note.pk)

    written = ["annotation.added", "annotation.updated", "annotation.removed"]
    assert world.types_in(user_topic(doctor.pk))[-3:] == written
    assert world.types_in(user_topic(patient.pk))[-1] == "record.withdrawn"


def test_the_record_of_a_visit_is_withdrawn_too() -> None:
    doctor, patient = world.a_doctor(), world.a_patient()
    visit = world.book(doctor, patient)

    world.remove_record(visit.health_record)

    assert list(records_for(patient)) == []
    assert list(records_for(doctor.person)) == [visit.health_record]


def test_a_doctor_reads_by_either_kind_of_assignment_and_only_while_it_lasts() -> None:
    doctor, patient = world.a_doctor(), world.a_patient()
    named, other = world.a_record(patient, doctor), world.a_record(patient)
    assert list(records_for(doctor.person)) == [named]

    assignment = world.assign(patient, doctor)
    assert set(records_for(doctor.person)) == {named, other}

    world.end(assignment)
    assign_record(actor=patient, record_id=named.pk, doctor_id=None)
    assert list(records_for(doctor.person)) == []
    with pytest.raises(NotFound):
        annotate_record(actor=doctor.person, record_id=named.pk, content="Rest.")


def test_a_note_is_its_authors_alone() -> None:
    author, colleague, patient = world.a_doctor(), world.a_doctor(), world.a_patient()
    record = world.a_record(patient)
    for doctor in (author, colleague):
        world.assign(patient, doctor)
    note = world.annotate(record, author, "Rest.")

    for person in (colleague.person, patient):
        with pytest.raises(Forbidden):
            update_annotation(actor=person, annotation_id=note.pk, content="Run.")
        with pytest.raises(Forbidden):
            remove_annotation(actor=person, annotation_id=note.pk)

    changed = update_annotation(actor=author.person, annotation_id=note.pk, content="More rest.")
    assert (changed.version, changed.content) == (2, "More rest.")
    assert [row.content for row in AnnotationVersion.objects.all()] == ["Rest."]


def test_a_note_is_told_to_its_patient_and_the_other_readers_without_its_text() -> None:
    author, colleague, patient = world.a_doctor(), world.a_doctor(), world.a_patient()
    world.assign(patient, colleague)
    record = world.a_record(patient, author)

    world.annotate(record, author, "marker-7734")

    for reader in (patient.pk, author.pk, colleague.pk):
        assert world.types_in(user_topic(reader))[-1] == "annotation.added"
        assert "marker-7734" not in world.entries(user_topic(reader))[-1].body
    assert "marker-7734" in world.entries(record_topic(record.pk))[-1].body
    lines = Notification.objects.filter(type="annotation.added")
    assert [line.person_id for line in lines] == [patient.pk]


def test_a_patient_who_assigns_a_doctor_again_and_again_mails_them_once_in_five_minutes(
    clock: time_machine.Traveller,
) -> None:
    doctor, patient, other = world.a_doctor(), world.a_patient(), world.a_patient()
    for _ in range(3):
        world.a_record(patient, doctor)
        world.end(world.assign(patient, doctor))
    assert Message.objects.filter(person=doctor.person).count() == 1

    world.assign(other, doctor)
    assert Message.objects.filter(person=doctor.person).count() == 2

    clock.shift(timedelta(minutes=5))
    world.assign(patient, doctor)
    assert Message.objects.filter(person=doctor.person).count() == 3


def test_assigning_once_more_is_the_same_assignment_and_tells_nobody() -> None:
    doctor, patient = world.a_doctor(), world.a_patient()
    first = world.assign(patient, doctor)
    told = Entry.objects.count()

    assert world.assign(patient, doctor, actor=world.a_receptionist()) == first
    assert world.end(first).ended_at == world.end(first).ended_at
    assert Entry.objects.count() == told + 3

    assert world.assign(patient, doctor) != first


def test_search_finds_words_that_are_encrypted_within_reach_and_nothing_beyond() -> None:
    doctor, patient, other = world.a_doctor(), world.a_patient(), world.a_patient()
    mine = world.a_record(patient, doctor, title="Übelkeit", description="nach dem Essen")
    world.a_record(other, title="Übelkeit")
    world.annotate(mine, doctor, "kein Fieber")

    def found(viewer: Any, text: str) -> list[HealthRecord]:
        return list(matching_records(viewer, records_for(viewer), text))

    assert found(patient, "übelkeit ESSEN") == [mine]
    assert found(doctor.person, "fieber") == [mine]
    assert found(patient, "übelkeit morgens") == []
    assert found(world.a_receptionist(), "übelkeit") == []
    assert found(world.a_receptionist(), mine.reference.lower()) == [mine]
