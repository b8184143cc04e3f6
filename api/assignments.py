"""Which doctors look after which patients."""

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
from clinic.actions.assignments import assign_doctor, end_assignment
from clinic.actions.idempotency import Answer
from clinic.errors import NotFound
from clinic.models import Role
from clinic.policy import Operation, require_thing
from clinic.queries.assignments import assignments_of, patients_of
from clinic.queries.people import matching, people_with_role
from clinic.shapes.assignments import AssignmentShape, assignment_shape
from clinic.shapes.base import Shape
from clinic.shapes.people import PatientCard, patient_card


class AssignmentAnswer(Shape):
    assignment: AssignmentShape


class AssignmentList(ListAnswer):
    assignments: list[AssignmentShape]


class OwnPatientList(ListAnswer):
    patients: list[PatientCard]


class AssignDoctorBody(Body):
    doctor_id = Id()


class OwnPatientsQuery(PageQuery):
    """`q`: every word is in a name, an address or a number, or is the birth date."""

    id = Id(required=False)
    q = serializers.CharField(required=False, allow_blank=True, max_length=120)


class AssignmentsView(Endpoint):
    """The doctors who may read all of a patient's records: assignments that stand."""

    operations = {"GET": Operation.SIGNED_IN}

    @extend_schema(parameters=[PageQuery], responses={200: AssignmentList})
    def get(self, request: Request, person_id: int) -> Response:
        require_thing(person_of(request), Operation.ASSIGN_DOCTOR, person_id)
        if not people_with_role(Role.PATIENT).filter(pk=person_id).exists():
            raise NotFound
        page = page_of(request, assignments_of(person_id))
        assignments = [assignment_shape(assignment).wire() for assignment in page.items]
        return Response({"assignments": assignments, **page.links})


class AssignDoctorView(Endpoint):
    """201 for a new assignment, 200 with the standing one."""

    operations = {"POST": Operation.SIGNED_IN}

    @extend_schema(
        request=AssignDoctorBody, responses={200: AssignmentAnswer, 201: AssignmentAnswer}
    )
    @answers_once
    def post(self, request: Request, person_id: int) -> Answer:
        body = body_of(request, AssignDoctorBody)
        done = assign_doctor(
            actor=person_of(request), patient_id=person_id, doctor_id=body["doctor_id"]
        )
        shown = assignment_shape(done.assignment).wire()
        return Answer(201 if done.is_new else 200, {"assignment": shown})


class EndAssignmentView(Endpoint):
    operations = {"POST": Operation.SIGNED_IN}

    @extend_schema(request=None, responses={200: AssignmentAnswer})
    @answers_once
    def post(self, request: Request, assignment_id: int) -> Answer:
        assignment = end_assignment(actor=person_of(request), assignment_id=assignment_id)
        return Answer(200, {"assignment": assignment_shape(assignment).wire()})


class OwnPatientsView(Endpoint):
    """By either kind of assignment."""

    operations = {"GET": Operation.OWN_PATIENTS}

    @extend_schema(parameters=[OwnPatientsQuery], responses={200: OwnPatientList})
    def get(self, request: Request) -> Response:
        query = query_of(request, OwnPatientsQuery)
        found = patients_of(person_of(request))
        if "id" in query:
            found = found.filter(pk=query["id"])
        page = page_of(request, matching(found, query.get("q", ""), by_username=False))
        patients = [patient_card(patient).wire() for patient in page.items]
        return Response({"patients": patients, **page.links})


class DoctorsPatientsView(OwnPatientsView):
    """The same under its older name."""
