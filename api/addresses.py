"""E-mail addresses: verified by a mailed link."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.endpoint import Body, Endpoint, body_of, person_of
from api.passwords import Accepted, TokenField
from clinic.actions.addresses import resend_verification, verify_email
from clinic.policy import Operation


class VerifyBody(Body):
    token = TokenField()


class VerifyView(Endpoint):
    """Show that the address of an account is its owner's. The link may be used again."""

    operations = {"POST": Operation.ANYONE}
    authentication_classes: list[Any] = []

    @extend_schema(request=VerifyBody, responses={204: None})
    def post(self, request: Request) -> Response:
        verify_email(**body_of(request, VerifyBody))
        return Response(status=204)


class ResendView(Endpoint):
    """Have the link mailed again, to one's own address, every few minutes at most."""

    operations = {"POST": Operation.SIGNED_IN}

    @extend_schema(request=None, responses={202: Accepted})
    def post(self, request: Request) -> Response:
        resend_verification(actor=person_of(request))
        return Response({"message": "The link is on its way."}, status=202)
