"""The web app's page at every address that is not the API's, and the headers on everything."""

from pathlib import Path
from typing import Any

import pytest

from tests import world
from tests.api.client import Api, refused

pytestmark = pytest.mark.django_db

PAGES = ["/", "/appointments/5", "/desk", "/a/b/c", "/sign-in"]
EVERYTHING = [
    "/",
    "/livez",
    "/readyz",
    "/api/clinic/",
    "/api/no/such/",
    "/api/schema/",
    "/api/docs/",
]


@pytest.fixture
def dist(tmp_path: Path, settings: Any) -> Path:
    (tmp_path / "index.html").write_text("<!doctype html><title>Clinic</title>")
    settings.FRONTEND_DIST = tmp_path
    return tmp_path


@pytest.mark.parametrize("path", PAGES)
def test_every_address_of_the_app_is_its_one_page(dist: Path, path: str) -> None:
    response = Api().get(path)

    assert (response.status_code, response.headers["Content-Type"]) == (
        200,
        "text/html; charset=utf-8",
    )
    assert b"<title>Clinic</title>" in response.content
    assert "no-store" in response.headers["Cache-Control"]


@pytest.mark.parametrize("path", ["/assets/gone-12345678.js", "/static/gone.css", "/api/gone/"])
def test_a_file_that_is_gone_is_not_the_page(dist: Path, path: str) -> None:
    refused(Api().get(path), 404, "not_found")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_page_can_only_be_read(dist: Path, method: str) -> None:
    response = Api().send(method, "/desk")

    refused(response, 405, "method_not_allowed")
    assert response.headers["Allow"] == "GET, HEAD"


def test_an_app_that_is_not_built_says_how_to_build_it(tmp_path: Path, settings: Any) -> None:
    settings.FRONTEND_DIST = tmp_path / "nowhere"

    response = Api().client.get("/desk")

    assert response.status_code == 503
    assert b"make up" in response.content


@pytest.mark.parametrize("path", EVERYTHING)
@pytest.mark.parametrize("signed_in", [False, True])
def test_every_answer_carries_the_security_headers(dist: Path, path: str, signed_in: bool) -> None:
    api = Api(world.a_patient()) if signed_in else Api()

    headers = api.get(path).headers

    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    policy = dict(
        directive.strip().split(" ", 1)
        for directive in headers["Content-Security-Policy"].split(";")
    )
    assert policy["default-src"] == policy["script-src"] == "'self'"
    assert policy["object-src"] == policy["frame-ancestors"] == "'none'"
    assert "no-store" in headers["Cache-Control"]
    assert headers["X-Request-ID"]
    assert "Server" not in headers


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://testserver.evil.example"]
)
def test_no_other_site_may_read_answers(origin: str) -> None:
    response = Api().send("GET", "/api/clinic/", headers={"Origin": origin})

    assert "Access-Control-Allow-Origin" not in response.headers


def test_a_site_on_the_list_may_and_without_credentials_by_default(settings: Any) -> None:
    settings.CORS_ALLOWED_ORIGINS = ["https://app.example"]

    response = Api().send("GET", "/api/clinic/", headers={"Origin": "https://app.example"})

    assert response.headers["Access-Control-Allow-Origin"] == "https://app.example"
    assert "Access-Control-Allow-Credentials" not in response.headers
    assert "origin" in response.headers["Vary"].lower()
