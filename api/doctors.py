"""The directory of doctors, their slots, hours and time off."""

from datetime import date, timedelta
from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.endpoint import (
    Body,
    Endpoint,
    ListAnswer,
    PageQuery,
    Query,
    answers_once,
    body_of,
    page_of,
    person_of,
    query_of,
)
from api.fields import Day, Id, Instant
from clinic import clock
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
from clinic.queries.journal import stream_of
from clinic.queries.people import doctor_account, doctor_in_directory, doctors_in_directory
from clinic.queries.schedules import (
    calendar_of,
    calendars,
    free_starts,
    next_free,
    time_off_of,
)
from clinic.rules.zones import days_between, local_date
from clinic.shapes.appointments import AppointmentShape, AppointmentWithNotes, appointment_shape
from clinic.shapes.base import Shape, Stream
from clinic.shapes.people import (
    AvailabilityShape,
    DayShape,
    DoctorCard,
    DoctorRef,
    availability_shape,
    doctor_ref,
)
from clinic.shapes.schedules import TimeOffShape, time_off_shape
from clinic.shapes.slots import SlotShape, slot_shape
from clinic.topics import slots_topic


class DirectoryQuery(PageQuery):
    specialization = serializers.CharField(required=False, allow_blank=True, max_length=120)
    q = serializers.CharField(required=False, allow_blank=True, max_length=120)


class DoctorList(ListAnswer):
    doctors: list[DoctorCard]


class AvailableQuery(PageQuery):
    date = Day(required=False)
    specialization = serializers.CharField(required=False, allow_blank=True, max_length=120)


class AvailableDoctor(DoctorRef):
    """A doctor with weekly hours; `free_slots` counts the free ones of the date that was asked for."""

    time_zone: str
    availability: dict[str, DayShape]
    appointment_duration: int
    max_patients_per_day: int | None
    free_slots: int | None = None


class AvailableDoctorList(ListAnswer):
    doctors: list[AvailableDoctor]


class SlotsAnswer(Shape):
    doctor: DoctorRef
    time_zone: str
    slots: list[SlotShape]
    stream: Stream


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


class DirectoryView(Endpoint):
    operations = {"GET": Operation.SIGNED_IN}

    @extend_schema(parameters=[DirectoryQuery], responses={200: DoctorList})
    def get(self, request: Request) -> Response:
        query = query_of(request, DirectoryQuery)
        doctors = doctors_in_directory(
            specialization=query.get("specialization", ""), text=query.get("q", "")
        )
        page = page_of(request, doctors)
        free = next_free(page.items, now=clock.now())
        cards = [_card(doctor, free[doctor.pk]) for doctor in page.items]
        return Response({"doctors": cards, **page.links})


class AvailableDoctorsView(Endpoint):
    """Doctors with their hours; with a date only those who have a free slot then."""

    operations = {"GET": Operation.SIGNED_IN}

    @extend_schema(parameters=[AvailableQuery], responses={200: AvailableDoctorList})
    def get(self, request: Request) -> Response:
        query = query_of(request, AvailableQuery)
        doctors = doctors_in_directory(specialization=query.get("specialization", ""))
        day: date | None = query.get("date")
        free = None if day is None else _free_on(list(doctors), day)
        if free is not None:
            doctors = doctors.filter(pk__in=[pk for pk, count in free.items() if count])
        page = page_of(request, doctors.prefetch_related("windows"))
        shown = [_available(doctor, free) for doctor in page.items]
        return Response({"doctors": shown, **page.links})


class SlotsQuery(Query):
    def get_fields(self) -> dict[str, Any]:
        # `from` is a word of the language, so these cannot be written as attributes.
        return {
            "from": Day(required=False),
            "to": Day(required=False),
        }


class SlotsView(Endpoint):
    """The slots of some days, today and the six days after it unless said otherwise."""

    operations = {"GET": Operation.SIGNED_IN}

    @extend_schema(parameters=[SlotsQuery], responses={200: SlotsAnswer})
    def get(self, request: Request, doctor_id: int) -> Response:
        query = query_of(request, SlotsQuery)
        return _slots_answer(doctor_id, query.get("from"), query.get("to"), ("from", "to"))


class DoctorAvailabilityQuery(Query):
    doctor_id = Id()
    start_date = Day(required=False)
    end_date = Day(required=False)


class DoctorAvailabilityView(Endpoint):
    """The slots call under its other name."""

    operations = {"GET": Operation.SIGNED_IN}

    @extend_schema(parameters=[DoctorAvailabilityQuery], responses={200: SlotsAnswer})
    def get(self, request: Request) -> Response:
        query = query_of(request, DoctorAvailabilityQuery)
        first, last = query.get("start_date"), query.get("end_date")
        return _slots_answer(query["doctor_id"], first, last, ("start_date", "end_date"))


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


def _slots_answer(
    doctor_id: int, first: date | None, last: date | None, names: tuple[str, str]
) -> Response:
    doctor = doctor_in_directory(doctor_id)
    zone = doctor.person.time_zone
    now = clock.now()
    first = first or local_date(now, zone)
    last = last or first + timedelta(days=6)
    if last < first:
        raise FieldError(names[1], "The last day must not be before the first.")
    if (last - first).days >= settings.SLOTS_MAX_DAYS:
        raise FieldError(names[1], f"At most {settings.SLOTS_MAX_DAYS} days.", code="too_many")
    stream = stream_of(slots_topic(doctor.pk))
    slots = calendar_of(doctor, first, last).slots(days_between(first, last), now=now)
    answer = SlotsAnswer(
        doctor=doctor_ref(doctor),
        time_zone=zone,
        slots=[slot_shape(slot, time_zone=zone) for slot in slots],
        stream=stream,
    )
    return Response(answer.wire())


def _card(doctor: Doctor, free: Any) -> dict[str, Any]:
    ref = doctor_ref(doctor)
    return DoctorCard(
        id=ref.id,
        name=ref.name,
        specialization=ref.specialization,
        time_zone=doctor.person.time_zone,
        appointment_duration=doctor.appointment_duration,
        next_free=free,
    ).wire()


def _free_on(doctors: list[Doctor], day: date) -> dict[int, int]:
    now = clock.now()
    return {
        doctor_id: len(free_starts(calendar, day, day, now=now, limit=1000))
        for doctor_id, calendar in calendars(doctors, day, day).items()
    }


def _available(doctor: Doctor, free: dict[int, int] | None) -> dict[str, Any]:
    schedule = availability_shape(doctor)
    ref = doctor_ref(doctor)
    shown = AvailableDoctor(
        id=ref.id,
        name=ref.name,
        specialization=ref.specialization,
        time_zone=schedule.time_zone,
        availability=schedule.available_days,
        appointment_duration=schedule.appointment_duration,
        max_patients_per_day=schedule.max_patients_per_day,
        free_slots=None if free is None else free[doctor.pk],
    ).wire()
    if free is None:
        del shown["free_slots"]
    return shown


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
