"""Whatever is sent, the answer is a refusal in good order: the client of these tests fails on a 500."""

from typing import Any

import pytest

from tests import world
from tests.api.client import Api, refused
from tests.api.document import PROBLEM

pytestmark = pytest.mark.django_db

BOOK = "/api/appointments/book/"
JSON = "application/json"
# What is refused before any database is asked.
NO_ENGINE = pytest.mark.engine("sqlite")
POSTS = [BOOK, "/api/auth/login/", "/api/auth/register/", "/api/notifications/read/", "/api/push/"]


@NO_ENGINE
@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("key", [None, "a-key"])
@pytest.mark.parametrize(
    "raw",
    [
        b"{", b"}", b'{"a":}', b"nothing", b"\xff\xfe", b'{"a": "\xff"}', b'{"a": NaN}',
        b'{"a": Infinity}', b'{"a": ' + b"9" * 5000 + b"}", b"[" * 100_000, b'{"a":' * 100_000,
        b'{"a":' * 100 + b"1" + b"}" * 100, b'{"\\ud800": 1}', b'{"notes": "\\udfff"}',
        b'{"a": 1,}', b"\0", b'{"a": 1, "a": 1}', b'{"a": {"b": 1, "\\u0062": 2}}', b'{"a": 1e400}',
        b'{"a": -1e999}', b'{"a": -Infinity}',
    ],
    ids=lambda raw: repr(raw[:12]),
)  # fmt: skip
def test_what_is_no_sound_json_is_a_parse_error(path: str, key: str | None, raw: bytes) -> None:
    headers = {} if key is None else {"Idempotency-Key": key}

    response = Api(world.a_patient()).send("POST", path, raw=raw, headers=headers)

    refused(response, 400, "parse_error")


@pytest.mark.parametrize(
    "raw",
    [
        b'{"username": "ana", "password": "x", "username": "ben"}',
        b'{"username": "ana", "password": "x", "more": ' + b"[" * 40 + b"]" * 40 + b"}",
    ],
)
def test_a_refused_body_is_not_even_half_understood(raw: bytes) -> None:
    response = Api().send("POST", "/api/auth/login/", raw=raw)

    body = refused(response, 400, "parse_error")
    assert "ana" not in body["detail"]
    assert "twice" in body["detail"] or "nested" in body["detail"]


@NO_ENGINE
@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("raw", [b"[]", b"null", b"5", b'"text"', b"true", b"[{}]"])
def test_what_is_no_object_is_refused(path: str, raw: bytes) -> None:
    response = Api(world.a_patient()).send("POST", path, raw=raw)

    assert response.status_code == 400
    assert response.headers["Content-Type"] == PROBLEM


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
        "multipart/form-data", "application/xml", "application/octet-stream", "/", "json",
    ],
)  # fmt: skip
def test_only_json_is_taken(content_type: str) -> None:
    api = Api(world.a_patient())

    response = api.send("POST", BOOK, raw=b"--x", content_type=content_type)

    refused(response, 415, "unsupported_media_type")


@pytest.mark.parametrize(
    "charset", ["rot13", "hex", "zlib", "bz2", "undefined", "idna", "utf-16", "bogus", "\xff"]
)
def test_no_charset_breaks_the_reading(charset: str) -> None:
    content_type = f"{JSON}; charset={charset}"

    response = Api(world.a_patient()).send("POST", BOOK, raw=b"{}", content_type=content_type)

    assert response.status_code in (400, 415)


@pytest.mark.parametrize("number", ["9" * 19, str(2**63), str(2**64), "9" * 400, "9" * 5000])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/users/{}/"), ("POST", "/api/users/{}/approve/"),
        ("POST", "/api/users/{}/deactivate/"), ("GET", "/api/appointments/{}/"),
        ("POST", "/api/appointments/{}/cancel/"), ("DELETE", "/api/doctors/time_off/{}/"),
        ("GET", "/api/doctors/{}/slots/"), ("PUT", "/api/doctors/{}/availability/"),
    ],
)  # fmt: skip
def test_a_number_that_no_row_can_have_is_not_found(method: str, path: str, number: str) -> None:
    api = Api(world.an_admin())

    headers = {"Idempotency-Key": "k"} if method == "POST" else {}

    refused(api.send(method, path.format(number), headers=headers), 404, "not_found")


@pytest.mark.parametrize(
    "header",
    [
        {"X-Request-ID": "zero\0"}, {"X-Request-ID": "x" * 300}, {"X-Request-ID": "ümläut"},
        {"User-Agent": "zero\0"}, {"Idempotency-Key": "ünï"}, {"Accept-Language": "x" * 3000},
        {"Cookie": "clinic_refresh=\0; sessionid=\xff"}, {"Origin": "null"},
        {"X-Forwarded-For": "x, y"}, {"If-None-Match": "*"}, {"Range": "bytes=0-1"},
    ],
)  # fmt: skip
def test_no_header_breaks_a_request_that_writes(header: dict[str, str]) -> None:
    doctor, patient = world.a_doctor(), world.a_patient("ana")
    visit = world.book(doctor, patient)
    login = {"username": "ana", "password": world.PASSWORD}
    cancel = f"/api/appointments/{visit.pk}/cancel/"

    assert Api().send("POST", "/api/auth/login/", login, headers=header).status_code == 200
    assert Api(patient).send("POST", cancel, headers=header).status_code == 200


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("*/*", 200), ("application/json", 200), ("application/*", 200), ("text/html, */*", 200),
        ("text/html", 406), ("application/xml", 406), ("garbage", 406),
    ],
)  # fmt: skip
def test_answers_are_json_or_nothing(accept: str, status: int) -> None:
    headers = {"Accept": accept}

    response = Api(world.a_patient()).send("GET", "/api/clinic/", headers=headers)

    assert response.status_code == status
    if status == 406:
        refused(response, 406, "not_acceptable")


@pytest.mark.parametrize("query", ["%00", "%ff", "%ED%A0%80", "%", "&&&", "=", "🦵", "'; --"])
def test_no_query_breaks_a_search(query: str) -> None:
    api: Any = Api(world.a_patient())

    for name in ("q", "specialization", "format", "unknown"):
        response = api.send("GET", f"/api/doctors/?{name}={query}")
        assert response.status_code in (200, 400, 404)


def test_another_sites_host_is_refused_as_a_problem() -> None:
    response = Api(world.a_patient()).send("GET", "/api/clinic/", headers={"Host": "evil.example"})

    refused(response, 400, "bad_request")


@NO_ENGINE
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "PROPFIND"])
@pytest.mark.parametrize("path", ["/api/nothing/", "/api/appointments", "/api/", "/api/%00/"])
def test_an_unknown_address_is_not_found_whatever_the_method(method: str, path: str) -> None:
    refused(Api(world.a_patient()).send(method, path), 404, "not_found")
