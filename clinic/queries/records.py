"""Health records: so far only which ones a person may know of."""

from django.db.models import Q

from clinic.models import HealthRecord, Person
from clinic.shapes.records import RecordReference, record_reference


def record_references(viewer: Person) -> list[RecordReference]:
    """References to the records whose events the viewer's own topic carries."""
    mine = HealthRecord.objects.filter(Q(patient=viewer) | Q(doctor_id=viewer.pk), voided_at=None)
    return [record_reference(record, None) for record in mine.order_by("pk")]
