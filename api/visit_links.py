"""Visits by the links that are mailed: shown, confirmed and cancelled without signing in."""

from datetime import datetime
from typing import Any, Final

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.endpoint import Body, Endpoint, body_of
from api.passwords import TokenField
from clinic.actions.visit_links import LinkedVisit, act_by_link, visit_by_link
from clinic.errors import (
    AlreadyStarted,
    InvalidTransition,
    VersionConflict,
    VisitCancelled,
    VisitMoved,
)
from clinic.links import VisitAct
from clinic.policy import Operation
from clinic.queries.place import the_clinic
from clinic.rules.statuses import Status
from clinic.shapes.base import Shape

SHOW: Final = "show"


class ByLinkBody(Body):
    """`act` is `show`, or what the link is for."""

    token = TokenField()
    act = serializers.ChoiceField(choices=[SHOW, *VisitAct])


class VisitOfLink(Shape):
    """Nobody is named: a mail may be read by others than the one it was sent to."""

    act: VisitAct
    status: Status
    start: datetime
    end: datetime
    time_zone: str
    clinic: str
    confirmed_at: datetime | None


class VisitOfLinkAnswer(Shape):
    visit: VisitOfLink


class ByLinkView(Endpoint):
    """What stands behind the # of a mailed link. Only a POST changes anything: mail scanners follow links."""

    operations = {"POST": Operation.ANYONE}
    refusals = {
        "POST": [
            VisitMoved, VisitCancelled, AlreadyStarted, InvalidTransition, VersionConflict,
        ]
    }  # fmt: skip
    authentication_classes: list[Any] = []

    @extend_schema(request=ByLinkBody, responses={200: VisitOfLinkAnswer})
    def post(self, request: Request) -> Response:
        body = body_of(request, ByLinkBody)
        return Response({"visit": _shape(_linked(**body)).wire()})


def _linked(token: str, act: str) -> LinkedVisit:
    return (
        visit_by_link(token=token) if act == SHOW else act_by_link(token=token, act=VisitAct(act))
    )


def _shape(linked: LinkedVisit) -> VisitOfLink:
    visit = linked.appointment
    return VisitOfLink(
        act=linked.act,
        status=Status(visit.status),
        start=visit.start,
        end=visit.end,
        time_zone=visit.doctor.person.time_zone,
        clinic=str(the_clinic()),
        confirmed_at=visit.confirmed_at,
    )
