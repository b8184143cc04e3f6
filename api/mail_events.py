"""What Mailjet tells of mails after they left: which came back, and who wants no more."""

import uuid
from typing import Any, Final

from anymail.exceptions import AnymailWebhookValidationFailure
from anymail.signals import AnymailTrackingEvent, EventType
from anymail.webhooks.mailjet import MailjetTrackingWebhookView
from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.response import Response

from api.endpoint import Endpoint
from clinic.actions.bounces import mark_bounced
from clinic.actions.preferences import change_preferences
from clinic.errors import NotFound
from clinic.models import Message
from clinic.policy import Operation
from clinic.queries.messages import message_with_seal

CAME_BACK: Final = frozenset({EventType.BOUNCED, EventType.REJECTED})
NO_MORE: Final = frozenset({EventType.COMPLAINED, EventType.UNSUBSCRIBED})
# Mailjet does not even try an address that an earlier mail came back from.
NOT_TRIED: Final = "preblocked"


class MailEventsView(Endpoint):
    """For Mailjet alone, which shows name and password of the setting. Others find nothing here."""

    operations = {"POST": Operation.ANYONE}
    authentication_classes: list[Any] = []

    @extend_schema(request=None, responses={200: None})
    def post(self, request: Request) -> Response:
        for event in _events(request):
            message = _message(event)
            if message is not None:
                _keep(event, message)
        return Response(status=200)


def _events(request: Request) -> list[AnymailTrackingEvent]:
    if not settings.MAIL_EVENTS_SECRET:
        raise NotFound
    reader = MailjetTrackingWebhookView(webhook_secret=settings.MAIL_EVENTS_SECRET)
    try:
        reader.run_validators(request)
        return list(reader.parse_events(request))
    except AnymailWebhookValidationFailure:
        raise NotFound from None
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError):
        raise ParseError("This is no list of events.") from None


def _message(event: AnymailTrackingEvent) -> Message | None:
    """The mail it is about, by what was sent along with it; None for those of other systems."""
    try:
        return message_with_seal(uuid.UUID(event.metadata["mail"]))
    except (ValueError, LookupError, TypeError, AttributeError):
        return None


def _keep(event: AnymailTrackingEvent, message: Message) -> None:
    if event.event_type in CAME_BACK:
        mark_bounced(message, reason=_reason(event), for_good=_is_for_good(event))
    elif event.event_type in NO_MORE:
        owner = message.person
        # Whoever has an address that was theirs before does not speak for them.
        if owner is not None and owner.email.lower() == message.address.lower():
            change_preferences(actor=owner, change={"email": False})


def _reason(event: AnymailTrackingEvent) -> str:
    """One of anymail's few words, never what a server wrote: that may hold an address."""
    return f"came_back_{event.reject_reason or 'unexplained'}"


def _is_for_good(event: AnymailTrackingEvent) -> bool:
    said = event.esp_event
    return said.get("hard_bounce") in (True, 1, "1", "true") or said.get("error") == NOT_TRIED
