"""Every screen, light and dark, wide and narrow: nothing that axe complains of, nothing beyond the edge."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final, Literal

import pytest
from playwright.sync_api import Page, expect

from clinic import clock
from clinic.links import LinkKind, VisitAct, new_link_token, new_visit_token
from clinic.models import Doctor
from clinic.rules.statuses import Status
from tests.browser.elsewhere import book_elsewhere, end_session_elsewhere, rest
from tests.browser.practice import a_practice, choose, day_path, pill, slots_path, starts_of
from tests.browser.visits import Visits
from tests.servers.web import Web
from tests.world import (
    a_doctor,
    a_patient,
    a_pending_doctor,
    a_receptionist,
    a_record,
    an_admin,
    an_appointment,
    annotate,
    assign,
    book,
    cancel,
    tokens,
)

ROOT: Final = Path(__file__).resolve().parents[2]
AXE: Final = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
Scheme = Literal["light", "dark"]
Ways = tuple[tuple[int, Scheme], ...]
SCHEMES: Final[tuple[Scheme, ...]] = ("light", "dark")
WIDTHS: Final = (1280, 390)
EVERY_WAY: Final[Ways] = tuple((width, scheme) for width in WIDTHS for scheme in SCHEMES)
# Light and dark, wide and narrow, each of them once: `make proof` looks at all four of them together.
WAYS: Final[Ways] = ((1280, "light"), (390, "dark"))
_EVERYTHING: Final = {"rules": {"target-size": {"enabled": True}}}
_RUN: Final = """async (rules) => {
  const { violations } = await axe.run(document, { resultTypes: ['violations'], ...rules })
  return violations.map(({ id, help, nodes }) => [id, help, nodes.map(({ html, any }) => [
    html.slice(0, 200), any.map(({ message }) => message).join(' '),
  ])])
}"""
# Sticking out is fine in what scrolls by itself, and off the screen on purpose.
_BEYOND: Final = """() => {
  const { scrollWidth, clientWidth } = document.documentElement
  return scrollWidth > clientWidth ? [scrollWidth, clientWidth] : null
}"""
# A colour that is inherited through transitions comes to rest one element after the other.
_COME_TO_REST: Final = """async () => {
  const drawn = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))
  const moving = () => document.getAnimations()
    .filter(({ effect }) => effect.getComputedTiming().endTime !== Infinity)
  do {
    await Promise.allSettled(moving().map(({ finished }) => finished))
    await drawn()
  } while (moving().length > 0)
}"""
Inspect = Callable[[Page, str], None]
pytestmark = [pytest.mark.engine("sqlite"), pytest.mark.timeout(240)]


@pytest.fixture(
    params=[
        pytest.param(WAYS, id="most"),
        pytest.param(EVERY_WAY, id="every way", marks=pytest.mark.proof),
    ]
)
def inspect(request: pytest.FixtureRequest) -> Inspect:
    """Looks at one screen in several ways. The screen must be there, and at rest."""
    if not AXE.exists():
        pytest.fail("axe-core is not installed: run `npm ci` in frontend/", pytrace=False)
    source = AXE.read_text()

    def inspect(page: Page, screen: str) -> None:
        if not page.evaluate("'axe' in window"):
            page.evaluate(source)
        complaints = [complaint for look in looks(page, request.param) for complaint in look]
        assert not complaints, f"{screen}:\n" + "\n".join(complaints)

    return inspect


def looks(page: Page, ways: Ways) -> Iterator[list[str]]:
    for width, scheme in ways:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        if "/api/" not in page.url:  # a page of words alone follows the browser
            expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", scheme)
        page.evaluate(_COME_TO_REST)
        found = page.evaluate(_RUN, _EVERYTHING)
        yield [f"{scheme}, {width} px: {json.dumps(each)}" for each in found]
        beyond = page.evaluate(_BEYOND)
        yield [f"{width} px: scrolls sideways, {beyond}"] if beyond else []


def test_the_way_in(web: Web, visit: Visits, inspect: Inspect) -> None:
    page = visit(web, None, "/sign-in")
    expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()
    inspect(page, "sign in")
    visit.expect(r"status of 401 .*/api/auth/login/")
    page.get_by_label("Username or e-mail").fill("nobody")
    page.get_by_label("Password", exact=True).fill("nothing")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    inspect(page, "a refused sign-in")
    page.get_by_role("link", name="Create an account").click()
    page.get_by_text("Doctor", exact=True).click()
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_text("Please fill this in.").first).to_be_visible()
    inspect(page, "register, nothing filled in")


def test_the_page_of_the_socket(web: Web, visit: Visits, inspect: Inspect) -> None:
    page = visit(web, None, "/api/docs/realtime/")
    expect(page.get_by_role("heading", name="Close codes")).to_be_visible()
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })")
    inspect(page, "the contract of the socket")


def test_a_forgotten_password(web: Web, visit: Visits, inspect: Inspect) -> None:
    ana = a_patient("ana")
    page = visit(web, None, "/forgot-password")
    expect(page.get_by_role("heading", name="A new password")).to_be_visible()
    inspect(page, "asking for a link")
    page.get_by_label("E-mail").fill("ana@example.org")
    page.get_by_role("button", name="Send me a link").click()
    expect(page.get_by_role("heading", name="Look at your mail")).to_be_visible()
    inspect(page, "a link is on its way")
    visit.expect(r"status of 400 .*/api/auth/")
    page.goto(f"{web.base_url}/reset-password#{new_link_token(LinkKind.RESET, ana)}")
    page.get_by_label("New password", exact=True).fill("short")
    page.get_by_role("button", name="Set the password").click()
    expect(page.get_by_text("This password is too short")).to_be_visible()
    inspect(page, "a refused password")
    page.get_by_label("New password", exact=True).fill("another-horse-battery-8")
    page.get_by_role("button", name="Set the password").click()
    expect(page.get_by_role("heading", name="Your password is set")).to_be_visible()
    inspect(page, "a password was set")
    page.goto(f"{web.base_url}/verify-email#nonsense")
    expect(page.get_by_role("heading", name="This link does not work any more")).to_be_visible()
    inspect(page, "a dead link")
    token = new_visit_token(VisitAct.CANCEL, ana, book(a_doctor(), ana))
    page.goto(f"{web.base_url}/visit#{token}")
    expect(page.get_by_role("button", name="Cancel the visit")).to_be_visible()
    inspect(page, "a visit by its mail")


def test_one_s_own_account(web: Web, visit: Visits, inspect: Inspect) -> None:
    ana = a_patient("ana", email=f"ana.{'long-' * 9}name@a-rather-long-domain-name.example.org")
    tokens(ana, device="Mozilla/5.0 (iPhone; CPU iPhone OS 18_1) Version/18.1 Safari/604.1")
    page = visit(web, ana, "/account")
    devices = page.get_by_role("list", name="Where you are signed in").get_by_role("listitem")
    expect(devices).to_have_count(2)
    page.get_by_role("button", name="Change the address").click()
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_text("Please fill this in.").first).to_be_visible()
    inspect(page, "the account")


@pytest.mark.notifications
def test_a_device_that_may_be_told(web: Web, visit: Visits, inspect: Inspect) -> None:
    page = visit(web, a_patient(), "/account", permissions=["notifications"])
    expect(page.get_by_role("switch", name="Tell me on this device")).to_be_visible()
    inspect(page, "the account, where this device may be told of news")


def test_what_a_patient_sees_before_booking(web: Web, visit: Visits, inspect: Inspect) -> None:
    ana = a_patient("ana")
    a_practice(last_name="Osei")
    a_practice(specialization="Dermatology", last_name="A-Very-Long-Name-Of-A-Doctor-Indeed")
    page = visit(web, ana, "/appointments")
    expect(page.get_by_text("Nothing booked")).to_be_visible()
    inspect(page, "no appointments")
    page.get_by_role("link", name="Inbox").click()
    expect(page.get_by_text("Nothing here yet")).to_be_visible()
    inspect(page, "an empty inbox")
    page.goto(web.base_url + "/doctors")
    expect(page.get_by_role("article")).to_have_count(2)
    inspect(page, "find a doctor")
    page.get_by_role("searchbox", name="Name").fill("nobody")
    expect(page.get_by_text("No doctor matches")).to_be_visible()
    inspect(page, "no doctor found")


def test_what_a_patient_sees_while_booking(web: Web, visit: Visits, inspect: Inspect) -> None:
    doctor, ana = a_practice(last_name="Osei"), a_patient("ana")
    start = starts_of(doctor, 1)[0]
    page = visit(web, ana, slots_path(doctor))
    choose(page, start)
    inspect(page, "a chosen time")
    book_elsewhere(web, a_patient("ben"), doctor, start)
    expect(page.get_by_role("alert")).to_be_visible()
    inspect(page, "a lost time")
    visit.expect_outage()
    page.context.set_offline(True)
    expect(pill(page)).to_contain_text("stale since")
    inspect(page, "a page that is offline")
    page.context.set_offline(False)
    expect(pill(page)).to_have_text("Live")
    end_session_elsewhere(web, ana)
    expect(page.get_by_role("dialog", name="Please sign in again")).to_be_visible()
    inspect(page, "a session that ended")
    page.goto(web.base_url + "/no-such-page")
    expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()
    inspect(page, "no such page")


def test_what_a_patient_sees_afterwards(web: Web, visit: Visits, inspect: Inspect) -> None:
    doctor, ana = a_practice(last_name="Osei"), a_patient("ana")
    first, second, third = starts_of(doctor, 3)
    appointment = book(doctor, ana, first, notes="A word about why. " * 20)
    book(doctor, ana, second, actor=a_receptionist())
    cancel(book(doctor, ana, third, actor=a_receptionist()), actor=doctor.person)
    page = visit(web, ana, "/appointments")
    expect(page.get_by_test_id("next-appointment")).to_be_visible()
    inspect(page, "appointments")
    page.get_by_role("button", name=re.compile("^Account of")).click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    inspect(page, "the account menu")
    page.goto(f"{web.base_url}/appointments/{appointment.pk}")
    page.get_by_role("button", name="Cancel appointment").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    inspect(page, "cancelling")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    inspect(page, "an appointment")
    page.get_by_role("link", name=re.compile("^Inbox")).click()
    expect(page.get_by_role("button", name="Mark all read")).to_be_visible()
    inspect(page, "the inbox")


def a_day_of(doctor: Doctor) -> None:
    for status, start in zip(Status, starts_of(doctor, len(Status)), strict=True):
        an_appointment(doctor, a_patient(), start, status=status)


def test_what_a_doctor_sees(web: Web, visit: Visits, inspect: Inspect) -> None:
    doctor = a_practice(last_name="Osei")
    start = starts_of(doctor, 1)[0]
    page = visit(web, a_pending_doctor())
    expect(page.get_by_role("heading", name="Awaiting approval")).to_be_visible()
    inspect(page, "awaiting approval")
    page = visit(web, doctor, day_path(start))
    expect(page.get_by_text("No appointments on this day")).to_be_visible()
    inspect(page, "an empty day")
    a_day_of(doctor)
    page.reload()
    visits = page.get_by_test_id("day-calendar").get_by_role("listitem")
    expect(visits).to_have_count(len(Status) - 1)  # The cancelled one is listed beside it.
    expect(pill(page)).to_have_text("Live")
    inspect(page, "a day")
    visits.first.get_by_role("button").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    inspect(page, "a visit")


def test_what_the_staff_sees(web: Web, visit: Visits, inspect: Inspect) -> None:
    admin = an_admin()
    page = visit(web, admin, "/approvals")
    expect(page.get_by_text("Nobody is waiting")).to_be_visible()
    inspect(page, "nobody waiting")
    a_pending_doctor(last_name="Tanaka")
    a_practice(last_name="Osei")
    page.reload()
    page.get_by_role("button", name=re.compile("^Reject")).click()
    expect(page.get_by_role("dialog")).to_be_visible()
    inspect(page, "rejecting a doctor")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    inspect(page, "doctors")
    desk = visit(web, a_receptionist(), "/desk")
    expect(desk.get_by_text("Nothing booked today")).to_be_visible()
    inspect(desk, "an empty board")
    for status in Status:
        an_appointment(a_doctor(), a_patient(), clock.now(), status=status)
    desk.reload()
    board = desk.get_by_test_id("desk-board")
    patients = board.get_by_role("rowheader", name=re.compile("^Patient "))
    expect(patients).to_have_count(len(Status))
    inspect(desk, "the day's board")


def test_what_is_in_records(web: Web, visit: Visits, inspect: Inspect) -> None:
    doctor, ana = a_practice(last_name="Osei"), a_patient("ana", phone_number="0171 1234567")
    page = visit(web, ana, "/records")
    expect(page.get_by_text("No records yet")).to_be_visible()
    inspect(page, "no records")
    assign(ana, doctor, actor=a_receptionist("dora"))
    record = a_record(ana, doctor, title="A title without-any-place-to-break-" + "x" * 60)
    annotate(record, doctor, "A word to the patient. " * 20)
    expect(page.get_by_test_id("records")).to_contain_text("New note")
    expect(page.get_by_role("list", name="Who looks after you")).to_be_visible()
    inspect(page, "records")
    page.goto(f"{web.base_url}/records/{record.pk}")
    page.get_by_role("button", name="Show history").click()
    expect(page.get_by_role("list", name="Versions of the record")).to_be_visible()
    inspect(page, "a record with a new note and its history")
    page.get_by_role("button", name="Edit", exact=True).click()
    page.get_by_label("Text").fill("Other words")
    rest(web, ana).patch(f"/api/records/{record.pk}/", {"title": "Knee"})
    expect(page.get_by_test_id("conflict")).to_be_visible()
    inspect(page, "a record that was changed elsewhere")

    doctors = visit(web, doctor, "/my-patients")
    expect(doctors.get_by_role("list", name="My patients")).to_be_visible()
    inspect(doctors, "a doctor's patients")
    doctors.goto(f"{web.base_url}/my-patients/{ana.pk}")
    expect(doctors.get_by_test_id("records")).to_be_visible()
    inspect(doctors, "a patient")
    doctors.goto(f"{web.base_url}/records/{record.pk}")
    doctors.get_by_role("button", name="Edit", exact=True).click()
    expect(doctors.get_by_label("Edit your note")).to_be_focused()
    inspect(doctors, "a note that is edited")
    visit.expect("status of 404 ")
    doctors.goto(f"{web.base_url}/records/123456789")
    expect(doctors.get_by_role("heading", name="This record is not open to you")).to_be_visible()
    desk = visit(web, a_receptionist(), f"/patients/{ana.pk}")
    desk.get_by_role("button", name="Assign a doctor").click()
    expect(desk.get_by_role("combobox", name="Doctor")).to_be_focused()
    inspect(desk, "assigning a doctor")


def test_a_first_day(web: Web, visit: Visits, inspect: Inspect) -> None:
    page = visit(web, an_admin("boss"), "/first-day")
    heading = page.get_by_role("heading", level=2)
    expect(heading).to_have_text("What is the clinic called?")
    page.get_by_role("button", name="Save and go on").click()
    expect(page.get_by_text("Please fill this in.")).to_be_visible()
    inspect(page, "naming the clinic")
    page.get_by_role("button", name="Rooms, closures").click()
    page.get_by_label("Name of a room").fill("Lab")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Name of room Lab")).to_be_visible()
    inspect(page, "rooms and closed days")
    page.get_by_role("button", name="First doctor").click()
    expect(heading).to_have_text("Who is the first doctor?")
    inspect(page, "the first doctor")
    a_doctor(last_name="Osei", hours={})
    page.goto(web.base_url + "/first-day?step=hours")
    expect(page.get_by_test_id("hours-total")).to_be_visible()
    inspect(page, "the first hours")
    page.goto(web.base_url + "/first-day?step=done")
    expect(heading).to_have_text("Almost there")
    inspect(page, "not done yet")


def test_what_is_set(web: Web, visit: Visits, inspect: Inspect) -> None:
    doctor = a_practice(last_name="Osei")
    start = starts_of(doctor, 1)[0]
    book(doctor, a_patient("ana"), start)
    page = visit(web, an_admin("boss"), "/settings/clinic")
    expect(page.get_by_role("heading", name="Closed days")).to_be_visible()
    inspect(page, "the clinic's settings")
    page.goto(web.base_url + "/settings/staff")
    expect(page.get_by_role("list", name="Doctors")).to_be_visible()
    inspect(page, "staff")
    page.get_by_role("button", name="Add someone").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    inspect(page, "a new account")
    page.goto(web.base_url + "/settings/hours")
    expect(page.get_by_test_id("hours-total")).to_be_visible()
    page.get_by_label(f"{start:%A}", exact=True).uncheck()
    expect(page.get_by_test_id("affected")).to_be_visible()
    page.get_by_label(f"{start + timedelta(days=1):%A}, to (1)").fill("07:00")
    expect(page.get_by_text("The end must be after the start.")).to_be_visible()
    page.get_by_label("Whole days").uncheck()
    inspect(page, "hours that break a visit")


def test_whom_the_desk_books_for(web: Web, visit: Visits, inspect: Inspect) -> None:
    desk = a_receptionist()
    page = visit(web, desk, "/patients")
    expect(page.get_by_text("No patients yet")).to_be_visible()
    inspect(page, "no patients")
    ana = a_patient("ana", first_name="Ana", last_name="López", phone_number="0171 1234567")
    doctor = a_practice(last_name="Osei")
    page.reload()
    expect(page.get_by_role("list", name="Patients")).to_be_visible()
    inspect(page, "patients")
    visit.expect(r"status of 409 .*/api/users/patients/")
    page.get_by_role("button", name="New patient").click()
    page.get_by_label("First name").fill("Anna")
    page.get_by_label("Last name").fill("Lopez")
    page.get_by_role("button", name="Add patient").click()
    expect(page.get_by_test_id("duplicates")).to_be_visible()
    inspect(page, "a possible duplicate")
    page.goto(f"{web.base_url}/patients/{ana.pk}/book")
    expect(page.get_by_text("Which doctor?")).to_be_visible()
    inspect(page, "booking for somebody, no doctor yet")
    page.goto(f"{web.base_url}/patients/{ana.pk}/book?doctor={doctor.pk}")
    choose(page, starts_of(doctor, 1)[0])
    inspect(page, "booking for somebody")
    page.get_by_role("button", name="Book this time").click()
    expect(page.get_by_role("heading", name=re.compile("^Booked for"))).to_be_visible()
    inspect(page, "booked for somebody")
