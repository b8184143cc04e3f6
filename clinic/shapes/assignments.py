"""Assignments of doctors to patients and their records, on the wire."""

from datetime import datetime
from typing import Literal

from clinic.models.assignments import Assignment
from clinic.models.people import Doctor, Person
from clinic.models.records import HealthRecord
from clinic.shapes.base import Shape
from clinic.shapes.people import DoctorRef, PersonRef, doctor_ref, person_ref

Why = Literal["patient", "record", "booking"]


class AssignmentShape(Shape):
    id: int
    patient: PersonRef
    doctor: DoctorRef
    assigned_by: PersonRef
    created_at: datetime
    ended_at: datetime | None


class AssignmentNews(Shape):
    """That a doctor may now read a patient's records, or one of them, or may no longer.

    `why` says how: assigned to the patient, named on a record, or booked. `record` and `record_id` are
    null where it is about all records; `assignment` is null where it is about one.
    """

    doctor: DoctorRef
    patient: PersonRef
    why: Why
    assignment: int | None
    record: int | None
    record_id: str | None


def assignment_shape(assignment: Assignment) -> AssignmentShape:
    return AssignmentShape(
        id=assignment.pk,
        patient=person_ref(assignment.patient),
        doctor=doctor_ref(assignment.doctor),
        assigned_by=person_ref(assignment.assigned_by),
        created_at=assignment.created_at,
        ended_at=assignment.ended_at,
    )


def assignment_news(
    *,
    doctor: Doctor,
    patient: Person,
    why: Why,
    assignment: Assignment | None,
    record: HealthRecord | None,
) -> AssignmentNews:
    return AssignmentNews(
        doctor=doctor_ref(doctor),
        patient=person_ref(patient),
        why=why,
        assignment=assignment.pk if assignment else None,
        record=record.pk if record else None,
        record_id=record.reference if record else None,
    )
