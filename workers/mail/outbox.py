"""Mails on their way: claimed, written, sent, marked."""

import smtplib
from email.utils import parseaddr
from typing import Any, Final

import structlog
from anymail.exceptions import AnymailError, AnymailInvalidAddress, AnymailRecipientsRefused
from anymail.message import AnymailMessage
from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from clinic.actions.mail import (
    Claimed,
    claim_mail,
    give_up_killed,
    mark_dropped,
    mark_failed,
    mark_sent,
)
from clinic.models import Mail
from workers.mail.letters import Written, write
from workers.turns import one_by_one

PERMANENT: Final = 500
log = structlog.get_logger(__name__)


def deliver_due() -> int:
    """Send what is due, oldest first, one after the other; how many mails were taken."""
    given_up = give_up_killed()
    if given_up:
        log.error("mails_given_up", count=given_up, error="sender_killed")
    return one_by_one(claim_mail, deliver)


def deliver(claimed: Claimed) -> None:
    """Send one mail and write down how that went. Whatever happens to it, the next one has its turn."""
    mail = claimed.mail
    try:
        written = write(mail)
        if written is None:
            mark_dropped(claimed)
            log.info("mail_dropped", mail=mail.pk, kind=mail.kind)
            return
        message_of(mail, written).send()
    except Exception as error:  # noqa: BLE001 (one mail that cannot be sent must not stop the others)
        _failed(claimed, error)
        return
    if mark_sent(claimed):
        log.info("mail_sent", mail=mail.pk, kind=mail.kind, attempt=mail.attempts)
    else:
        log.warning("mail_sent_after_lease", mail=mail.pk, kind=mail.kind)


def message_of(mail: Mail, written: Written) -> EmailMultiAlternatives:
    """Every attempt at a mail has the same Message-ID: a receiver who gets it twice can tell."""
    if settings.ANYMAIL:
        # Mailjet refuses a Message-ID of ours; it hands this back in its events.
        message: EmailMultiAlternatives = AnymailMessage(metadata={"mail": str(mail.seal)})
    else:
        headers = {"Message-ID": message_id(mail), "Auto-Submitted": "auto-generated"}
        message = EmailMultiAlternatives(headers=headers)
    message.to, message.subject, message.body = [written.address], written.subject, written.text
    message.attach_alternative(written.html, "text/html")
    return message


def message_id(mail: Mail) -> str:
    _, sender = parseaddr(settings.DEFAULT_FROM_EMAIL)
    return f"<{mail.seal}@{sender.partition('@')[2] or 'clinic'}>"


def _failed(claimed: Claimed, error: Exception) -> None:
    code, for_good = why(error)
    mark_failed(claimed, error=code, for_good=for_good)
    mail = claimed.mail
    # The error's own words may hold an address or a link.
    said: dict[str, Any] = {"mail": mail.pk, "kind": mail.kind, "attempt": mail.attempts}
    said |= {"error": code, "type": type(error).__name__}
    if code == "mistake":
        said["where"] = _where(error)
    given_up = not Mail.objects.filter(pk=mail.pk, failed_at=None).exists()
    if given_up:
        log.error("mail_given_up", **said)
    else:
        log.warning("mail_not_sent", **said)


def why(error: Exception) -> tuple[str, bool]:
    """A stable code, and whether another attempt is useless."""
    match error:
        case smtplib.SMTPRecipientsRefused():
            codes = [code for code, _ in error.recipients.values()]
            return "refused", all(code >= PERMANENT for code in codes)
        case AnymailRecipientsRefused() | AnymailInvalidAddress():
            return "refused", True
        case OSError() | AnymailError():
            return "unreachable", False
        case _:
            return "mistake", False


def _where(error: Exception) -> str:
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    return "" if last is None else f"{last.tb_frame.f_code.co_filename}:{last.tb_lineno}"
