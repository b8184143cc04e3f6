"""One's own profile, and people for staff."""

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.auth import PROFILE_FIELDS, ProfileBody, UsernameField
from api.endpoint import (
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
from api.passwords import PasswordField
from clinic.actions.accounts import NewAccount, add_patient, create_account
from clinic.actions.idempotency import Answer
from clinic.actions.people import (
    activate_person,
    approve_doctor,
    deactivate_person,
    reject_doctor,
    update_profile,
)
from clinic.errors import PossibleDuplicate
from clinic.models import Role
from clinic.policy import Operation
from clinic.queries.journal import stream_of
from clinic.queries.people import matching, people, people_with_role, person_by_id
from clinic.shapes.base import Shape, Stream
from clinic.shapes.people import (
    DoctorUserShape,
    DuplicateShape,
    UserShape,
    duplicate_shape,
    user_shape,
)
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


class PatientAdded(UserAnswer):
    """`possible_duplicates` are patients who may be the same person, the likeliest first."""

    possible_duplicates: list[DuplicateShape]


class SearchQuery(PageQuery):
    """`q`: every word is in a name, an address or a number, or is the birth date."""

    q = serializers.CharField(required=False, allow_blank=True, max_length=120)


class PatientQuery(SearchQuery):
    id = Id(required=False)


class PeopleQuery(SearchQuery):
    role = serializers.ListField(
        child=serializers.ChoiceField(choices=Role.values), required=False, max_length=4
    )


class NewPatientBody(ProfileBody):
    """Who phoned. `unless_duplicate`: rather refuse than add somebody who may be there already."""

    ignored = frozenset(DoctorUserShape.model_fields)

    first_name = serializers.CharField(max_length=150)
    last_name = serializers.CharField(max_length=150)
    username = UsernameField(required=False, allow_blank=True)
    email = serializers.EmailField(max_length=254, required=False, allow_blank=True)
    unless_duplicate = serializers.BooleanField(required=False, default=False)


class NewUserBody(ProfileBody):
    """An account for somebody. Without a password nobody can sign in to it until they are invited."""

    ignored = frozenset(DoctorUserShape.model_fields)

    role = serializers.ChoiceField(choices=Role.choices)
    username = UsernameField(required=False, allow_blank=True)
    email = serializers.EmailField(max_length=254, required=False, allow_blank=True)
    password = serializers.CharField(
        trim_whitespace=False, max_length=1000, required=False, allow_null=True
    )


class OwnProfileBody(ProfileBody):
    """Another `email` needs `current_password`; it has to be verified, and the old address is told."""

    ignored = frozenset(set(DoctorUserShape.model_fields) - set(ProfileBody._declared_fields))

    email = serializers.EmailField(max_length=254, required=False)
    current_password = PasswordField(required=False)

    def to_internal_value(self, data: Any) -> Any:
        # An account without an address may send back what it was answered.
        if isinstance(data, Mapping) and data.get("email") == "":
            data = {name: value for name, value in data.items() if name != "email"}
        return super().to_internal_value(data)


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
        person = update_profile(
            actor=person_of(request),
            specialization=changes.pop("specialization", None),
            password=changes.pop("current_password", ""),
            changes=changes,
        )
        return Response({"user": user_shape(person).wire()})


class PeopleView(Endpoint):
    operations = {"GET": Operation.LIST_PEOPLE, "POST": Operation.CREATE_ACCOUNT}

    @extend_schema(parameters=[PeopleQuery], responses={200: UserList})
    def get(self, request: Request) -> Response:
        query = query_of(request, PeopleQuery)
        found = people_with_role(*query["role"]) if query.get("role") else people()
        page = page_of(request, matching(found, query.get("q", "")))
        return Response({"users": [user_shape(p).wire() for p in page.items], **page.links})

    @extend_schema(request=NewUserBody, responses={201: UserAnswer})
    @answers_once
    def post(self, request: Request) -> Answer:
        body = body_of(request, NewUserBody)
        person = create_account(actor=person_of(request), account=_account(body, body["role"]))
        return Answer(201, {"user": user_shape(person).wire()})


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
    operations = {"GET": Operation.LIST_PATIENTS, "POST": Operation.ADD_PATIENT}
    refusals = {"POST": [PossibleDuplicate]}

    @extend_schema(parameters=[PatientQuery], responses={200: PatientList})
    def get(self, request: Request) -> Response:
        query = query_of(request, PatientQuery)
        found = people_with_role(Role.PATIENT)
        if "id" in query:
            found = found.filter(pk=query["id"])
        page = page_of(request, matching(found, query.get("q", "")))
        return Response({"patients": [user_shape(p).wire() for p in page.items], **page.links})

    @extend_schema(request=NewPatientBody, responses={201: PatientAdded})
    @answers_once
    def post(self, request: Request) -> Answer:
        body = body_of(request, NewPatientBody)
        added = add_patient(
            actor=person_of(request),
            account=_account(body, Role.PATIENT),
            unless_duplicate=body["unless_duplicate"],
        )
        answer = {
            "user": user_shape(added.person).wire(),
            "possible_duplicates": [duplicate_shape(each).wire() for each in added.duplicates],
        }
        return Answer(201, answer)


def _account(body: dict[str, Any], role: str) -> NewAccount:
    names = ("first_name", "last_name")
    return NewAccount(
        role=role,
        username=body.get("username", ""),
        email=body.get("email", ""),
        password=body.get("password"),
        specialization=body.get("specialization", ""),
        profile={n: body[n] for n in PROFILE_FIELDS if n in body and n not in names},
        **{name: body.get(name, "") for name in names},
    )


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
