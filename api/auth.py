"""Registering, signing in and out, refreshing."""

from typing import Any, Final

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.endpoint import Body, Endpoint, body_of
from clinic.actions.people import Registration, register_person
from clinic.actions.sessions import end_session, open_session, refresh_session, sign_in
from clinic.errors import TokenInvalid
from clinic.models import Person, Role
from clinic.policy import Operation
from clinic.queries.people import person_by_id
from clinic.shapes.base import Shape
from clinic.shapes.people import DoctorUserShape, UserShape, user_shape
from clinic.tokens import TokenPair

COOKIE_HEADER: Final = "X-Refresh-Cookie"
COOKIE_PATH: Final = "/api/auth/"
PROFILE_FIELDS: Final = (
    "first_name",
    "last_name",
    "date_of_birth",
    "phone_number",
    "address",
    "location",
    "time_zone",
    "language",
)


class UsernameField(serializers.RegexField):
    """What somebody signs in as: an e-mail is told from it by its @."""

    def __init__(self, **options: Any) -> None:
        options["error_messages"] = {"invalid": "Letters, digits and . + - _ only; no @."}
        super().__init__(r"^[\w.+-]+$", max_length=150, **options)


class ProfileBody(Body):
    """The fields of a person that the person sets."""

    first_name = serializers.CharField(max_length=150, required=False, allow_blank=True)
    last_name = serializers.CharField(max_length=150, required=False, allow_blank=True)
    date_of_birth = serializers.DateField(required=False, allow_null=True)
    phone_number = serializers.CharField(max_length=40, required=False, allow_blank=True)
    address = serializers.CharField(max_length=300, required=False, allow_blank=True)
    location = serializers.CharField(max_length=120, required=False, allow_blank=True)
    time_zone = serializers.CharField(max_length=64, required=False)
    language = serializers.CharField(max_length=12, required=False)
    specialization = serializers.CharField(max_length=120, required=False, allow_blank=True)


class RegisterBody(ProfileBody):
    ignored = frozenset(DoctorUserShape.model_fields)

    username = UsernameField()
    email = serializers.EmailField(max_length=254)
    password = serializers.CharField(trim_whitespace=False, max_length=1000)
    role = serializers.CharField()


class LoginBody(Body):
    username = serializers.CharField(max_length=254)
    password = serializers.CharField(trim_whitespace=False, max_length=1000)


class RefreshBody(Body):
    refresh = serializers.CharField(required=False, max_length=4096)


class Tokens(Shape):
    """`refresh` is absent where the client asked for it as a cookie."""

    access: str
    refresh: str | None = None


class Registered(Shape):
    message: str
    user: DoctorUserShape | UserShape
    tokens: Tokens


class RegisteredFlat(Registered):
    id: int
    username: str
    email: str
    role: Role


class RegisterView(Endpoint):
    """Make an account and sign in."""

    operations = {"POST": Operation.ANYONE}
    authentication_classes: list[Any] = []

    @extend_schema(request=RegisterBody, responses={201: Registered})
    def post(self, request: Request) -> Response:
        person, tokens = _register(request)
        return _with_tokens(tokens, 201, as_cookie=_wants_cookie(request), body=_registered(person))


class RegisterFlatView(Endpoint):
    """The same under its other name, with the account's main fields at the top level too."""

    operations = {"POST": Operation.ANYONE}
    authentication_classes: list[Any] = []

    @extend_schema(request=RegisterBody, responses={201: RegisteredFlat})
    def post(self, request: Request) -> Response:
        person, tokens = _register(request)
        top = {
            "id": person.pk,
            "username": person.username,
            "email": person.email,
            "role": person.role,
        }
        body = {**_registered(person), **top}
        return _with_tokens(tokens, 201, as_cookie=_wants_cookie(request), body=body)


class LoginView(Endpoint):
    """Trade user name (or e-mail) and password for tokens."""

    operations = {"POST": Operation.ANYONE}
    authentication_classes: list[Any] = []

    @extend_schema(request=LoginBody, responses={200: Tokens})
    def post(self, request: Request) -> Response:
        body = body_of(request, LoginBody)
        tokens = sign_in(device=_device(request), **body)
        return _with_tokens(tokens, 200, as_cookie=_wants_cookie(request))


class RefreshView(Endpoint):
    """Trade a refresh token, from the body or the cookie, for a new pair. Each works once."""

    operations = {"POST": Operation.ANYONE}
    authentication_classes: list[Any] = []

    @extend_schema(request=RefreshBody, responses={200: Tokens})
    def post(self, request: Request) -> Response:
        given = body_of(request, RefreshBody).get("refresh")
        refresh = given or request.COOKIES.get(settings.REFRESH_COOKIE)
        if not refresh:
            raise TokenInvalid("There is no refresh token in the body or in a cookie.")
        # What came in a cookie stays in a cookie: no script of the page may ever read it.
        as_cookie = not given or _wants_cookie(request)
        return _with_tokens(refresh_session(refresh=refresh), 200, as_cookie=as_cookie)


class TokenView(LoginView):
    """Signing in under its other name."""


class TokenRefreshView(RefreshView):
    """Refreshing under its other name; the body only, the cookie does not come here."""


class LogoutView(Endpoint):
    """End this session: its tokens stop, its sockets close."""

    operations = {"POST": Operation.SIGNED_IN}

    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request) -> Response:
        end_session(request.auth)  # type: ignore[arg-type]  # our authentication's session id
        response = Response(status=204)
        response.delete_cookie(settings.REFRESH_COOKIE, path=COOKIE_PATH, samesite="Strict")
        return response


def _register(request: Request) -> tuple[Person, TokenPair]:
    body = body_of(request, RegisterBody)
    person = register_person(
        Registration(
            username=body["username"],
            email=body["email"],
            password=body["password"],
            role=body["role"],
            specialization=body.get("specialization", ""),
            profile={name: body[name] for name in PROFILE_FIELDS if name in body},
        )
    )
    return person_by_id(person.pk), open_session(person, device=_device(request))


def _registered(person: Person) -> dict[str, Any]:
    message = (
        "Welcome. An admin must approve you before patients can find you."
        if not person.is_approved
        else "Welcome."
    )
    return {"message": message, "user": user_shape(person).wire()}


def _wants_cookie(request: Request) -> bool:
    return bool(request.headers.get(COOKIE_HEADER) == "1")


def _with_tokens(
    tokens: TokenPair, status: int, *, as_cookie: bool, body: dict[str, Any] | None = None
) -> Response:
    """Tokens in the body; the refresh token only as a cookie for a browser that asks for it so."""
    shown = {"access": tokens.access} if as_cookie else _both(tokens)
    response = Response(shown if body is None else {**body, "tokens": shown}, status=status)
    if as_cookie:
        response.set_cookie(
            settings.REFRESH_COOKIE,
            tokens.refresh,
            max_age=settings.SIMPLE_JWT["REFRESH_TOKEN_LIFETIME"],  # type: ignore[arg-type]
            path=COOKIE_PATH,
            secure=settings.BEHIND_TLS,
            httponly=True,
            samesite="Strict",
        )
    return response


def _both(tokens: TokenPair) -> dict[str, str]:
    return {"access": tokens.access, "refresh": tokens.refresh}


def _device(request: Request) -> str:
    said = request.headers.get("User-Agent", "")
    return "".join(char for char in said if char.isprintable())
