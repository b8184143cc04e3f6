"""What was sent to people and what was not, for staff."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from api.endpoint import Body, Endpoint, Query, answers_once, body_of, person_of, query_of
from api.fields import Id
from clinic import clock
from clinic.actions.idempotency import Answer
from clinic.actions.outbox import can_retry, retry_message
from clinic.errors import FieldError, NothingToRetry
from clinic.models import MessageKind
from clinic.policy import Operation
from clinic.queries.outbox import Line, Place, Wanted, count_of, counts, lines_from
from clinic.queries.place import the_clinic
from clinic.rules.messages import Channel
from clinic.rules.outbox import SendState
from clinic.rules.zones import day_bounds, local_date
from clinic.shapes.base import Shape
from clinic.shapes.messages import MessageCounts, MessageLine, message_line

_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_CURSOR: Final = re.compile(r"([0-9]{1,16})-([01])-([0-9]{1,18})")


class MessageList(Shape):
    """`count` is how many all pages have; `next` is the address of the next one; null: that was the last.

    Pages go on from a line, not from a number: what is sent meanwhile shifts none of them, and none has a `previous`.
    """

    messages: list[MessageLine]
    count: int
    next: str | None
    counts: MessageCounts


class MessageAnswer(Shape):
    message: MessageLine


class MessageQuery(Query):
    """`due` lists what waits, soonest first; everything else is newest first, without what is due later."""

    state = serializers.ChoiceField(choices=[each.value for each in SendState], required=False)
    channel = serializers.ChoiceField(choices=[each.value for each in Channel], required=False)
    kind = serializers.ChoiceField(choices=MessageKind.values, required=False)
    patient = Id(required=False)
    limit = serializers.IntegerField(
        required=False,
        min_value=1,
        max_value=settings.LIST_MAX_LIMIT,
        default=settings.LIST_DEFAULT_LIMIT,
    )
    cursor = serializers.RegexField(
        _CURSOR.pattern, required=False, help_text="From `next`; not to be made by hand."
    )


class RetryBody(Body):
    """Nothing is to be said."""


class MessagesView(Endpoint):
    """Messages and reminders in one list, by whom and on which way, without their words."""

    operations = {"GET": Operation.SEE_MESSAGES}

    @extend_schema(parameters=[MessageQuery], responses={200: MessageList})
    def get(self, request: Request) -> Response:
        query, now = query_of(request, MessageQuery), clock.now()
        wanted, place = _wanted(query), _place(query.get("cursor"))
        found, following = lines_from(wanted, place, limit=query["limit"], now=now)
        url = request.build_absolute_uri()
        zone = the_clinic().time_zone
        today = day_bounds(local_date(now, zone), zone)
        return Response(
            {
                "messages": [_shape(line, now).wire() for line in found],
                "count": count_of(wanted, now=now),
                "next": replace_query_param(url, "cursor", _cursor(following))
                if following
                else None,
                "counts": MessageCounts(**counts(now=now, today=today)).wire(),
            }
        )


class RetryMessageView(Endpoint):
    """A failed message is sent again at once; one without an address that works, to the one there is now."""

    operations = {"POST": Operation.SEE_MESSAGES}
    refusals = {"POST": [NothingToRetry]}

    @extend_schema(request=RetryBody, responses={200: MessageAnswer})
    @answers_once
    def post(self, request: Request, message_id: int) -> Answer:
        body_of(request, RetryBody)
        line = retry_message(actor=person_of(request), message_id=message_id)
        return Answer(200, {"message": _shape(line, clock.now()).wire()})


def _wanted(query: dict[str, Any]) -> Wanted:
    return Wanted(
        state=SendState(query["state"]) if "state" in query else None,
        channel=Channel(query["channel"]) if "channel" in query else None,
        kind=query.get("kind"),
        patient_id=query.get("patient"),
    )


def _shape(line: Line, now: datetime) -> MessageLine:
    return message_line(
        line.row,
        line.state,
        at=line.place.at,
        visit=line.visit,
        lead=line.lead,
        can_retry=can_retry(line, now=now),
    )


def _cursor(place: Place) -> str:
    return f"{(place.at - _BEGINNING) // _MICROSECOND}-{place.source}-{place.pk}"


def _place(cursor: str | None) -> Place | None:
    if cursor is None:
        return None
    found = _CURSOR.fullmatch(cursor)
    if found is None:
        raise FieldError("cursor", "Take it from `next`.")
    at = _BEGINNING + int(found[1]) * _MICROSECOND
    return Place(at, int(found[2]), int(found[3]))
