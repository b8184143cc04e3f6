"""Booking, moving, confirming and cancelling appointments, and lists of them."""

from typing import Any

from django.db.models import QuerySet
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
from api.etags import etag_of, version_from
from api.fields import Day, Id, Instant
from clinic.actions.appointments import book_appointment, cancel_appointment, reschedule_appointment
from clinic.actions.attendance import confirm_appointment, mark_no_show
from clinic.actions.calendar import WallClock
from clinic.actions.idempotency import Answer
from clinic.errors import FieldError
from clinic.models import Appointment, Person
from clinic.policy import Operation, allowed
from clinic.queries.appointments import appointment_for, appointments_for, mirrored_topic
from clinic.queries.journal import stream_of
from clinic.queries.place import the_clinic
from clinic.rules.statuses import Status
from clinic.rules.zones import day_bounds
from clinic.shapes.appointments import AppointmentShape, AppointmentWithNotes, appointment_shape
from clinic.shapes.base import Shape, Stream
from clinic.shapes.records import VisitRecord, visit_record

AnyAppointment = AppointmentWithNotes | AppointmentShape


class AppointmentList(ListAnswer):
    appointments: list[AnyAppointment]
    stream: Stream


class AppointmentAnswer(Shape):
    appointment: AnyAppointment


class AppointmentChanged(AppointmentAnswer):
    message: str


class Booked(AppointmentChanged):
    health_record: VisitRecord


class AppointmentQuery(PageQuery):
    """`from` and `to` are dates, both included, in the clinic's zone."""

    status = serializers.ChoiceField(choices=[s.value for s in Status], required=False)
    doctor = Id(required=False)
    patient = Id(required=False)

    def get_fields(self) -> dict[str, Any]:
        # `from` is a word of the language, so it cannot be written as an attribute.
        days = {name: Day(required=False) for name in ("from", "to")}
        return {**super().get_fields(), **days}


class BookBody(Body):
    """Either `start`, or `appointment_date` with `start_time` in the doctor's zone; `start` wins."""

    ignored = frozenset(AppointmentShape.model_fields)

    doctor_id = Id(required=False)
    doctor = Id(required=False)
    appointment_date = Day(required=False)
    start_time = serializers.TimeField(required=False, input_formats=["%H:%M", "%H:%M:%S"])
    start = Instant(required=False)
    notes = serializers.CharField(
        required=False, allow_blank=True, max_length=4000, trim_whitespace=False
    )
    patient_id = Id(required=False)


class RescheduleBody(Body):
    """Where it is to go, as in booking; `doctor_id` where it is to go to another doctor."""

    doctor_id = Id(required=False)
    appointment_date = Day(required=False)
    start_time = serializers.TimeField(required=False, input_formats=["%H:%M", "%H:%M:%S"])
    start = Instant(required=False)


class NothingBody(Body):
    """All is said by the address."""


class CancelBody(Body):
    reason = serializers.CharField(required=False, allow_blank=True, max_length=300)


class AppointmentsView(Endpoint):
    """Those within the caller's reach. Mirrors `user.<id>`, `calendar.<id>` or `desk`."""

    operations = {"GET": Operation.SIGNED_IN}

    @extend_schema(parameters=[AppointmentQuery], responses={200: AppointmentList})
    def get(self, request: Request) -> Response:
        viewer = person_of(request)
        query = query_of(request, AppointmentQuery)
        stream = stream_of(mirrored_topic(viewer))
        page = page_of(request, _filtered(appointments_for(viewer), query))
        shown = [_shape(viewer, appointment) for appointment in page.items]
        return Response({"appointments": shown, **page.links, "stream": stream.wire()})


class AppointmentView(Endpoint):
    operations = {"GET": Operation.SIGNED_IN}

    @extend_schema(responses={200: AppointmentAnswer})
    def get(self, request: Request, appointment_id: int) -> Response:
        viewer = person_of(request)
        appointment = appointment_for(viewer, appointment_id)
        return Response(
            {"appointment": _shape(viewer, appointment)},
            headers={"ETag": etag_of(appointment.version)},
        )


class BookView(Endpoint):
    operations = {"POST": Operation.BOOK}

    @extend_schema(request=BookBody, responses={201: Booked})
    @answers_once
    def post(self, request: Request) -> Answer:
        body = body_of(request, BookBody)
        actor = person_of(request)
        booking = book_appointment(
            actor=actor,
            doctor_id=_doctor_id(body),
            when=_when(body),
            patient_id=body.get("patient_id"),
            notes=body.get("notes", ""),
        )
        answer = {
            "message": "The appointment is booked.",
            "appointment": _shape(actor, booking.appointment),
            "health_record": visit_record(booking.health_record).wire(),
        }
        return Answer(201, answer)


class CancelView(Endpoint):
    operations = {"POST": Operation.SIGNED_IN}

    @extend_schema(request=CancelBody, responses={200: AppointmentChanged})
    @answers_once
    def post(self, request: Request, appointment_id: int) -> Answer:
        body = body_of(request, CancelBody)
        actor = person_of(request)
        appointment = cancel_appointment(
            actor=actor,
            appointment_id=appointment_id,
            reason=body.get("reason", ""),
            version=version_from(request),
        )
        return _changed(actor, appointment, "The appointment is cancelled.")


class RescheduleView(Endpoint):
    operations = {"POST": Operation.SIGNED_IN}

    @extend_schema(request=RescheduleBody, responses={200: AppointmentChanged})
    @answers_once
    def post(self, request: Request, appointment_id: int) -> Answer:
        body = body_of(request, RescheduleBody)
        actor = person_of(request)
        appointment = reschedule_appointment(
            actor=actor,
            appointment_id=appointment_id,
            when=_when(body),
            doctor_id=body.get("doctor_id"),
            version=version_from(request),
        )
        return _changed(actor, appointment, "The appointment is moved.")


class ConfirmVisitView(Endpoint):
    operations = {"POST": Operation.SIGNED_IN}

    @extend_schema(request=NothingBody, responses={200: AppointmentChanged})
    @answers_once
    def post(self, request: Request, appointment_id: int) -> Answer:
        body_of(request, NothingBody)
        actor = person_of(request)
        appointment = confirm_appointment(
            actor=actor, appointment_id=appointment_id, version=version_from(request)
        )
        return _changed(actor, appointment, "Thank you: the clinic knows that you will come.")


class NoShowView(Endpoint):
    operations = {"POST": Operation.SIGNED_IN}

    @extend_schema(request=NothingBody, responses={200: AppointmentChanged})
    @answers_once
    def post(self, request: Request, appointment_id: int) -> Answer:
        body_of(request, NothingBody)
        actor = person_of(request)
        appointment = mark_no_show(
            actor=actor, appointment_id=appointment_id, version=version_from(request)
        )
        return _changed(actor, appointment, "The appointment is marked as missed.")


def _changed(actor: Person, appointment: Appointment, message: str) -> Answer:
    return Answer(200, {"message": message, "appointment": _shape(actor, appointment)})


def _shape(viewer: Person, appointment: Appointment) -> dict[str, Any]:
    notes = allowed(viewer, Operation.READ_NOTES, appointment)
    return appointment_shape(appointment, notes=notes).wire()


def _filtered(appointments: QuerySet[Appointment], query: dict[str, Any]) -> QuerySet[Appointment]:
    zone = the_clinic().time_zone if "from" in query or "to" in query else "UTC"
    if "from" in query:
        appointments = appointments.filter(start__gte=day_bounds(query["from"], zone)[0])
    if "to" in query:
        appointments = appointments.filter(start__lt=day_bounds(query["to"], zone)[1])
    for name in ("status", "doctor", "patient"):
        if name in query:
            appointments = appointments.filter(**{name: query[name]})
    return appointments


def _doctor_id(body: dict[str, Any]) -> int:
    doctor_id: int | None = body.get("doctor_id", body.get("doctor"))
    if doctor_id is None:
        raise FieldError("doctor_id", "This field is required.", code="required")
    return doctor_id


def _when(body: dict[str, Any]) -> Any:
    if "start" in body:
        return body["start"]
    for name in ("appointment_date", "start_time"):
        if name not in body:
            raise FieldError(name, "This field is required.", code="required")
    return WallClock(body["appointment_date"], body["start_time"])
