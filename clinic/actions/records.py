"""Records: made, changed, voided and assigned by their patients."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from django.db import connection, transaction

from clinic import clock
from clinic.actions.messages import plan_message
from clinic.actions.passwords import once_a_while
from clinic.errors import FieldError, VersionConflict
from clinic.events import (
    DoctorAssigned,
    DoctorUnassigned,
    Event,
    RecordAssigned,
    RecordCreated,
    RecordUpdated,
    RecordVoided,
    RecordWithdrawn,
)
from clinic.journal import record as journal
from clinic.models import (
    Annotation,
    Appointment,
    Assignment,
    Doctor,
    HealthRecord,
    MessageKind,
    Person,
    RecordType,
    RecordVersion,
)
from clinic.policy import Operation, require
from clinic.queries.assignments import doctors_assigned_to
from clinic.queries.people import doctors_in_directory
from clinic.queries.records import reach_of, reading_doctors, records_with_everything
from clinic.rows import insert, lock_row

CHANGEABLE = ("record_type", "title", "description")


def new_reference() -> str:
    """What people quote: unique, and not to be guessed."""
    return f"HR-{secrets.token_hex(5).upper()}"


def create_record(
    *,
    actor: Person,
    record_type: str,
    title: str,
    description: str = "",
    doctor_id: int | None = None,
) -> HealthRecord:
    """Write a record of one's own; naming a doctor assigns them to it. Raises FieldError."""
    require(actor, Operation.CREATE_RECORD)
    doctor = None if doctor_id is None else assignable_doctor(doctor_id)
    now = clock.now()
    record = HealthRecord(
        reference=new_reference(),
        record_type=RecordType(record_type),
        title=title,
        description=description,
        patient=actor,
        doctor=doctor,
        created_at=now,
        updated_at=now,
    )
    with transaction.atomic():
        insert([record])
        events: list[Event] = [RecordCreated(record=record, readers=reading_doctors(record))]
        if doctor is not None:
            events.append(_assigned(record, doctor))
        journal(*events, actor=actor)
    return record


def update_record(
    *, actor: Person, record_id: int, changes: Mapping[str, Any], version: int | None = None
) -> HealthRecord:
    """Change what a record says; the words it had stay in its history.

    Raises NotFound, Forbidden for whoever may only read it, VersionConflict when `version` is not the newest.
    """
    with transaction.atomic():
        record = _locked(actor, record_id, version)
        if all(getattr(record, name) == value for name, value in changes.items()):
            return record
        now = clock.now()
        _keep_version(record, now)
        for name in CHANGEABLE:
            if name in changes:
                setattr(record, name, changes[name])
        _save(record, now)
        journal(RecordUpdated(**_facts(record)), actor=actor)
    return record


def remove_record(*, actor: Person, record_id: int, version: int | None = None) -> None:
    """Void a record; or withdraw it, where somebody else wrote in it or it belongs to a visit."""
    with transaction.atomic():
        record = _locked(actor, record_id, version)
        now = clock.now()
        event: type[RecordVoided] | type[RecordWithdrawn]
        if record.appointment_id is not None or _others_wrote_in(record):
            record.withdrawn_at, event = now, RecordWithdrawn
        else:
            record.voided_at, event = now, RecordVoided
        facts = _facts(record)
        _save(record, now)
        people = [record.patient_id, *facts["readers"]]
        journal(event(**facts), actor=actor, rights_of=people)


def assign_record(
    *, actor: Person, record_id: int, doctor_id: int | None, version: int | None = None
) -> HealthRecord:
    """Name another doctor on a record, or none. Whoever was named may no longer read it."""
    with transaction.atomic():
        record = _locked(actor, record_id, version)
        before = record.doctor
        if doctor_id == record.doctor_id:
            return record
        doctor = None if doctor_id is None else assignable_doctor(doctor_id)
        now = clock.now()
        _keep_version(record, now)
        readers_before = reading_doctors(record)
        record.doctor = doctor
        _save(record, now)
        events = _told_of_new_doctor(record, before, readers_before)
        if doctor is not None:
            events.append(_assigned(record, doctor))
        journal(*events, actor=actor, rights_of=[before.pk] if before else [])
    return record


def name_visit_doctor(
    appointment: Appointment, doctor: Doctor, before: Doctor, now: datetime
) -> tuple[list[Event], list[int]]:
    """A visit's new doctor becomes its record's doctor; the events, and whose rights it touches.

    In the transaction that moves the visit, which holds the appointment.
    """
    visit = HealthRecord.objects.filter(appointment=appointment, voided_at=None).only("pk").first()
    if visit is None or doctor.pk == before.pk:
        return [], []
    lock_record(visit.pk)
    visit = records_with_everything().get(pk=visit.pk)
    is_untouched = visit.version == 1 and not visit.annotations.exists()
    _, is_known = doctors_assigned_to(visit.patient_id, besides=doctor.pk)
    _keep_version(visit, now)
    readers_before = reading_doctors(visit)
    visit.doctor = doctor
    if is_untouched:
        visit.title = visit_title(doctor)
    _save(visit, now)
    appointment.health_record = visit
    events = _told_of_new_doctor(visit, before, readers_before)
    if not is_known:
        events.append(_assigned(visit, doctor, why="booking"))
    return events, [before.pk]


def _told_of_new_doctor(
    record: HealthRecord, before: Doctor | None, readers_before: Sequence[int]
) -> list[Event]:
    facts = _facts(record)
    # Who loses the record is told, by its last event, that it is gone from them.
    facts["readers"] = tuple(sorted({*facts["readers"], *readers_before}))
    events: list[Event] = [RecordAssigned(**facts)]
    if before is not None:
        events.append(
            DoctorUnassigned(doctor=before, patient=record.patient, why="record", record=record)
        )
    return events


def visit_title(doctor: Doctor) -> str:
    return f"Visit with {doctor.person.name}"


def assignable_doctor(doctor_id: int) -> Doctor:
    """Raises FieldError for a doctor whom nobody can find."""
    doctor = doctors_in_directory().filter(pk=doctor_id).first()
    if doctor is None:
        raise FieldError("doctor_id", "There is no such doctor.", code="does_not_exist")
    return doctor


def told_by_mail(news: DoctorAssigned) -> DoctorAssigned:
    """The doctor is mailed of it, too: of one patient every few minutes at most, for it says no more than that."""
    kind, doctor = MessageKind.DOCTOR_ASSIGNED, news.doctor.person
    once = once_a_while(kind, f"{doctor.pk}.{news.patient.pk}")
    plan_message(kind=kind, person=doctor, subject=news.subject(), once=once)
    return news


def lock_record(record_id: int) -> None:
    """Whatever is done to a record, and the end of a right to do it or to be told of it, take turns."""
    lock_row(HealthRecord, record_id)
    if connection.features.has_select_for_update:
        standing = Assignment.objects.filter(patient__records=record_id, ended_at=None)
        list(standing.order_by("pk").select_for_update(of=["self"], no_key=True).values_list("pk"))


def _locked(actor: Person, record_id: int, version: int | None) -> HealthRecord:
    lock_record(record_id)
    reach = reach_of(actor, record_id)
    require(actor, Operation.CHANGE_RECORD, reach)
    if version is not None and version != reach.record.version:
        raise VersionConflict
    return reach.record


def _keep_version(record: HealthRecord, now: datetime) -> None:
    insert(
        [
            RecordVersion(
                record=record,
                version=record.version,
                record_type=record.record_type,
                title=record.title,
                description=record.description,
                doctor=record.doctor,
                replaced_at=now,
            )
        ]
    )


def _save(record: HealthRecord, now: datetime) -> None:
    record.version += 1
    record.updated_at = now
    record.save()


def _facts(record: HealthRecord) -> dict[str, Any]:
    return {
        "record": record,
        "readers": reading_doctors(record),
        "annotations": tuple(record.annotations.all()),
    }


def _others_wrote_in(record: HealthRecord) -> bool:
    return Annotation.objects.filter(record=record).exists()


def _assigned(
    record: HealthRecord, doctor: Doctor, *, why: Literal["record", "booking"] = "record"
) -> DoctorAssigned:
    news = DoctorAssigned(doctor=doctor, patient=record.patient, why=why, record=record)
    return told_by_mail(news)
