"""A session that ends or is renewed under an open page: nothing typed is lost."""

import re

import pytest
from playwright.sync_api import Page, expect

from clinic.models import Doctor, Person
from tests.browser.elsewhere import book_elsewhere, end_session_elsewhere, rest
from tests.browser.practice import (
    a_practice,
    choose,
    expect_taken,
    pill,
    slots_path,
    starts_of,
)
from tests.browser.visits import Visits, second_tab
from tests.servers.fixtures import StartWeb
from tests.servers.web import Web
from tests.world import PASSWORD, a_patient, an_admin

pytestmark = pytest.mark.engine("sqlite")

NOTES = "It began on Monday."
LISTEN_TO_THE_PILL = """() => {
  window.words = []
  const pill = document.querySelector('[data-testid=connection]')
  const listen = new MutationObserver(() => words.push(pill.textContent))
  listen.observe(pill, { subtree: true, childList: true, characterData: true })
}"""


def fill_in_a_booking(visit: Visits, web: Web, patient: Person, doctor: Doctor) -> Page:
    page = visit(web, patient, slots_path(doctor))
    choose(page, starts_of(doctor, 1)[0])
    page.get_by_label("What is it about?").fill(NOTES)
    expect(pill(page)).to_have_text("Live")
    return page


def sign_in_again(page: Page, username: str) -> None:
    dialog = page.get_by_role("dialog", name="Please sign in again")
    dialog.get_by_label("Username or e-mail").fill(username)
    dialog.get_by_label("Password", exact=True).fill(PASSWORD)
    dialog.get_by_role("button", name="Sign in").click()


def test_a_session_ended_elsewhere_asks_to_sign_in_over_the_page_and_keeps_what_is_typed(
    web: Web, visit: Visits
) -> None:
    doctor, ana = a_practice(), a_patient("ana")
    page = fill_in_a_booking(visit, web, ana, doctor)
    page.evaluate("window.neverReloaded = true")

    end_session_elsewhere(web, ana)
    expect(page.get_by_role("dialog", name="Please sign in again")).to_be_visible()
    expect(page.get_by_label("Username or e-mail")).to_have_value("ana")
    expect(page.get_by_label("Password", exact=True)).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_visible()

    sign_in_again(page, "ana")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_label("What is it about?")).to_have_value(NOTES)
    expect(pill(page)).to_have_text("Live")
    page.get_by_role("button", name="Book this time").click()
    expect(page.get_by_text(NOTES)).to_be_visible()
    assert page.evaluate("window.neverReloaded")


def test_a_deactivated_person_is_out_at_once_and_cannot_come_back(web: Web, visit: Visits) -> None:
    doctor, ana = a_practice(), a_patient("ana")
    page = fill_in_a_booking(visit, web, ana, doctor)
    visit.expect(r"status of 401 .*/api/")

    rest(web, an_admin()).post(f"/api/users/{ana.pk}/deactivate/")
    expect(page.get_by_role("dialog", name="Please sign in again")).to_be_visible()
    sign_in_again(page, "ana")
    expect(page.get_by_role("alert")).to_contain_text("Username or password is not right.")
    assert page.locator("textarea").first.input_value() == NOTES

    page.get_by_role("button", name="Leave this page").click()
    expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()


def test_signing_out_leaves_in_every_tab(web: Web, visit: Visits) -> None:
    page = visit(web, a_patient("ana"), "/appointments")
    expect(page.get_by_text("Nothing booked")).to_be_visible()
    other = second_tab(page)
    expect(other.get_by_text("Nothing booked")).to_be_visible()
    page.get_by_role("link", name="Inbox").click()
    page.get_by_role("button", name=re.compile("^Account of")).click()
    page.get_by_role("button", name="Sign out").click()
    for tab in (page, other):
        expect(tab.get_by_role("heading", name="Welcome back")).to_be_visible()
        expect(tab.get_by_text("Nothing booked")).to_have_count(0)
    page.go_back()
    expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()


def test_loading_again_in_the_middle_of_loading_keeps_the_session(web: Web, visit: Visits) -> None:
    page = visit(web, a_patient("ana"), "/appointments")
    expect(page.get_by_text("Nothing booked")).to_be_visible()
    for _ in range(3):
        # The refresh token is used up by a request whose page is gone before the answer.
        with page.expect_request("**/api/auth/refresh/"):
            page.goto(page.url, wait_until="commit")
    page.reload()
    expect(page.get_by_text("Nothing booked")).to_be_visible()


@pytest.mark.timeout(180)
def test_a_renewed_token_interrupts_nothing(start_web: StartWeb, visit: Visits) -> None:
    web = start_web(env={"CLINIC_ACCESS_SECONDS": "8"})
    doctor, ana, ben = a_practice(), a_patient("ana"), a_patient("ben")
    first, second = starts_of(doctor, 2)
    page = visit(web, ana, "/appointments")
    sockets: list[str] = []
    page.on("websocket", lambda socket: sockets.append(socket.url))
    page.goto(web.base_url + slots_path(doctor))
    choose(page, second)
    notes = page.get_by_label("What is it about?")
    notes.fill(NOTES)
    expect(pill(page)).to_have_text("Live")
    page.evaluate(LISTEN_TO_THE_PILL)

    for _ in range(3):
        with page.expect_response("**/api/auth/refresh/", timeout=30_000) as renewal:
            pass
        assert renewal.value.ok
    book_elsewhere(web, ben, doctor, first)

    expect_taken(page, first)
    expect(notes).to_be_focused()
    expect(notes).to_have_value(NOTES)
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert page.evaluate("words") == []
    assert len(sockets) == 1
