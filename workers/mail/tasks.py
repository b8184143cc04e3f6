"""Sending mails, as Celery is asked for it."""

from celery import shared_task
from django.db import transaction

from clinic.actions.mail import claim_mail, plan_mail
from clinic.events import Subject
from clinic.models import Doctor, MailKind
from clinic.queries.mail import waiting_mail
from workers.mail.outbox import deliver, deliver_due


@shared_task
def deliver_due_mail() -> None:
    """All mails that are due; the beat asks for it every few seconds, and any number of workers may."""
    deliver_due()


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
    kind = MailKind.DOCTOR_ASSIGNED
    about = Subject("patient", patient_id) if patient_id else Subject("record", record_id or 0)
    with transaction.atomic():
        planned = waiting_mail().filter(
            kind=kind, person=doctor.person, subject_kind=about.kind, subject_id=about.id
        )
        mail = planned.first() or plan_mail(kind=kind, person=doctor.person, subject=about)
    claimed = None if mail is None else claim_mail(mail_id=mail.pk)
    if claimed is not None:
        deliver(claimed)
