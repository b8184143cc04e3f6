"""Whether this browser is told of news while no tab is open."""

import uuid
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.endpoint import Body, Endpoint, answers_once, body_of, person_of
from clinic.actions.idempotency import Answer
from clinic.actions.push import subscribe_browser, unsubscribe_browser
from clinic.policy import Operation
from clinic.queries.push import is_subscribed
from clinic.rules.endpoints import ENDPOINT_MAX_CHARS
from clinic.shapes.push import PushShape
from clinic.vapid import public_key


class SubscriptionBody(Body):
    """What the browser's `PushSubscription.toJSON()` gives. Its keys are not used: a push says nothing."""

    endpoint = serializers.CharField(max_length=ENDPOINT_MAX_CHARS)
    ignored = frozenset({"expirationTime", "keys"})


class PushView(Endpoint):
    """This session's browser, at its push service. It is told that there is news, never which."""

    operations = {
        "GET": Operation.SIGNED_IN,
        "POST": Operation.SIGNED_IN,
        "DELETE": Operation.SIGNED_IN,
    }

    @extend_schema(responses={200: PushShape})
    def get(self, request: Request) -> Response:
        return Response(_wire(subscribed=is_subscribed(_session(request))))

    @extend_schema(request=SubscriptionBody, responses={200: PushShape})
    @answers_once
    def post(self, request: Request) -> Answer:
        body = body_of(request, SubscriptionBody)
        subscribe_browser(actor=person_of(request), session_id=_session(request), **body)
        return Answer(200, _wire(subscribed=True))

    @extend_schema(responses={204: None})
    def delete(self, request: Request) -> Response:
        unsubscribe_browser(session_id=_session(request))
        return Response(status=204)


def _wire(*, subscribed: bool) -> dict[str, Any]:
    return PushShape(public_key=public_key(), subscribed=subscribed).wire()


def _session(request: Request) -> uuid.UUID:
    assert isinstance(request.auth, uuid.UUID)
    return request.auth
