"""The pages that are not the web app's: the operators' admin and the API's documentation, under the same policy."""

import pytest
from playwright.sync_api import expect

from tests.browser.visits import Visits
from tests.servers.web import Web
from tests.world import PASSWORD, a_doctor, a_patient, an_admin, book

pytestmark = pytest.mark.engine("sqlite")


def test_the_api_is_documented_without_breaking_the_policy(web: Web, visit: Visits) -> None:
    page = visit(web, None, "/api/docs/")

    expect(page.get_by_role("heading", name="Clinic API")).to_be_visible()
    page.get_by_text("/api/clinic/", exact=True).first.click()
    expect(page.get_by_role("button", name="Try it out")).to_be_visible()


def test_the_operators_pages_work_without_breaking_the_policy(web: Web, visit: Visits) -> None:
    an_admin("operator", is_superuser=True, is_staff=True)
    doctor, ana = a_doctor("house"), a_patient("ana")
    visit_made = book(doctor, ana)
    page = visit(web, None, "/admin/")

    page.get_by_label("Username").fill("operator")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="What can be looked at")).to_be_visible()
    for path in ("person/", f"person/{ana.pk}/change/", "appointment/", "appointment/add/"):
        page.goto(f"{web.base_url}/admin/clinic/{path}")
        expect(page.locator("#content h1")).to_be_visible()
    page.goto(f"{web.base_url}/admin/clinic/appointment/{visit_made.pk}/change/")
    expect(page.locator("#content h1")).to_be_visible()


def test_a_person_who_tries_too_often_is_told_how_long_to_wait(web: Web, visit: Visits) -> None:
    a_patient("ana")
    visit.expect(r"status of (401|429) .*/api/auth/login/")
    page = visit(web, None, "/sign-in")
    name = page.get_by_label("Username or e-mail")
    password = page.get_by_label("Password", exact=True)
    name.fill("ana")
    for _ in range(10):
        password.fill("not-the-password")
        with page.expect_response("**/api/auth/login/") as answered:
            page.get_by_role("button", name="Sign in").click()
        if answered.value.status == 429:
            break

    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("That was too much at once. Please try again in")
    expect(alert).to_contain_text("rate_limited")
    expect(name).to_have_value("ana")
    expect(password).to_have_value("not-the-password")
