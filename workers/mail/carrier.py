"""How a mail leaves the house."""

import re
import smtplib
from email.utils import parseaddr
from typing import Final

from anymail.exceptions import AnymailError, AnymailInvalidAddress, AnymailRecipientsRefused
from anymail.message import AnymailMessage
from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from clinic.actions.bounces import mark_bounced
from clinic.letters.calendars import CalendarFile
from clinic.models import Message
from clinic.rules.messages import Why
from workers.mail.letters import Written, write

PERMANENT: Final = 500
REFUSED: Final = "refused"
# There is no such mailbox. Others of the five hundreds are about us, the mail, or a mailbox that is full.
NO_MAILBOX: Final = frozenset({550, 551, 553})
# More exactly (RFC 3463), where a server says it.
_EXACTLY: Final = re.compile(rb"\s*5\.(?P<subject>\d+)\.(?P<detail>\d+)")


def send(message: Message) -> Why | None:
    """Write the mail as things stand now, and send it."""
    written = write(message)
    if isinstance(written, Why):
        return written
    try:
        mail_of(message, written).send()
    except Exception as error:
        if is_of_the_address(error):
            mark_bounced(message, reason=REFUSED, for_good=True)
        raise
    return None


def mail_of(message: Message, written: Written) -> EmailMultiAlternatives:
    """Every attempt at a mail has the same Message-ID: a receiver who gets it twice can tell."""
    if settings.ANYMAIL:
        # Mailjet refuses a Message-ID of ours; it hands this back in its events. It is told to leave links as
        # they are: what stands behind their # is nobody else's.
        mail: EmailMultiAlternatives = AnymailMessage(
            metadata={"mail": str(message.seal)},
            track_clicks=False,
            track_opens=False,
            headers=_headers(written),
        )
    else:
        headers = {"Message-ID": message_id(message), "Auto-Submitted": "auto-generated"}
        mail = EmailMultiAlternatives(headers={**headers, **_headers(written)})
    mail.to, mail.subject, mail.body = [written.address], written.subject, written.text
    mail.attach_alternative(written.html, "text/html")
    if written.calendar is not None:
        _add_calendar(mail, written.calendar)
    return mail


def _headers(written: Written) -> dict[str, str]:
    """How mail programs stop such mails in one click (RFC 8058)."""
    if not written.unsubscribe:
        return {}
    return {
        "List-Unsubscribe": f"<{written.unsubscribe}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def _add_calendar(mail: EmailMultiAlternatives, file: CalendarFile) -> None:
    """As a file for those who open it; Outlook takes up only what stands beside the text and the HTML."""
    if not settings.ANYMAIL:  # Mailjet has no such place
        mail.attach_alternative(file.text, file.media_type)
    mail.attach("visit.ics", file.text, file.media_type)


def message_id(message: Message) -> str:
    _, sender = parseaddr(settings.DEFAULT_FROM_EMAIL)
    return f"<{message.seal}@{sender.partition('@')[2] or 'clinic'}>"


def is_of_the_address(error: Exception) -> bool:
    """Whether no mail to this address will ever arrive, as those say who were to take it."""
    match error:
        case smtplib.SMTPRecipientsRefused():
            return all(_has_no_mailbox(*reply) for reply in error.recipients.values())
        case AnymailRecipientsRefused() | AnymailInvalidAddress():
            return True
        case _:
            return False


def _has_no_mailbox(code: int, words: bytes) -> bool:
    exactly = _EXACTLY.match(words)
    if exactly is None:
        return code in NO_MAILBOX
    return exactly["subject"] == b"1" or (exactly["subject"], exactly["detail"]) == (b"2", b"1")


def judge(error: Exception) -> tuple[str, bool]:
    """A stable code, and whether another attempt is useless."""
    match error:
        case smtplib.SMTPRecipientsRefused():
            codes = [code for code, _ in error.recipients.values()]
            return REFUSED, all(code >= PERMANENT for code in codes)
        case AnymailRecipientsRefused() | AnymailInvalidAddress():
            return REFUSED, True
        case OSError() | AnymailError():
            return "unreachable", False
        case _:
            return "mistake", False
