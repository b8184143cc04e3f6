"""The clinic itself."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.endpoint import Body, Endpoint, body_of, person_of
from api.fields import LARGEST_ID, Day, LeadTimes
from clinic.actions.place import ClinicChange, RoomEntry, change_clinic
from clinic.actions.reminders import chosen_lead_times
from clinic.errors import FieldError, RoomInUse
from clinic.policy import Operation
from clinic.queries.place import closures, rooms, the_clinic
from clinic.shapes.base import Shape
from clinic.shapes.place import ClinicShape, clinic_shape

MOST_ROOMS = 200
MOST_CLOSURES = 1000


class ClinicAnswer(Shape):
    clinic: ClinicShape


class RoomBody(Body):
    """A room with its id; without one a new room, or the one that is called so."""

    id = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=LARGEST_ID
    )
    name = serializers.CharField(max_length=40)


class ClosureBody(Body):
    date = Day()
    reason = serializers.CharField(required=False, allow_blank=True, max_length=200, default="")


class ClinicBody(Body):
    """What is left out stays as it is; `closures` and `rooms` replace what is there.

    `reminders` hold for visits that are booked from then on; null: the installation's own.
    """

    name = serializers.CharField(required=False, max_length=120)
    time_zone = serializers.CharField(required=False, max_length=64)
    closures = serializers.ListField(child=ClosureBody(), required=False, max_length=MOST_CLOSURES)
    rooms = serializers.ListField(child=RoomBody(), required=False, max_length=MOST_ROOMS)
    reminders = LeadTimes()


class ClinicView(Endpoint):
    operations = {"GET": Operation.SIGNED_IN, "PATCH": Operation.WRITE_CLINIC}
    refusals = {"PATCH": [RoomInUse]}

    @extend_schema(responses={200: ClinicAnswer})
    def get(self, request: Request) -> Response:
        return _clinic()

    @extend_schema(request=ClinicBody, responses={200: ClinicAnswer})
    def patch(self, request: Request) -> Response:
        body = body_of(request, ClinicBody)
        change = ClinicChange(
            name=body.get("name"),
            time_zone=body.get("time_zone"),
            closures=_closures(body["closures"]) if "closures" in body else None,
            rooms=[RoomEntry(each["name"], each.get("id")) for each in body["rooms"]]
            if "rooms" in body
            else None,
            reminders=_reminders(body["reminders"]) if "reminders" in body else None,
        )
        change_clinic(actor=person_of(request), change=change)
        return _clinic()


def _clinic() -> Response:
    return Response({"clinic": clinic_shape(the_clinic(), closures(), rooms()).wire()})


def _reminders(given: list[str] | None) -> str:
    return "" if given is None else chosen_lead_times(given, field="reminders")


def _closures(given: list[dict[str, Any]]) -> dict[Any, str]:
    days = {each["date"]: each["reason"] for each in given}
    for number, each in enumerate(given):
        if each["date"] in (earlier["date"] for earlier in given[:number]):
            raise FieldError(f"closures.{number}.date", "This day is named twice.", code="unique")
    return days
