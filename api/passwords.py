"""Changing a password, and setting one by a mailed link."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.endpoint import Body, Endpoint, body_of, person_of
from clinic.actions.passwords import (
    change_password,
    request_password_reset,
    set_password_by_link,
)
from clinic.errors import RateLimited
from clinic.policy import Operation
from clinic.shapes.base import Shape


class PasswordField(serializers.CharField):
    """As it is typed; its rules are checked where it is set."""

    def __init__(self, **options: Any) -> None:
        super().__init__(trim_whitespace=False, max_length=1000, **options)


class TokenField(serializers.CharField):
    """What stands behind the # of a mailed link."""

    def __init__(self) -> None:
        super().__init__(max_length=1000)


class ChangeBody(Body):
    old_password = PasswordField()
    new_password = PasswordField()


class ResetBody(Body):
    email = serializers.EmailField(max_length=254)


class ConfirmBody(Body):
    """`new_password` is another name of `password`."""

    token = TokenField()
    password = PasswordField(required=False)
    new_password = PasswordField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        given = [attrs[name] for name in ("password", "new_password") if name in attrs]
        if len(given) != 1:
            wrong = "Say it once." if given else "This field is required."
            code = "invalid" if given else "required"
            raise serializers.ValidationError({"password": serializers.ErrorDetail(wrong, code)})
        return {"token": attrs["token"], "password": given[0]}


class Accepted(Shape):
    message: str


class PasswordView(Endpoint):
    """Change one's password; every other session of the account ends."""

    operations = {"POST": Operation.SIGNED_IN}
    refusals = {"POST": [RateLimited]}

    @extend_schema(request=ChangeBody, responses={204: None})
    def post(self, request: Request) -> Response:
        body = body_of(request, ChangeBody)
        change_password(
            actor=person_of(request),
            session_id=request.auth,  # type: ignore[arg-type]  # our authentication's session id
            old=body["old_password"],
            new=body["new_password"],
        )
        return Response(status=204)


class ResetView(Endpoint):
    """Have a link to set a password mailed. The answer is the same whether anybody has the address."""

    operations = {"POST": Operation.ANYONE}
    refusals = {"POST": [RateLimited]}
    authentication_classes: list[Any] = []

    @extend_schema(request=ResetBody, responses={202: Accepted})
    def post(self, request: Request) -> Response:
        request_password_reset(email=body_of(request, ResetBody)["email"])
        message = "If there is an account with this address, a link is on its way to it."
        return Response({"message": message}, status=202)


class ConfirmView(Endpoint):
    """Set a password by such a link; every session of the account ends."""

    operations = {"POST": Operation.ANYONE}
    authentication_classes: list[Any] = []

    @extend_schema(request=ConfirmBody, responses={204: None})
    def post(self, request: Request) -> Response:
        set_password_by_link(**body_of(request, ConfirmBody))
        return Response(status=204)
