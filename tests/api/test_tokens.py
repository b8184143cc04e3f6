"""Every token that is not genuine is refused alike, in the header and in the body."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import jwt
import pytest
from django.conf import settings

from clinic.models import Session
from clinic.tokens import TokenPair, mint
from tests import world
from tests.api.client import Api, refused, same_refusal

pytestmark = pytest.mark.django_db

Forge = Callable[[str], str]


def claims(token: str) -> dict[str, Any]:
    read: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return read


def signed(token: str, *, key: str | None = None, alg: str = "HS256", **changes: Any) -> str:
    """The same token with other claims, genuinely signed unless another key is named."""
    held = {name: value for name, value in {**claims(token), **changes}.items() if value is not ...}
    return jwt.encode(held, key or settings.SIMPLE_JWT["SIGNING_KEY"], algorithm=alg)  # type: ignore[arg-type]


def unsigned(token: str) -> str:
    def part(content: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()

    return f"{part({'alg': 'none', 'typ': 'JWT'})}.{part(claims(token))}."


def now() -> int:
    return int(datetime.now(UTC).timestamp())


ALIKE: dict[str, Forge] = {
    "alg none": unsigned,
    "alg None": lambda t: jwt.encode(claims(t), None, algorithm="none"),  # type: ignore[arg-type]
    "another key": lambda t: signed(t, key="k" * 64),
    "another algorithm, right key": lambda t: signed(t, alg="HS512"),
    "signature cut off": lambda t: t.rsplit(".", 1)[0] + ".",
    "two parts": lambda t: t.rsplit(".", 1)[0],
    "truncated": lambda t: t[:-4],
    "one letter other": lambda t: t[:40] + ("A" if t[40] != "A" else "B") + t[41:],
    "garbage": lambda t: "garbage",
    "dots": lambda t: "..",
    "not base64": lambda t: "ä.ö.ü",
    "very long": lambda t: "a" * 4000,
    "payload is a list": lambda t: jwt.api_jws.encode(b"[1]", settings.SIMPLE_JWT["SIGNING_KEY"]),  # type: ignore[arg-type]
    "payload is no JSON": lambda t: jwt.api_jws.encode(b"{", settings.SIMPLE_JWT["SIGNING_KEY"]),  # type: ignore[arg-type]
    "expired": lambda t: signed(t, exp=now() - 1),
    "exp is no number": lambda t: signed(t, exp="tomorrow"),
    "no exp": lambda t: signed(t, exp=...),
    "other issuer": lambda t: signed(t, iss="elsewhere"),
    "no issuer": lambda t: signed(t, iss=...),
    "other audience": lambda t: signed(t, aud="elsewhere"),
    "no audience": lambda t: signed(t, aud=...),
    "no jti": lambda t: signed(t, jti=...),
    "no type": lambda t: signed(t, token_type=...),
    "unknown type": lambda t: signed(t, token_type="sliding"),
    "not yet valid": lambda t: signed(t, nbf=now() + 60),
    "no session": lambda t: signed(t, sid=...),
    "session is no uuid": lambda t: signed(t, sid="1"),
    "session is a list": lambda t: signed(t, sid=[1]),
    "session unknown": lambda t: signed(t, sid="00000000-0000-4000-8000-000000000000"),
}
ACCESS_ONLY: dict[str, Forge] = {
    "no subject": lambda t: signed(t, sub=...),
    "subject is no number": lambda t: signed(t, sub="ana"),
    "subject beyond 64 bits": lambda t: signed(t, sub=str(2**70)),
    "expiry beyond all years": lambda t: signed(t, exp=2**60),
}
REFRESH_ONLY: dict[str, Forge] = {
    "no generation": lambda t: signed(t, gen=...),
    "generation is no number": lambda t: signed(t, gen="one"),
    "generation of the future": lambda t: signed(t, gen=7),
    "generation beyond 64 bits": lambda t: signed(t, gen=2**70),
}


@pytest.fixture
def pair() -> TokenPair:
    return world.tokens(world.a_patient())


@pytest.mark.parametrize("how", [*ALIKE, *ACCESS_ONLY])
def test_no_forged_access_token_works(pair: TokenPair, how: str) -> None:
    forge = {**ALIKE, **ACCESS_ONLY}[how]
    token = forge(pair.access)
    assert token != pair.access

    response = Api(token=token).get("/api/users/me/")

    refused(response, 401, "token_invalid")
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert same_refusal(response, Api(token="x").get("/api/users/me/"))


@pytest.mark.parametrize("how", [*ALIKE, *REFRESH_ONLY])
def test_no_forged_refresh_token_works(pair: TokenPair, how: str) -> None:
    forge = {**ALIKE, **REFRESH_ONLY}[how]

    refused(
        Api().post("/api/auth/refresh/", {"refresh": forge(pair.refresh)}), 401, "token_invalid"
    )


def test_a_token_that_only_was_signed_again_works(pair: TokenPair) -> None:
    assert Api(token=signed(pair.access)).get("/api/users/me/").status_code == 200


def test_refresh_and_access_are_not_taken_for_each_other(pair: TokenPair) -> None:
    refused(Api(token=pair.refresh).get("/api/users/me/"), 401, "token_invalid")
    refused(Api().post("/api/auth/refresh/", {"refresh": pair.access}), 401, "token_invalid")


def test_a_token_is_worth_nothing_for_another_person(pair: TokenPair) -> None:
    other = world.a_patient()

    refused(
        Api(token=signed(pair.access, sub=str(other.pk))).get("/api/users/me/"),
        401,
        "token_invalid",
    )


def test_a_token_says_who_for_whom_and_until_when(pair: TokenPair) -> None:
    access, refresh = claims(pair.access), claims(pair.refresh)

    assert {"iss", "aud", "exp", "iat", "jti", "sub", "sid"} <= access.keys()
    assert access["jti"] != refresh["jti"]
    assert access["exp"] - access["iat"] == 300
    assert refresh["exp"] - refresh["iat"] == 24 * 60 * 60
    assert jwt.get_unverified_header(pair.access)["alg"] == "HS256"


def test_two_tokens_of_one_session_differ(pair: TokenPair) -> None:
    session = Session.objects.get()

    assert mint(session) != mint(session)


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("", "unauthenticated"),
        ("Basic YTpi", "unauthenticated"),
        ("Token {}", "unauthenticated"),
        ("Bearer", "token_invalid"),
        ("Bearer ", "token_invalid"),
        ("Bearer {} {}", "token_invalid"),
        ("Bearer {}x", "token_invalid"),
        ("Bearer \xff", "token_invalid"),
    ],
)
def test_only_one_bearer_token_signs_in(pair: TokenPair, header: str, code: str) -> None:
    sent = {"Authorization": header.replace("{}", pair.access)}

    refused(Api().send("GET", "/api/users/me/", headers=sent), 401, code)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_is_known_in_any_case(pair: TokenPair, scheme: str) -> None:
    sent = {"Authorization": f"{scheme} {pair.access}"}

    assert Api().send("GET", "/api/users/me/", headers=sent).status_code == 200


@pytest.mark.parametrize("place", ["query", "cookie"])
def test_a_token_works_nowhere_but_in_its_header(pair: TokenPair, place: str) -> None:
    api = Api()
    if place == "cookie":
        api.client.cookies["access"] = api.client.cookies["clinic_access"] = pair.access
    query = {"token": pair.access, "access_token": pair.access} if place == "query" else {}

    refused(api.get("/api/users/me/", **query), 401, "unauthenticated")
