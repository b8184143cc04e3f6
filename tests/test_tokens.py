"""Tokens: only genuine, unexpired ones of this service and of the right kind are read."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
import time_machine
from django.conf import settings

from clinic.errors import TokenInvalid
from clinic.models import Session
from clinic.tokens import mint, read_access, read_refresh

pytestmark = pytest.mark.engine("sqlite")

KEY: str = str(settings.SIMPLE_JWT["SIGNING_KEY"])
SESSION = Session(person_id=5, generation=3)

Reader = Callable[[str], Any]


def claims(kind: str = "access", **changes: Any) -> dict[str, Any]:
    """What a genuine token carries, with some claims changed, or left out by None."""
    now = int(datetime.now(UTC).timestamp())
    genuine = {
        "token_type": kind,
        "exp": now + 300,
        "iat": now,
        "jti": "0" * 32,
        "sub": "5",
        "sid": str(SESSION.id),
        "gen": 3,
        "iss": "clinic",
        "aud": "clinic",
    }
    return {name: value for name, value in {**genuine, **changes}.items() if value is not None}


def signed(payload: dict[str, Any], *, key: str = KEY, algorithm: str = "HS256") -> str:
    return jwt.encode(payload, key, algorithm=algorithm)


def unsigned(payload: dict[str, Any]) -> str:
    parts = [{"alg": "none", "typ": "JWT"}, payload]
    texts = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode() for part in parts]
    return ".".join(text.rstrip("=") for text in texts) + "."


def test_a_minted_pair_names_person_and_session() -> None:
    pair = mint(SESSION)

    access, refresh = read_access(pair.access), read_refresh(pair.refresh)

    assert (access.person_id, access.session_id) == (5, SESSION.id)
    assert (refresh.session_id, refresh.generation) == (SESSION.id, 3)


def test_an_access_token_lives_five_minutes() -> None:
    with time_machine.travel(datetime(2027, 3, 1, 9, tzinfo=UTC), tick=False) as clock:
        pair = mint(SESSION)
        assert read_access(pair.access).expires_at == datetime(2027, 3, 1, 9, 5, tzinfo=UTC)

        clock.shift(299)
        read_access(pair.access)
        clock.shift(1)
        with pytest.raises(TokenInvalid):
            read_access(pair.access)


def test_a_refresh_token_lives_a_day() -> None:
    with time_machine.travel(datetime(2027, 3, 1, 9, tzinfo=UTC), tick=False) as clock:
        pair = mint(SESSION)

        clock.shift(timedelta(days=1, seconds=-1))
        read_refresh(pair.refresh)
        clock.shift(1)
        with pytest.raises(TokenInvalid):
            read_refresh(pair.refresh)


def test_the_one_kind_is_no_good_for_the_other() -> None:
    pair = mint(SESSION)

    with pytest.raises(TokenInvalid):
        read_access(pair.refresh)
    with pytest.raises(TokenInvalid):
        read_refresh(pair.access)


def test_two_tokens_are_never_the_same() -> None:
    assert len({mint(SESSION).access for _ in range(50)}) == 50


@pytest.mark.parametrize(("kind", "read"), [("access", read_access), ("refresh", read_refresh)])
def test_these_tests_know_what_a_genuine_token_looks_like(kind: str, read: Reader) -> None:
    assert read(signed(claims(kind))).session_id == SESSION.id


@pytest.mark.parametrize(("kind", "read"), [("access", read_access), ("refresh", read_refresh)])
@pytest.mark.parametrize(
    "changes",
    [
        {"exp": 1},
        {"exp": None},
        {"exp": "soon"},
        {"iat": None},
        {"jti": None},
        {"iss": None},
        {"iss": "another clinic"},
        {"aud": None},
        {"aud": "another service"},
        {"token_type": None},
        {"token_type": "sliding"},
        {"sid": None},
        {"sid": "7"},
        {"sid": 7},
        {"sid": ["x"]},
    ],
)
def test_every_claim_is_checked(kind: str, read: Reader, changes: dict[str, Any]) -> None:
    with pytest.raises(TokenInvalid):
        read(signed(claims(kind, **changes)))


@pytest.mark.parametrize("sub", [None, "", "five", "5.0", "5 or 1"])
def test_an_access_token_names_a_person_by_number(sub: Any) -> None:
    with pytest.raises(TokenInvalid):
        read_access(signed(claims(sub=sub)))


@pytest.mark.parametrize("gen", [None, "", "third", [3], {}])
def test_a_refresh_token_names_its_generation_by_number(gen: Any) -> None:
    with pytest.raises(TokenInvalid):
        read_refresh(signed(claims("refresh", gen=gen)))


@pytest.mark.parametrize(("kind", "read"), [("access", read_access), ("refresh", read_refresh)])
def test_only_our_key_and_our_algorithm_sign(kind: str, read: Reader) -> None:
    forged = [
        signed(claims(kind), key="k" * 64),
        signed(claims(kind), key=settings.SECRET_KEY),
        signed(claims(kind), algorithm="HS384", key=KEY),
        signed(claims(kind), algorithm="HS512", key=KEY * 2),
        unsigned(claims(kind)),
        signed(claims(kind))[:-2],
        signed(claims(kind)).rpartition(".")[0] + ".",
    ]

    for text in forged:
        with pytest.raises(TokenInvalid):
            read(text)


@pytest.mark.parametrize("read", [read_access, read_refresh])
@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        ".",
        "..",
        "...",
        "a.b.c",
        "é.é.é",
        "\0",
        "null",
        "{}",
        "Bearer x",
        "x" * 100_000,
        "🩺",
        "=.=.=",
    ],
)
def test_what_is_no_token_is_refused(read: Reader, text: str) -> None:
    with pytest.raises(TokenInvalid):
        read(text)
