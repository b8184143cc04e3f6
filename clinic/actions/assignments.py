"""Assigning doctors to patients, and ending it."""

from dataclasses import dataclass

from django.db import transaction

from clinic import clock
from clinic.actions.records import assignable_doctor, told_by_mail
from clinic.errors import NotFound
from clinic.events import DoctorAssigned, DoctorUnassigned
from clinic.journal import record
from clinic.models import Assignment, Person, Role
from clinic.policy import Operation, require_thing
from clinic.queries.assignments import assignment_for
from clinic.rows import insert, lock_row


@dataclass(frozen=True, slots=True)
class Assigned:
    assignment: Assignment
    is_new: bool


def assign_doctor(*, actor: Person, patient_id: int, doctor_id: int) -> Assigned:
    """Let a doctor read all of a patient's records. Once more is the same assignment.

    Raises NotFound, FieldError for a doctor whom nobody can find.
    """
    require_thing(actor, Operation.ASSIGN_DOCTOR, patient_id)
    with transaction.atomic():
        lock_row(Person, patient_id)  # two at once are one after the other
        patient = Person.objects.filter(pk=patient_id, role=Role.PATIENT, is_active=True).first()
        if patient is None:
            raise NotFound
        doctor = assignable_doctor(doctor_id)
        standing = (
            Assignment.objects.select_related("patient", "doctor__person", "assigned_by")
            .filter(patient=patient, doctor=doctor, ended_at=None)
            .first()
        )
        if standing is not None:
            return Assigned(standing, is_new=False)
        assignment = Assignment(
            patient=patient, doctor=doctor, assigned_by=actor, created_at=clock.now()
        )
        insert([assignment])
        news = DoctorAssigned(doctor=doctor, patient=patient, why="patient", assignment=assignment)
        record(told_by_mail(news), actor=actor)
    return Assigned(assignment, is_new=True)


def end_assignment(*, actor: Person, assignment_id: int) -> Assignment:
    """End it: the doctor's right stops at once, on open screens too. Ending once more changes nothing."""
    with transaction.atomic():
        lock_row(Assignment, assignment_id)
        assignment = assignment_for(actor, assignment_id)
        if assignment.ended_at is not None:
            return assignment
        assignment.ended_at, assignment.ended_by = clock.now(), actor
        assignment.save()
        record(
            DoctorUnassigned(
                doctor=assignment.doctor,
                patient=assignment.patient,
                why="patient",
                assignment=assignment,
            ),
            actor=actor,
            rights_of=[assignment.doctor_id],
        )
    return assignment
