"""The directory of doctors, and their slots."""

from datetime import date, timedelta
from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.endpoint import (
    Endpoint,
    ListAnswer,
    PageQuery,
    Query,
    page_of,
    query_of,
)
from api.fields import Day, Id
from clinic import clock
from clinic.errors import FieldError
from clinic.models import Doctor
from clinic.policy import Operation
from clinic.queries.free_times import remembered_next_free
from clinic.queries.journal import stream_of
from clinic.queries.people import doctor_in_directory, doctors_in_directory
from clinic.queries.schedules import (
    calendar_of,
    calendars,
    free_starts,
)
from clinic.rules.zones import days_between, local_date
from clinic.shapes.base import Shape, Stream
from clinic.shapes.people import (
    DayShape,
    DoctorCard,
    DoctorRef,
    availability_shape,
    doctor_ref,
)
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


class DirectoryView(Endpoint):
    operations = {"GET": Operation.SIGNED_IN}

    @extend_schema(parameters=[DirectoryQuery], responses={200: DoctorList})
    def get(self, request: Request) -> Response:
        query = query_of(request, DirectoryQuery)
        doctors = doctors_in_directory(
            specialization=query.get("specialization", ""), text=query.get("q", "")
        )
        page = page_of(request, doctors)
        free = remembered_next_free(page.items, now=clock.now())
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
