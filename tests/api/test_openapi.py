"""The OpenAPI document: complete, valid, served; and the net that holds every answer against it."""

import json
import re
from pathlib import Path

import pytest
from django.core.management import call_command
from django.http import HttpResponse, JsonResponse
from jsonschema import ValidationError

from api.urls import urlpatterns
from tests.api.client import Api, ok
from tests.api.document import PROBLEM, check_answer, document, template_of
from tests.references import follow_all

UNDOCUMENTED = {
    "api/schema/", "api/asyncapi.json", "api/docs/", "api/docs/realtime/", "livez", "readyz", "metrics",
    r"^(?!admin/).*$",
}  # fmt: skip
METHODS = ("get", "post", "put", "patch", "delete")


def test_it_is_made_without_a_warning_and_valid(tmp_path: Path) -> None:
    made = tmp_path / "openapi.json"

    call_command("spectacular", validate=True, fail_on_warn=True, format="openapi-json", file=made)

    assert json.loads(made.read_text())["openapi"].startswith("3.1")


def test_every_route_with_every_method_is_in_it() -> None:
    routes = {
        "/" + re.sub(r"<\w+:(\w+)>", r"{\1}", str(pattern.pattern)): {
            method
            for method in METHODS
            if hasattr(getattr(pattern.callback, "view_class"), method)  # noqa: B009
        }
        for pattern in urlpatterns
        if str(pattern.pattern) not in UNDOCUMENTED
    }
    routes["/api/events/"] = {"get"}

    assert {path: set(methods) for path, methods in document()["paths"].items()} == routes


def test_every_reference_leads_somewhere() -> None:
    follow_all(document())


def test_every_operation_has_a_name_of_its_own_and_tells_of_refusals() -> None:
    operations = [op for path in document()["paths"].values() for op in path.values()]
    names = [operation["operationId"] for operation in operations]

    assert len(names) == len(set(names))
    for operation in operations:
        assert operation["description"]
        assert PROBLEM in operation["responses"]["default"]["content"]
        assert any(status.startswith(("2", "3")) for status in operation["responses"])


def test_what_needs_no_sign_in_says_so_and_nothing_else_does() -> None:
    open_to_all = {
        path
        for path, methods in document()["paths"].items()
        for operation in methods.values()
        if not operation.get("security")
    }

    assert open_to_all == {
        "/api/auth/register/", "/api/users/register/", "/api/auth/login/", "/api/token/",
        "/api/auth/refresh/", "/api/token/refresh/", "/api/auth/password/reset/",
        "/api/auth/password/reset/confirm/", "/api/auth/email/verify/",
        "/api/appointments/by_link/", "/api/mail/events/", "/api/messages/unsubscribe/{token}/",
    }  # fmt: skip


def test_every_repeatable_post_takes_a_key() -> None:
    with_key = {
        path
        for path, methods in document()["paths"].items()
        for parameter in methods.get("post", {}).get("parameters", ())
        if parameter["name"] == "Idempotency-Key"
    }
    posts = {path for path, methods in document()["paths"].items() if "post" in methods}

    in_nobody_s_name = "/api/(auth|token|users/reg|appointments/by_link|mail/|messages/unsub)"
    assert with_key == {path for path in posts if not re.match(in_nobody_s_name, path)}


@pytest.mark.django_db
def test_it_is_served_to_everyone() -> None:
    response = Api().get("/api/schema/", format="json")

    assert ok(response) == document()


@pytest.mark.django_db
def test_the_page_that_shows_it_needs_no_other_site() -> None:
    page = Api().get("/api/docs/").content.decode()
    script = Api().get("/api/docs/", script="").content.decode()

    addresses = re.findall(r"""(?:src|href)=["']([^"']*)""", page)
    assert addresses
    assert all(address.startswith("/") for address in addresses), addresses
    assert "<script>" not in page
    assert not re.findall(r"https?://(?!www\.w3\.org)[\w.]+", script)


# -- the net itself ------------------------------------------------------------------------------

GOOD = {"unread": 3}


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        (JsonResponse({"unread": "3"}), "is not of type"),
        (JsonResponse({}), "is a required property"),
        (JsonResponse({**GOOD, "more": 1}), "Additional properties"),
        (JsonResponse(GOOD, status=201), "does not document 201"),
        (JsonResponse(GOOD, content_type="text/plain"), "does not promise text/plain"),
        (JsonResponse({"code": "x"}, status=400, content_type=PROBLEM), "required property"),
    ],
)
def test_an_answer_that_is_not_promised_fails(answer: HttpResponse, complaint: str) -> None:
    with pytest.raises((AssertionError, ValidationError), match=complaint):
        check_answer("POST", "/api/notifications/read/", answer)


def test_an_answer_that_is_promised_passes() -> None:
    check_answer("POST", "/api/notifications/read/", JsonResponse(GOOD))


def test_a_fixed_path_goes_before_one_with_parameters() -> None:
    assert template_of("/api/users/5/") == "/api/users/{person_id}/"
    assert template_of("/api/users/me/") == "/api/users/me/"
    assert template_of("/api/users/x/") is None
