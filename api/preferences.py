"""How the one who is signed in wants to be told."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.endpoint import Body, Endpoint, body_of, person_of
from api.fields import LeadTimes
from clinic.actions.preferences import PreferencesChange, change_preferences
from clinic.errors import FieldError
from clinic.models import Person
from clinic.policy import Operation
from clinic.queries.people import person_by_id
from clinic.queries.preferences import preferences_of
from clinic.shapes.base import Shape
from clinic.shapes.preferences import PreferencesShape, preferences_shape


class PreferencesAnswer(Shape):
    preferences: PreferencesShape


class ChannelsBody(Body):
    """What is left out stays as it is. `in_app` cannot be switched off."""

    in_app = serializers.BooleanField(required=False)
    email = serializers.BooleanField(required=False)
    push = serializers.BooleanField(required=False)
    sms = serializers.BooleanField(required=False)


class QuietHoursBody(Body):
    """Two wall times of one's own zone, `HH:MM`; the second may be on the next morning."""

    def get_fields(self) -> dict[str, Any]:
        # `from` is a word of the language, so it cannot be written as an attribute.
        formats = ["%H:%M", "%H:%M:%S"]
        return {name: serializers.TimeField(input_formats=formats) for name in ("from", "until")}


class PreferencesBody(Body):
    """Any of them; what is left out stays as it is."""

    channels = ChannelsBody(required=False)
    lead_times = LeadTimes()
    quiet_hours = QuietHoursBody(required=False, allow_null=True)
    language = serializers.CharField(required=False, max_length=12)


class PreferencesView(Endpoint):
    """Other lead times hold for visits that are booked already, too."""

    operations = {"GET": Operation.SIGNED_IN, "PUT": Operation.SIGNED_IN}

    @extend_schema(responses={200: PreferencesAnswer})
    def get(self, request: Request) -> Response:
        return _preferences(person_of(request))

    @extend_schema(request=PreferencesBody, responses={200: PreferencesAnswer})
    def put(self, request: Request) -> Response:
        change = _change(body_of(request, PreferencesBody))
        change_preferences(actor=person_of(request), change=change)
        return _preferences(person_by_id(person_of(request).pk))


def _preferences(person: Person) -> Response:
    return Response({"preferences": preferences_shape(preferences_of(person), person).wire()})


def _change(body: dict[str, Any]) -> PreferencesChange:
    channels = body.get("channels", {})
    if not channels.get("in_app", True):
        raise FieldError("channels.in_app", "The inbox cannot be switched off.", code="always_on")
    change = PreferencesChange()
    if "email" in channels:
        change["email"] = channels["email"]
    if "push" in channels:
        change["push"] = channels["push"]
    if "sms" in channels:
        change["sms"] = channels["sms"]
    if "lead_times" in body:
        change["lead_times"] = body["lead_times"]
    if "quiet_hours" in body:
        hours = body["quiet_hours"]
        change["quiet_hours"] = None if hours is None else (hours["from"], hours["until"])
    if "language" in body:
        change["language"] = body["language"]
    return change
