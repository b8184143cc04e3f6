"""One's own profile, and people for staff."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.auth import ProfileBody
from api.endpoint import Endpoint, ListAnswer, PageQuery, answers_once, body_of, page_of, person_of
from clinic.actions.idempotency import Answer
from clinic.actions.people import (
    activate_person,
    approve_doctor,
    deactivate_person,
    reject_doctor,
    update_profile,
)
from clinic.models import Role
from clinic.policy import Operation
from clinic.queries.journal import stream_of
from clinic.queries.people import people, people_with_role, person_by_id
from clinic.shapes.base import Shape, Stream
from clinic.shapes.people import DoctorUserShape, UserShape, user_shape
from clinic.topics import DESK

AnyUser = DoctorUserShape | UserShape


class UserAnswer(Shape):
    user: AnyUser


class UserList(ListAnswer):
    users: list[AnyUser]


class DoctorAccountList(ListAnswer):
    doctors: list[AnyUser]
    stream: Stream


class PatientList(ListAnswer):
    patients: list[AnyUser]


class OwnProfileBody(ProfileBody):
    ignored = frozenset(set(DoctorUserShape.model_fields) - set(ProfileBody._declared_fields))


class MeView(Endpoint):
    operations = {
        "GET": Operation.SIGNED_IN,
        "PUT": Operation.SIGNED_IN,
        "PATCH": Operation.SIGNED_IN,
    }

    @extend_schema(responses={200: UserAnswer})
    def get(self, request: Request) -> Response:
        return Response({"user": user_shape(person_by_id(person_of(request).pk)).wire()})

    @extend_schema(request=OwnProfileBody, responses={200: UserAnswer})
    def put(self, request: Request) -> Response:
        return self._update(request)

    @extend_schema(request=OwnProfileBody, responses={200: UserAnswer})
    def patch(self, request: Request) -> Response:
        return self._update(request)

    def _update(self, request: Request) -> Response:
        changes = body_of(request, OwnProfileBody)
        specialization = changes.pop("specialization", None)
        person = update_profile(
            actor=person_of(request), changes=changes, specialization=specialization
        )
        return Response({"user": user_shape(person).wire()})


class PeopleView(Endpoint):
    operations = {"GET": Operation.LIST_PEOPLE}

    @extend_schema(parameters=[PageQuery], responses={200: UserList})
    def get(self, request: Request) -> Response:
        page = page_of(request, people())
        return Response({"users": [user_shape(p).wire() for p in page.items], **page.links})


class PersonView(Endpoint):
    operations = {"GET": Operation.LIST_PEOPLE}

    @extend_schema(responses={200: UserAnswer})
    def get(self, request: Request, person_id: int) -> Response:
        return Response({"user": user_shape(person_by_id(person_id)).wire()})


class DoctorAccountsView(Endpoint):
    """All doctors with their accounts, those awaiting approval too. Mirrors the topic `desk`."""

    operations = {"GET": Operation.LIST_DOCTOR_ACCOUNTS}

    @extend_schema(parameters=[PageQuery], responses={200: DoctorAccountList})
    def get(self, request: Request) -> Response:
        stream = stream_of(DESK)
        page = page_of(request, people_with_role(Role.DOCTOR))
        doctors = [user_shape(person).wire() for person in page.items]
        return Response({"doctors": doctors, **page.links, "stream": stream.wire()})


class PatientsView(Endpoint):
    operations = {"GET": Operation.LIST_PATIENTS}

    @extend_schema(parameters=[PageQuery], responses={200: PatientList})
    def get(self, request: Request) -> Response:
        page = page_of(request, people_with_role(Role.PATIENT))
        return Response({"patients": [user_shape(p).wire() for p in page.items], **page.links})


class _DecisionView(Endpoint):
    """An admin's decision about one person."""

    operations = {"POST": Operation.APPROVE_DOCTOR}
    decide: Any

    @extend_schema(request=None, responses={200: UserAnswer})
    @answers_once
    def post(self, request: Request, person_id: int) -> Answer:
        person = type(self).decide(actor=person_of(request), person_id=person_id)
        return Answer(200, {"user": user_shape(person).wire()})


class ApproveView(_DecisionView):
    decide = staticmethod(approve_doctor)


class RejectView(_DecisionView):
    decide = staticmethod(reject_doctor)


class DeactivateView(_DecisionView):
    decide = staticmethod(deactivate_person)


class ActivateView(_DecisionView):
    decide = staticmethod(activate_person)
