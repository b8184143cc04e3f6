"""The clinic itself."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.endpoint import Endpoint
from clinic.policy import Operation
from clinic.queries.place import closures, the_clinic
from clinic.shapes.base import Shape
from clinic.shapes.place import ClinicShape, clinic_shape


class ClinicAnswer(Shape):
    clinic: ClinicShape


class ClinicView(Endpoint):
    operations = {"GET": Operation.SIGNED_IN}

    @extend_schema(responses={200: ClinicAnswer})
    def get(self, request: Request) -> Response:
        return Response({"clinic": clinic_shape(the_clinic(), closures()).wire()})
