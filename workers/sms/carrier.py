"""How an SMS leaves the house: to the operator's gateway, to code of the operator's own, or to the console."""

import json
import sys
from typing import Final

import structlog
from django.conf import settings
from django.utils.module_loading import import_string

from clinic.environment import SMS_CODE
from clinic.models import Message
from clinic.rules.messages import Why
from clinic.rules.telephones import masked
from workers.outward import Busy, Unreachable, post
from workers.sms.letters import Sms, write

log = structlog.get_logger(__name__)

# The gateway knows the key: it had this one already.
HAD_IT: Final = 409
CLIENT_ERRORS: Final = range(400, 500)


class Refused(Exception):
    """The gateway will not have this one, however often it is asked."""


def send(message: Message) -> Why | None:
    """Write the SMS as things stand now, and hand it over."""
    sms = write(message)
    if isinstance(sms, Why):
        return sms
    way = settings.SMS
    if way == "console":
        _print(sms, message.kind)
    elif way.startswith(SMS_CODE):
        _call(sms, way.removeprefix(SMS_CODE))
    else:
        _post(sms, way)
    return None


def _print(sms: Sms, kind: str) -> None:
    sys.stdout.write(f"SMS to {sms.to}: {sms.text}\n")
    sys.stdout.flush()
    log.info("sms_printed", kind=kind, to=masked(sms.to))


def _call(sms: Sms, path: str) -> None:
    """Whatever it raises means: again later. False means: never."""
    if import_string(path)(to=sms.to, text=sms.text, id=sms.id) is False:
        raise Refused


def _post(sms: Sms, url: str) -> None:
    headers = {"Content-Type": "application/json", "Idempotency-Key": sms.id}
    if settings.SMS_SECRET:
        headers["Authorization"] = f"Bearer {settings.SMS_SECRET}"
    body = json.dumps({"to": sms.to, "text": sms.text, "id": sms.id}).encode()
    answer = post(url, headers=headers, body=body)
    if answer.is_good or answer.status == HAD_IT:
        return
    if answer.is_busy:
        raise Busy(answer.pause)
    if answer.status in CLIENT_ERRORS:
        raise Refused
    raise Unreachable(f"it answered {answer.status}")


def judge(error: Exception) -> tuple[str, bool]:
    """A stable code, and whether another attempt is useless."""
    match error:
        case Refused():
            return "refused", True
        case Busy():
            return "busy", False
        case Unreachable() | OSError():
            return "unreachable", False
        case _:
            return "mistake", False
