"""The end of mails that nobody has to get, by one click in a mail program (RFC 8058)."""

from typing import Any

from django.conf import settings
from django.http import HttpResponseRedirect
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.endpoint import Endpoint
from clinic.actions.unsubscribing import unsubscribe
from clinic.policy import Operation


class UnsubscribeView(Endpoint):
    """Named in the `List-Unsubscribe` of such a mail. What the body says is not looked at."""

    operations = {"GET": Operation.ANYONE, "POST": Operation.ANYONE}
    authentication_classes: list[Any] = []

    @extend_schema(responses={302: None})
    def get(self, request: Request, token: str) -> HttpResponseRedirect:
        """To the page where people choose what they are told: looking changes nothing."""
        return HttpResponseRedirect(f"{settings.PUBLIC_URL}/account")

    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request, token: str) -> Response:
        unsubscribe(token=token)
        return Response(status=204)
