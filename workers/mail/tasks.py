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
def notify_doctor_async(doctor_id: int, patient_id: int) -> None:
    """Mail a doctor now that this patient has been assigned to them.

    The assignment has planned such a mail: while that one waits, it is the one that goes.
    """
    doctor = Doctor.objects.select_related("person").filter(pk=doctor_id).first()
    if doctor is None:
        return
    kind, about = MailKind.DOCTOR_ASSIGNED, Subject("person", patient_id)
    with transaction.atomic():
        planned = waiting_mail().filter(
            kind=kind, person=doctor.person, subject_kind=about.kind, subject_id=about.id
        )
        mail = planned.first() or plan_mail(kind=kind, person=doctor.person, subject=about)
    claimed = None if mail is None else claim_mail(mail_id=mail.pk)
    if claimed is not None:
        deliver(claimed)
