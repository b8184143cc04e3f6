"""The API as one person sees it, in this process; every answer is held against the OpenAPI document."""

import json
from typing import Any, Final, cast
from urllib.parse import parse_qsl, urlsplit

from django.http import HttpResponse
from django.test import Client
from django.test.client import ClientHandler

from clinic.models import Doctor, Person
from tests.api.document import PROBLEM, check_answer, check_problem, template_of
from tests.world import tokens

Json = Any
# The number of nobody and nothing.
UNKNOWN: Final = 10**15
SAFE: Final = ("GET", "HEAD", "OPTIONS")
# One for all: building the middleware takes longer than most requests. With Django's check for forged
# forms, which the test client leaves out otherwise.
HANDLER: Final = ClientHandler(enforce_csrf_checks=True)


class Api:
    """`Api()` is nobody, `Api(person)` has a session of its own, `Api(token=…)` shows that token.

    No answer may be a 500, and each must be what the document promises: `checked=False` spares the time
    where others have shown that.
    """

    def __init__(
        self,
        person: Person | Doctor | None = None,
        *,
        token: str | None = None,
        checked: bool = True,
    ) -> None:
        if isinstance(person, Doctor):
            person = person.person
        if person is not None:
            token = tokens(person).access
        self.token = token
        self.checked = checked
        self.client = Client(raise_request_exception=False)
        self.client.handler = HANDLER

    def get(self, path: str, /, **query: Any) -> HttpResponse:
        return self.send("GET", path, query=query)

    def follow(self, url: str, /) -> HttpResponse:
        """The page of a list at an absolute address, as `next` and `previous` name it."""
        parts = urlsplit(url)
        assert (parts.scheme, parts.netloc) == ("http", "testserver")
        return self.get(parts.path, **dict(parse_qsl(parts.query)))

    def post(
        self, path: str, body: Json = None, /, *, key: str | None = None, **headers: str
    ) -> HttpResponse:
        """`key` is the Idempotency-Key; other headers as `If_Match="…"`."""
        if key is not None:
            headers["Idempotency-Key"] = key
        return self.send("POST", path, body, headers=headers)

    def put(self, path: str, body: Json, /) -> HttpResponse:
        return self.send("PUT", path, body)

    def patch(self, path: str, body: Json, /) -> HttpResponse:
        return self.send("PATCH", path, body)

    def delete(self, path: str, /) -> HttpResponse:
        return self.send("DELETE", path)

    def send(
        self,
        method: str,
        path: str,
        body: Json = None,
        *,
        raw: bytes | None = None,
        content_type: str = "application/json",
        query: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> HttpResponse:
        """`raw` is sent as it is, instead of the JSON of `body`."""
        sent = {name.replace("_", "-"): value for name, value in (headers or {}).items()}
        if self.token is not None:
            sent.setdefault("Authorization", f"Bearer {self.token}")
        if raw is None:
            raw = b"" if body is None and method in SAFE else json.dumps(body or {}).encode()
        response: Any = self.client.generic(
            method, path, raw, content_type, headers=sent, query_params=query or {}
        )
        assert response.status_code < 500 or path == "/readyz", (
            f"{method} {path}: {response.status_code} {response.content[:2000]!r}"
        )
        if self.checked:
            _check(method, path, response)
        return cast(HttpResponse, response)


def _check(method: str, path: str, response: HttpResponse) -> None:
    if method in ("HEAD", "OPTIONS") or not path.startswith("/api/"):
        return
    check_answer(method, path, response)
    if response.status_code >= 400 and template_of(path) is None:
        check_problem(response)


def ok(response: HttpResponse, status: int = 200) -> Json:
    """The JSON of an answer with the status the test states."""
    assert response.status_code == status, f"{response.status_code}: {response.content!r}"
    return json.loads(response.content) if response.content else None


def refused(response: HttpResponse, status: int, code: str) -> Json:
    """The body of a refusal; a problem in every respect."""
    body = ok(response, status)
    assert response.headers["Content-Type"].partition(";")[0] == PROBLEM
    assert body["code"] == code, body
    assert body["status"] == status
    assert (body["type"], bool(body["title"]), bool(body["detail"])) == ("about:blank", True, True)
    assert body["request_id"] == response.headers["X-Request-ID"]
    return body


def refused_fields(response: HttpResponse) -> dict[str, str]:
    """The codes of a refusal by field."""
    body = refused(response, 400, "invalid")
    assert all(error.keys() == {"field", "code", "detail"} for error in body["errors"])
    return {error["field"]: error["code"] for error in body["errors"]}


def same_refusal(one: HttpResponse, other: HttpResponse) -> bool:
    """Alike in everything but the request's number, headers too."""
    return bool(_without_id(one) == _without_id(other))


def _without_id(response: HttpResponse) -> Any:
    headers = {k: v for k, v in response.headers.items() if k != "X-Request-ID"}
    return response.status_code, headers, {**json.loads(response.content), "request_id": ""}
