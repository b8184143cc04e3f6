"""Mails that others ask for by name."""

from celery import shared_task
from django.db import transaction

from clinic.actions.messages import claim_message, plan_message
from clinic.events import Subject
from clinic.models import Doctor, MessageKind
from clinic.queries.messages import waiting_messages
from clinic.rules.messages import Channel
from workers.messages import deliver


# Known by this name to those who send it from elsewhere.
@shared_task(name="notify_doctor_async")
def notify_doctor_async(
    doctor_id: int, patient_id: int | None = None, record_id: int | None = None
) -> None:
    """Mail a doctor at once of the patient, or of the one record, that was assigned to them.

    The assignment has planned such a mail: while that one waits, it is the one that goes. Nothing goes
    where there is no such assignment.
    """
    doctor = Doctor.objects.select_related("person").filter(pk=doctor_id).first()
    if doctor is None or (patient_id is None) is (record_id is None):
        return
    kind = MessageKind.DOCTOR_ASSIGNED
    about = Subject("patient", patient_id) if patient_id else Subject("record", record_id or 0)
    with transaction.atomic():
        planned = waiting_messages().filter(
            kind=kind,
            channel=Channel.EMAIL,
            person=doctor.person,
            subject_kind=about.kind,
            subject_id=about.id,
        )
        mail = planned.first() or plan_message(kind=kind, person=doctor.person, subject=about)
    claimed = None if mail is None else claim_message(Channel.EMAIL, message_id=mail.pk)
    if claimed is not None:
        deliver(claimed)
