"""What every answer says to a browser: routes, errors, files, and what is answered before Django."""

import re
import socket
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from django.urls import URLPattern

from api.urls import urlpatterns
from tests import world
from tests.servers.fixtures import StartWeb
from tests.servers.web import Web

pytestmark = [pytest.mark.engine("sqlite"), pytest.mark.django_db(transaction=True)]

SAME = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}
NOWHERE = "default-src 'none'; frame-ancestors 'none'"
HSTS = "strict-transport-security"


def policy_of(headers: httpx.Headers) -> dict[str, str]:
    said = [part.strip().partition(" ") for part in headers["content-security-policy"].split(";")]
    return {name: value for name, _, value in said}


def check(response: httpx.Response, *, secure: bool = False) -> None:
    headers, where = response.headers, f"{response.request.method} {response.url}"
    for name, value in SAME.items():
        assert headers.get_list(name) == [value], where
    assert "camera=()" in headers["permissions-policy"], where
    assert (headers.get(HSTS, "").startswith("max-age=31536000")) is secure, where
    assert "server" not in headers, where
    policy = policy_of(headers)
    assert policy["frame-ancestors"] == "'none'", where
    assert "unsafe" not in headers["content-security-policy"], where
    assert policy.get("object-src", policy["default-src"]) == "'none'", where
    assert policy.get("script-src", "'none'") in ("'self'", "'none'"), where


def paths() -> Iterator[str]:
    for pattern in urlpatterns:
        assert isinstance(pattern, URLPattern)
        route = str(pattern.pattern)
        if not route.startswith("^"):
            yield "/" + re.sub(r"<[^>]*>", "1", route)


OTHERS = [
    "/", "/desk", "/index.html", "/assets/mark.svg", "/assets/gone-12345678.js",
    "/static/admin/css/base.css", "/static/drf_spectacular_sidecar/swagger-ui-dist/swagger-ui.css",
    "/static/gone.css", "/api/gone/", "/admin/", "/admin/login/", "/admin/clinic/person/",
    "/api/events/", "/api/events/?topic=slots.1", "/api/users", "/api/%00/", "/livez?a=%ff",
]  # fmt: skip


EVERY_METHOD = ("GET", "HEAD", "POST", "DELETE", "OPTIONS")


@pytest.mark.parametrize("secure", [False, True])
def test_every_answer_carries_them(start_web: StartWeb, secure: bool) -> None:
    web = start_web(env={"CLINIC_BEHIND_TLS": "true" if secure else None})
    admin = world.an_admin(is_superuser=True, is_staff=True)
    token = {"Authorization": f"Bearer {world.tokens(admin).access}"}
    forwarded = {"X-Forwarded-Proto": "https"} if secure else {}

    statuses = set()
    with httpx.Client(base_url=web.base_url) as client:
        for path in [*paths(), *OTHERS]:
            # What TLS adds does not depend on the method.
            for method in ("GET", "POST") if secure else EVERY_METHOD:
                for signed_in in ({}, token):
                    response = client.request(method, path, headers={**forwarded, **signed_in})
                    check(response, secure=secure)
                    statuses.add(response.status_code)
                    if path.startswith(("/api/", "/admin/")):
                        assert "no-store" in response.headers["cache-control"], (method, path)
        client.headers["Host"] = "evil.example"
        check(client.get("/api/clinic/", headers=forwarded), secure=secure)

    assert {200, 400, 401, 404, 405} <= statuses


def raw(web: Web, request: bytes) -> httpx.Response:
    """The answer to these bytes, whatever they are."""
    with socket.create_connection(("127.0.0.1", web.port), timeout=20) as line:
        line.sendall(request)
        got = b""
        while chunk := line.recv(65_536):
            got += chunk
    head, _, body = got.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    asked = httpx.Request("GET", web.base_url)
    return httpx.Response(int(first.split()[1]), headers=headers, content=body, request=asked)


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"POST /api/auth/login/ HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\n", 413),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 20_000 + b"\r\n\r\n", 400),
        (b"nonsense\r\n\r\n", 400),
    ],
)
def test_what_the_server_refuses_by_itself_carries_them(
    web: Web, request_: bytes, status: int
) -> None:
    response = raw(web, request_)

    assert response.status_code == status
    check(response)
    assert response.headers["content-security-policy"] == NOWHERE
    assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["/api/schema/", "/", "/static/admin/css/base.css"])
def test_an_answer_to_head_has_no_body_however_long_it_would_be(web: Web, path: str) -> None:
    line = f"HEAD {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"

    response = raw(web, line.encode())

    assert response.status_code == 200
    assert int(response.headers["content-length"]) > 1000
    assert response.content == b""


def test_a_server_that_is_about_to_go_carries_them(start_web: StartWeb) -> None:
    web = start_web(env={"CLINIC_DRAIN_NOTICE_SECONDS": "10"})
    web.terminate()
    with httpx.Client(base_url=web.base_url) as client:
        response = client.get("/readyz")
        while response.status_code != 503:
            response = client.get("/readyz")

    assert response.json() == {"status": "draining"}
    check(response)
    assert response.headers["content-security-policy"] == NOWHERE


def test_every_page_has_a_nonce_of_its_own_and_nothing_else_has_one(web: Web) -> None:
    nonces = set()
    for path in ("/", "/desk", "/index.html", "/api/docs/"):
        response = httpx.get(web.base_url + path)
        found = set(re.findall(r'nonce="([^"]*)"', response.text))
        assert len(found) == 1, path
        [nonce] = found
        assert policy_of(response.headers)["style-src"] == f"'self' 'nonce-{nonce}'"
        assert "no-store" in response.headers["cache-control"]
        nonces |= found

    assert len(nonces) == 4
    assert all(len(nonce) >= 22 for nonce in nonces)
    for path in ("/api/clinic/", "/admin/login/", "/assets/mark.svg"):
        response = httpx.get(web.base_url + path)
        assert policy_of(response.headers)["style-src"] == "'self'"


def test_files_that_never_change_may_be_kept_and_others_not(web: Web) -> None:
    page = httpx.get(web.base_url + "/").text
    [script] = re.findall(r'<script[^>]*src="(/assets/[^"]+)"', page)

    headers: Any = httpx.get(web.base_url + script).headers

    assert "immutable" in headers["cache-control"]
    assert headers["content-type"].startswith("text/javascript")
