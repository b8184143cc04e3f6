"""The inbox."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.endpoint import (
    Body,
    Endpoint,
    ListAnswer,
    PageQuery,
    answers_once,
    body_of,
    page_of,
    person_of,
    query_of,
)
from api.fields import Id
from clinic.actions.idempotency import Answer
from clinic.actions.notifications import mark_read
from clinic.errors import FieldError
from clinic.policy import Operation
from clinic.queries.journal import stream_of
from clinic.queries.notifications import inbox_of, unread_count
from clinic.shapes.base import Shape, Stream
from clinic.shapes.notifications import NotificationShape, notification_shape
from clinic.topics import user_topic


class InboxQuery(PageQuery):
    unread = serializers.BooleanField(required=False, default=False)


class Inbox(ListAnswer):
    notifications: list[NotificationShape]
    unread: int
    stream: Stream


class ReadBody(Body):
    """Either `up_to` (a number of the inbox's topic) or `ids`."""

    up_to = serializers.IntegerField(required=False, min_value=0)
    ids = serializers.ListField(child=Id(), required=False, max_length=500)


class Unread(Shape):
    unread: int


class InboxView(Endpoint):
    """Newest first. Mirrors `user.<id>`."""

    operations = {"GET": Operation.SIGNED_IN}

    @extend_schema(parameters=[InboxQuery], responses={200: Inbox})
    def get(self, request: Request) -> Response:
        reader = person_of(request)
        query = query_of(request, InboxQuery)
        stream = stream_of(user_topic(reader.pk))
        page = page_of(request, inbox_of(reader, unread_only=query["unread"]))
        lines = [notification_shape(line).wire() for line in page.items]
        return Response(
            {
                "notifications": lines,
                **page.links,
                "unread": unread_count(reader),
                "stream": stream.wire(),
            }
        )


class DoctorsInboxView(InboxView):
    """A doctor's inbox under its older name."""

    operations = {"GET": Operation.OWN_SCHEDULE}


class ReadView(Endpoint):
    operations = {"POST": Operation.SIGNED_IN}

    @extend_schema(request=ReadBody, responses={200: Unread})
    @answers_once
    def post(self, request: Request) -> Answer:
        body = body_of(request, ReadBody)
        if ("up_to" in body) == ("ids" in body):
            raise FieldError("up_to", "Send either up_to or ids.")
        left = mark_read(actor=person_of(request), up_to=body.get("up_to"), ids=body.get("ids", ()))
        return Answer(200, {"unread": left})
