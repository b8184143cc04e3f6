"""Working hours and time off."""

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
from api.fields import Id, Instant
from clinic.actions.idempotency import Answer
from clinic.actions.schedules import (
    AvailabilityChange,
    add_time_off,
    remove_time_off,
    set_availability,
)
from clinic.errors import FieldError, Forbidden
from clinic.models import Doctor, Person, Role
from clinic.policy import Operation, allowed
from clinic.queries.people import doctor_account
from clinic.queries.schedules import time_off_of
from clinic.shapes.appointments import AppointmentShape, AppointmentWithNotes, appointment_shape
from clinic.shapes.base import Shape
from clinic.shapes.people import AvailabilityShape, availability_shape
from clinic.shapes.schedules import TimeOffShape, time_off_shape


class AvailabilityAnswer(Shape):
    availability: AvailabilityShape


class AvailabilityBody(Body):
    available_days = serializers.JSONField(required=False)
    appointment_duration = serializers.IntegerField(required=False, min_value=5, max_value=480)
    max_patients_per_day = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=1000
    )
    time_zone = serializers.CharField(required=False, max_length=64)


class TimeOffBody(Body):
    start = Instant()
    end = Instant()
    reason = serializers.CharField(required=False, allow_blank=True, max_length=200)
    doctor_id = Id(required=False)


class TimeOffQuery(PageQuery):
    doctor_id = Id(required=False)


class TimeOffList(ListAnswer):
    time_off: list[TimeOffShape]


class TimeOffAnswer(Shape):
    """`affected` are the appointments inside: they stand until somebody decides."""

    time_off: TimeOffShape
    affected: list[AppointmentWithNotes | AppointmentShape]


class OwnAvailabilityView(Endpoint):
    operations = {"GET": Operation.OWN_SCHEDULE, "PUT": Operation.OWN_SCHEDULE}

    @extend_schema(responses={200: AvailabilityAnswer})
    def get(self, request: Request) -> Response:
        return _availability(doctor_account(person_of(request).pk))

    @extend_schema(request=AvailabilityBody, responses={200: AvailabilityAnswer})
    def put(self, request: Request) -> Response:
        return _set_availability(request, person_of(request).pk)


class AvailabilityView(Endpoint):
    operations = {"GET": Operation.ANY_SCHEDULE, "PUT": Operation.ANY_SCHEDULE}

    @extend_schema(responses={200: AvailabilityAnswer})
    def get(self, request: Request, doctor_id: int) -> Response:
        return _availability(doctor_account(doctor_id))

    @extend_schema(request=AvailabilityBody, responses={200: AvailabilityAnswer})
    def put(self, request: Request, doctor_id: int) -> Response:
        return _set_availability(request, doctor_id)


class TimeOffListView(Endpoint):
    operations = {"GET": Operation.MANAGE_TIME_OFF, "POST": Operation.MANAGE_TIME_OFF}

    @extend_schema(parameters=[TimeOffQuery], responses={200: TimeOffList})
    def get(self, request: Request) -> Response:
        doctor_id = query_of(request, TimeOffQuery).get("doctor_id")
        page = page_of(request, time_off_of(_whose(person_of(request), doctor_id)))
        shown = [time_off_shape(row).wire() for row in page.items]
        return Response({"time_off": shown, **page.links})

    @extend_schema(request=TimeOffBody, responses={201: TimeOffAnswer})
    @answers_once
    def post(self, request: Request) -> Answer:
        body = body_of(request, TimeOffBody)
        actor = person_of(request)
        absence = add_time_off(
            actor=actor,
            doctor_id=_whose(actor, body.get("doctor_id")),
            start=body["start"],
            end=body["end"],
            reason=body.get("reason", ""),
        )
        return Answer(
            201,
            {
                "time_off": time_off_shape(absence.time_off).wire(),
                "affected": [
                    appointment_shape(
                        appointment, notes=allowed(actor, Operation.READ_NOTES, appointment)
                    ).wire()
                    for appointment in absence.affected
                ],
            },
        )


class TimeOffView(Endpoint):
    operations = {"DELETE": Operation.MANAGE_TIME_OFF}

    @extend_schema(responses={204: None})
    def delete(self, request: Request, time_off_id: int) -> Response:
        remove_time_off(actor=person_of(request), time_off_id=time_off_id)
        return Response(status=204)


def _availability(doctor: Doctor) -> Response:
    return Response({"availability": availability_shape(doctor).wire()})


def _set_availability(request: Request, doctor_id: int) -> Response:
    body = body_of(request, AvailabilityBody)
    limit = (body["max_patients_per_day"],) if "max_patients_per_day" in body else None
    set_availability(
        actor=person_of(request),
        doctor_id=doctor_id,
        change=AvailabilityChange(
            available_days=body.get("available_days"),
            appointment_duration=body.get("appointment_duration"),
            max_patients_per_day=limit,
            time_zone=body.get("time_zone"),
        ),
    )
    return _availability(doctor_account(doctor_id))


def _whose(actor: Person, doctor_id: int | None) -> int:
    """Doctors mean themselves; admins say whom."""
    if actor.role == Role.DOCTOR:
        if doctor_id not in (None, actor.pk):
            raise Forbidden
        return int(actor.pk)
    if doctor_id is None:
        raise FieldError("doctor_id", "Say for which doctor.", code="required")
    return int(doctor_account(doctor_id).pk)
