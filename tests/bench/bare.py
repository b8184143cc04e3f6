"""The yardstick of B6: a view as the framework's tutorial has it, in the clinic's own server and middleware.

It asks who is signed in (stock JWTAuthentication), asks as many statements as it is told, and answers with
as many rows as it is told, through a ModelSerializer. It knows no rights, seals nothing and tells nobody.
"""

from typing import Any, cast
from uuid import uuid4

from django.contrib.sessions.models import Session as Scratch
from django.db import transaction
from django.urls import path
from django.utils import timezone
from rest_framework.parsers import JSONParser
from rest_framework.permissions import IsAuthenticated
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import ModelSerializer
from rest_framework.views import APIView
from rest_framework_simplejwt.authentication import JWTAuthentication

from clinic.models import Appointment

SIGNING_IN = 1
"""Statements that the authentication makes."""


class Row(ModelSerializer[Appointment]):
    class Meta:
        model = Appointment
        fields = ("id", "doctor", "patient", "start", "end", "status", "version", "created_at")


class Bare(APIView):
    authentication_classes = (JWTAuthentication,)
    permission_classes = (IsAuthenticated,)
    parser_classes = (JSONParser,)
    renderer_classes = (JSONRenderer,)
    throttle_classes = ()

    def get(self, request: Request, reads: int, rows: int) -> Response:
        found: list[Any] = []
        for _ in range(reads - SIGNING_IN):
            found = list(Appointment.objects.order_by("id")[:rows])
        return Response({"rows": list(Row(found, many=True).data)})


class BareChange(Bare):
    def post(self, request: Request, reads: int, writes: int) -> Response:
        """Reads and writes of one row each, in one transaction."""
        start = str(cast("dict[str, Any]", request.data)["start"])
        with transaction.atomic():
            for _ in range(reads - SIGNING_IN):
                Appointment.objects.order_by("id").first()
            for _ in range(writes):
                Scratch.objects.create(
                    session_key=uuid4().hex,
                    session_data=start,
                    expire_date=timezone.now(),
                )
        return Response({"start": start}, status=201)


routes = [
    path("bench/bare/<int:reads>/<int:rows>/", Bare.as_view()),
    path("bench/bare-change/<int:reads>/<int:writes>/", BareChange.as_view()),
]
