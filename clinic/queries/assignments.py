"""Which doctor looks after whom."""

from django.db.models import Exists, OuterRef, Q, QuerySet

from clinic.errors import NotFound
from clinic.models import Assignment, HealthRecord, Person, Role
from clinic.policy import Operation, allowed
from clinic.rows import fetch


def patients_of(doctor: Person) -> QuerySet[Person]:
    """The patients a doctor is assigned to, by either kind of assignment."""
    if not doctor.is_approved:
        return Person.objects.none()
    named = HealthRecord.objects.filter(
        patient_id=OuterRef("pk"), doctor_id=doctor.pk, voided_at=None
    )
    assigned = Assignment.objects.filter(
        patient_id=OuterRef("pk"), doctor_id=doctor.pk, ended_at=None
    )
    return Person.objects.filter(
        Q(Exists(named)) | Q(Exists(assigned)), role=Role.PATIENT
    ).order_by("last_name", "first_name", "pk")


def assignments_of(patient_id: int) -> QuerySet[Assignment]:
    """The standing ones of a patient, the oldest first."""
    return (
        Assignment.objects.select_related("patient", "doctor__person", "assigned_by")
        .filter(patient_id=patient_id, ended_at=None)
        .order_by("created_at", "pk")
    )


def assignment_for(viewer: Person, assignment_id: int) -> Assignment:
    """Raises NotFound for one that does not exist or is none of the viewer's business."""
    assignment = (
        Assignment.objects.select_related("patient", "doctor__person", "assigned_by", "ended_by")
        .filter(pk=assignment_id)
        .first()
    )
    if assignment is None or not allowed(viewer, Operation.END_ASSIGNMENT, assignment):
        raise NotFound
    return assignment


def doctors_assigned_to(patient_id: int, *, besides: int) -> tuple[tuple[int, ...], bool]:
    """The doctors who may read all of a patient's records, and whether `besides` may read any, in one query."""
    rows = fetch(
        "SELECT doctor_id FROM clinic_assignment WHERE patient_id = %s AND ended_at IS NULL "
        "UNION ALL SELECT 0 WHERE EXISTS (SELECT 1 FROM clinic_healthrecord "
        "WHERE patient_id = %s AND doctor_id = %s)",
        [patient_id, patient_id, besides],
    )
    found = {doctor_id for (doctor_id,) in rows}
    return tuple(sorted(found - {0})), bool(found & {0, besides})
