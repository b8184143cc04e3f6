"""The bell counts the same in every tab, and reading in one reads in all."""

import pytest
from playwright.sync_api import expect

from tests.browser.elsewhere import book_elsewhere
from tests.browser.moments import assert_within_a_second, committed_at, seen_at, watch_for
from tests.browser.practice import a_practice, starts_of
from tests.browser.visits import Visits, second_tab
from tests.servers.web import Web
from tests.world import a_patient, a_receptionist

pytestmark = pytest.mark.engine("sqlite")


def test_the_bell_counts_the_same_in_two_tabs_and_two_browsers(web: Web, visit: Visits) -> None:
    doctor, ana, desk = a_practice(), a_patient("ana"), a_receptionist()
    starts = starts_of(doctor, 3)
    one = visit(web, ana, "/appointments")
    pages = [one, second_tab(one, "/inbox"), visit(web, ana, "/inbox")]
    for page in pages:
        expect(page.get_by_role("link", name="Inbox, nothing unread")).to_be_visible()
        expect(page.get_by_text("Nothing")).to_be_visible()

    delays = []
    for count, start in enumerate(starts, start=1):
        for page in pages:
            watch_for(page, "[data-testid=unread]", str(count))
        book_elsewhere(web, desk, doctor, start, patient=ana)
        committed = committed_at("appointment.booked").timestamp()
        delays += [seen_at(page) - committed for page in pages]
    assert_within_a_second(delays)
    one.get_by_role("link", name="Inbox, 3 unread").click()
    lines = one.get_by_role("list", name="Inbox").get_by_role("listitem")
    expect(lines).to_have_count(3)
    expect(lines.filter(has_text="New")).to_have_count(3)

    lines.last.get_by_role("button", name="Mark").click()
    for page in pages:
        expect(page.get_by_role("link", name="Inbox, 2 unread")).to_be_visible()
    expect(lines.last.get_by_role("button")).to_have_count(0)

    pages[2].get_by_role("button", name="Mark all read").click()
    for page in pages:
        expect(page.get_by_role("link", name="Inbox, nothing unread")).to_be_visible()
        expect(page.get_by_text("Everything is read")).to_be_visible()
        expect(page.get_by_role("button", name="Mark all read")).to_have_count(0)
    one.reload()
    expect(one.get_by_role("link", name="Inbox, nothing unread")).to_be_visible()


def test_a_line_leads_to_its_appointment_and_is_read_by_that(web: Web, visit: Visits) -> None:
    doctor, ana = a_practice(), a_patient("ana")
    start = starts_of(doctor, 1)[0]
    page = visit(web, ana, "/inbox")
    expect(page.get_by_text("Nothing here yet")).to_be_visible()
    book_elsewhere(web, a_receptionist(), doctor, start, patient=ana)
    page.get_by_role("list", name="Inbox").get_by_role("link").click()
    expect(page.get_by_role("heading", name="Appointment", exact=True)).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text(f"{start:%H:%M}")
    expect(page.get_by_role("link", name="Inbox, nothing unread")).to_be_visible()
