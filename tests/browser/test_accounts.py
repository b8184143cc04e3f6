"""Signing in, registering, and the clinic's word on a new doctor."""

import re

import pytest
from playwright.sync_api import Page, expect

from clinic.models import Person
from tests.browser.moments import assert_within_a_second, committed_at, seen_at, watch_for
from tests.browser.visits import Visits
from tests.servers.web import Web
from tests.world import PASSWORD, a_patient, a_pending_doctor, an_admin

pytestmark = pytest.mark.engine("sqlite")

REFUSED = r"status of 4\d\d .*/api/auth/(login|register)/"


def fill(page: Page, **values: str) -> None:
    for label, value in values.items():
        page.get_by_label(label.replace("_", " ").replace("Email", "E-mail"), exact=True).fill(
            value
        )


def sign_in(page: Page, username: str, password: str = PASSWORD) -> None:
    page.get_by_label("Username or e-mail").fill(username)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").click()


def test_a_stranger_signs_in_and_is_where_they_wanted_to_go(web: Web, visit: Visits) -> None:
    ana = a_patient("ana")
    page = visit(web, None, "/inbox")
    expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("Please fill this in.")).to_have_count(2)

    visit.expect(REFUSED)
    sign_in(page, "ana", "not-the-password")
    expect(page.get_by_role("alert")).to_contain_text("Username or password is not right.")
    expect(page.get_by_role("alert")).to_contain_text("request")
    expect(page.get_by_label("Username or e-mail")).to_have_value("ana")
    expect(page.get_by_label("Password", exact=True)).to_be_focused()

    sign_in(page, ana.email)
    expect(page.get_by_role("heading", name="Inbox")).to_be_visible()
    expect(page).to_have_url(re.compile("/inbox$"))
    page.reload()
    expect(page.get_by_role("heading", name="Inbox")).to_be_visible()


def test_what_is_wrong_with_a_registration_stands_at_its_field(web: Web, visit: Visits) -> None:
    a_patient("taken", email="taken@example.org")
    page = visit(web, None, "/register")
    fill(page, First_name="Ana", Last_name="New", Email="taken@example.org", Username="ana")
    fill(page, Password="12345678")
    submit = page.get_by_role("button", name="Create account")
    visit.expect(REFUSED)

    submit.click()
    password = page.get_by_label("Password", exact=True)
    expect(password).to_have_accessible_description(re.compile("too common"))
    expect(password).to_have_attribute("aria-invalid", "true")
    expect(password).to_be_focused()

    password.fill(PASSWORD)
    submit.click()
    email = page.get_by_label("E-mail", exact=True)
    expect(email).to_have_attribute("aria-invalid", "true")
    expect(email).to_have_accessible_description(re.compile("already|taken|exists"))
    expect(email).to_be_focused()
    expect(password).to_have_value(PASSWORD)

    email.fill("ana@example.org")
    submit.click()
    expect(page.get_by_role("heading", name="Your appointments")).to_be_visible()
    expect(page.get_by_text("Nothing booked")).to_be_visible()
    assert Person.objects.get(username="ana").role == "PATIENT"


def test_a_new_doctor_is_let_in_and_found_the_moment_an_admin_approves(
    web: Web, visit: Visits
) -> None:
    at_admin = visit(web, an_admin(), "/approvals")
    expect(at_admin.get_by_text("Nobody is waiting")).to_be_visible()
    at_doctor = visit(web, None, "/register")
    at_doctor.get_by_text("Doctor", exact=True).click()
    fill(at_doctor, First_name="Dr Mei", Last_name="Tanaka", Specialization="Dermatology")
    fill(at_doctor, Email="mei@example.org", Username="mei", Password=PASSWORD)
    at_doctor.get_by_role("button", name="Create account").click()
    expect(at_doctor.get_by_role("heading", name="Awaiting approval")).to_be_visible()
    at_doctor.evaluate("window.neverReloaded = true")
    watch_for(at_doctor, "h1", "Today")

    # The admin's page was open all the time.
    at_admin.get_by_role("button", name="Approve Dr Mei Tanaka").click()

    delay = seen_at(at_doctor) - committed_at("doctor.approved").timestamp()
    assert_within_a_second([delay])
    assert at_doctor.evaluate("window.neverReloaded")
    expect(at_admin.get_by_text("Nobody is waiting")).to_be_visible()
    at_patient = visit(web, a_patient(), "/doctors")
    at_patient.get_by_role("searchbox", name="Name").fill("tanaka")
    card = at_patient.get_by_role("article", name="Dr Mei Tanaka")
    expect(card).to_contain_text("Dermatology")


def test_a_refused_doctor_is_out_at_once(web: Web, visit: Visits) -> None:
    at_doctor = visit(web, a_pending_doctor())
    expect(at_doctor.get_by_role("heading", name="Awaiting approval")).to_be_visible()
    at_admin = visit(web, an_admin(), "/approvals")
    # What was live may ask why it is so no more, before the socket has said that the session ended.
    visit.expect(r"status of 401 ")
    at_admin.get_by_role("button", name=re.compile("^Reject")).click()
    at_admin.get_by_role("dialog").get_by_role("button", name="Reject").click()
    expect(at_admin.get_by_text("Nobody is waiting")).to_be_visible()
    expect(at_doctor.get_by_role("dialog", name="Please sign in again")).to_be_visible()


def test_a_page_of_another_role_leads_home(web: Web, visit: Visits) -> None:
    page = visit(web, a_patient())
    for path in ("/approvals", "/today", "/desk"):
        page.goto(web.base_url + path)
        expect(page.get_by_role("heading", name="Your appointments")).to_be_visible()
