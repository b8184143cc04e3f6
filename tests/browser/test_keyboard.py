"""Everything by keyboard alone, with the focus always to be seen."""

import re
from typing import Final

import pytest
from playwright.sync_api import Locator, Page, expect

from clinic.models import Appointment, Doctor
from tests.browser.practice import a_practice, slots_path, starts_of
from tests.browser.visits import Visits
from tests.servers.web import Web
from tests.world import PASSWORD, a_patient, an_admin, book

pytestmark = pytest.mark.engine("sqlite")

MOST_STEPS: Final = 60
# What a thing looks like with the focus must differ from what it looks like without: the browser's own
# answer, as the eye would have it, for the element and for the boxes that may draw the ring for it.
_LOOKS_DIFFERENT: Final = """async () => {
  const drawn = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))
  const stop = document.activeElement
  window.lookedAt ??= new WeakSet()
  if (window.lookedAt.has(stop) && ['date', 'time'].includes(stop.type)) return true
  window.lookedAt.add(stop)
  const look = () => [stop, stop.parentElement, stop.nextElementSibling].filter(Boolean).map((each) => {
    const { outline, boxShadow, borderColor, backgroundColor, transform } = getComputedStyle(each)
    return [outline, boxShadow, borderColor, backgroundColor, transform].join()
  }).join()
  await drawn()
  const focused = look()
  stop.blur()
  await drawn()
  const blurred = look()
  stop.focus({ focusVisible: true })
  return focused !== blurred
}"""


def press_tab_until(page: Page, wanted: Locator, most: int = MOST_STEPS) -> None:
    """Walks on by Tab. Each stop on the way must be seen to have the focus."""
    for _ in range(most):
        page.keyboard.press("Tab")
        assert page.evaluate(_LOOKS_DIFFERENT), page.evaluate("document.activeElement.outerHTML")
        if wanted.evaluate("(element) => element === document.activeElement"):
            return
    raise AssertionError(f"not reached within {most} steps: {wanted}")


def test_a_patient_signs_in_finds_books_and_cancels_without_a_mouse(
    web: Web, visit: Visits
) -> None:
    doctor, ana = a_practice(last_name="Osei"), a_patient("ana")
    start = starts_of(doctor, 1)[0]
    page = visit(web, None, "/", reduced_motion="reduce")
    expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()
    keys = page.keyboard
    press_tab_until(page, page.get_by_label("Username or e-mail"))
    keys.type(ana.username)
    press_tab_until(page, page.get_by_label("Password", exact=True))
    keys.type(PASSWORD)
    keys.press("Enter")
    expect(page.get_by_text("Nothing booked")).to_be_visible()

    press_tab_until(page, page.get_by_role("navigation").get_by_role("link", name="Find a doctor"))
    keys.press("Enter")
    expect(page.get_by_role("article")).to_be_visible()
    press_tab_until(page, page.get_by_role("searchbox", name="Name"))
    keys.type("osei")
    press_tab_until(page, page.get_by_role("link", name=re.compile("^See times")))
    keys.press("Enter")
    days = page.get_by_role("table", name="Pick a day")
    expect(days).to_be_visible()
    press_tab_until(page, days.get_by_role("button", pressed=True))
    keys.press("ArrowRight")
    next_day = days.get_by_role("button", name=re.compile(rf"^\w+ {start.day + 1} "))
    if next_day.count():  # Not on the last day of a month, where the grid turns to the next.
        expect(next_day).to_be_focused()
    keys.press("ArrowLeft")
    expect(days.get_by_role("button", pressed=True)).to_be_focused()

    times = page.get_by_role("region", name="Pick a time")
    press_tab_until(page, times.get_by_role("button", name=f"{start:%H:%M}"))
    keys.press("Space")
    press_tab_until(page, page.get_by_label("What is it about?"))
    keys.type("By keyboard alone")
    press_tab_until(page, page.get_by_role("button", name="Book this time"))
    keys.press("Enter")
    expect(page.get_by_role("heading", name="Appointment", exact=True)).to_be_visible()

    press_tab_until(page, page.get_by_role("button", name="Cancel appointment"))
    keys.press("Enter")
    expect(page.get_by_role("button", name="Keep it")).to_be_focused()
    press_tab_until(page, page.get_by_role("button", name="Cancel it"))
    keys.press("Enter")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_role("main").get_by_text("Cancelled", exact=True)).to_be_visible()
    assert Appointment.objects.get().status == "CANCELLED"


def test_an_admin_goes_through_the_first_steps_without_a_mouse(web: Web, visit: Visits) -> None:
    page = visit(web, an_admin("boss"), "/", reduced_motion="reduce")
    keys = page.keyboard
    expect(page.get_by_role("heading", name="What is the clinic called?")).to_be_visible()
    press_tab_until(page, page.get_by_label("Name of the clinic"))
    keys.type("Am Park")
    keys.press("Enter")
    # The next step has the focus: whoever reads by ear is told of it.
    stage = page.get_by_role("region", name="Rooms and closed days")
    expect(stage).to_be_focused()
    press_tab_until(page, page.get_by_label("Name of a room"))
    keys.type("Lab")
    keys.press("Enter")
    expect(page.get_by_label("Name of room Lab")).to_be_visible()
    press_tab_until(page, page.get_by_role("button", name="Go on"))
    keys.press("Enter")
    press_tab_until(page, page.get_by_label("First name"))
    keys.type("Mei")
    keys.press("Tab")
    keys.type("Tanaka")
    keys.press("Enter")
    expect(page.get_by_role("region", name="When does Mei Tanaka work?")).to_be_focused()
    expect(page.get_by_test_id("hours-total")).to_be_visible()
    press_tab_until(page, page.get_by_label("Monday", exact=True))
    keys.press("Space")
    expect(page.get_by_test_id("day-MONDAY")).to_contain_text("Not working")
    # Four days of two windows, each time with its hour, its minute and a.m. or p.m.
    press_tab_until(page, page.get_by_role("button", name="Save and go on"), most=100)
    keys.press("Enter")
    expect(page.get_by_role("region", name="Who answers the phone?")).to_be_focused()
    assert Doctor.objects.get().windows.count() == 8


def test_escape_closes_a_dialog_and_the_focus_returns(web: Web, visit: Visits) -> None:
    ana = a_patient("ana")
    appointment = book(a_practice(), ana)
    page = visit(web, ana, f"/appointments/{appointment.pk}")
    opener = page.get_by_role("button", name="Cancel appointment")
    opener.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Keep it")).to_be_focused()
    for _ in range(8):  # Tab goes round inside.
        page.keyboard.press("Tab")
        assert dialog.evaluate("(dialog) => dialog.contains(document.activeElement)")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()

    account = page.get_by_role("button", name=re.compile("^Account of"))
    account.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Sign out")).to_be_hidden()
    expect(account).to_be_focused()


def test_the_first_tab_stop_skips_to_the_content(web: Web, visit: Visits) -> None:
    doctor = a_practice()
    page = visit(web, a_patient("ana"), slots_path(doctor))
    expect(page.get_by_role("heading", name=re.compile("^Book with"))).to_be_visible()
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("main").get_by_role("link", name="All doctors")).to_be_focused()
