"""A web process dies under open pages: they say so, come back by themselves, and nothing is missing."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.elsewhere import book_elsewhere, cancel_elsewhere
from tests.browser.moments import assert_within_a_second, committed_at, seen_at, watch_for
from tests.browser.practice import (
    a_practice,
    book,
    day_path,
    full_name,
    pill,
    slot,
    slots_path,
    starts_of,
)
from tests.browser.visits import Visits, second_tab
from tests.servers.web import Web
from tests.world import a_patient

# Reconnecting waits longer after each failure; on a busy machine a start alone takes many seconds.
BACK_MS = 60_000
pytestmark = pytest.mark.timeout(240)


def screen(page: Page) -> str:
    return page.get_by_role("main").inner_text()


def test_after_a_kill_both_screens_come_back_true_without_a_reload(web: Web, visit: Visits) -> None:
    doctor, ana, ben = a_practice(), a_patient("ana"), a_patient("ben")
    first, second, third, fourth = starts_of(doctor, 4)
    before = book_elsewhere(web, ana, doctor, first)
    at_doctor = visit(web, doctor, day_path(first))
    at_ben = visit(web, ben, slots_path(doctor))
    calendar = at_doctor.get_by_test_id("day-calendar").get_by_role("listitem")
    expect(calendar).to_have_count(1)
    slot(at_ben, fourth).click()
    at_ben.get_by_label("What is it about?").fill("my knee")
    for page in (at_doctor, at_ben):
        expect(pill(page)).to_have_text("Live")
        page.evaluate("window.neverReloaded = true")

    visit.expect_outage()
    web.kill()
    for page in (at_doctor, at_ben):
        expect(pill(page)).to_contain_text("Reconnecting…")
        expect(pill(page)).to_contain_text("stale since")
    book_button = at_ben.get_by_role("button", name="Book this time")
    expect(book_button).to_be_disabled()
    expect(book_button).to_have_accessible_description(re.compile("^This needs a live connection"))

    web.start()
    cancel_elsewhere(web, ana, before)
    book_elsewhere(web, ana, doctor, second)
    book_elsewhere(web, ana, doctor, third)

    for page in (at_doctor, at_ben):
        expect(pill(page)).to_have_text("Live", timeout=BACK_MS)
    expect(calendar).to_have_count(2)
    expect(calendar.filter(has_text=full_name(ana))).to_have_count(2)
    for taken in (second, third):
        expect(slot(at_ben, taken)).to_have_count(0)
    expect(slot(at_ben, first)).to_be_visible()
    expect(at_ben.get_by_label("What is it about?")).to_have_value("my knee")
    expect(book_button).to_be_enabled()

    fresh = second_tab(at_doctor)
    expect(fresh.get_by_test_id("day-calendar").get_by_role("listitem")).to_have_count(2)
    assert screen(at_doctor) == screen(fresh)
    assert all(page.evaluate("window.neverReloaded") for page in (at_doctor, at_ben))

    book(at_ben, fourth)
    expect(calendar).to_have_count(3)


def test_pages_of_two_web_processes_see_the_same_and_outlive_one_of_them(
    two_webs: tuple[Web, Web], visit: Visits
) -> None:
    near, far = two_webs
    doctor, ana = a_practice(), a_patient("ana")
    starts = starts_of(doctor, 5)
    at_doctor = visit(near, doctor, day_path(starts[0]))
    at_ben = visit(near, a_patient("ben"), slots_path(doctor))
    at_ana = visit(far, ana, slots_path(doctor))
    calendar = at_doctor.get_by_test_id("day-calendar").get_by_role("listitem")
    delays = []
    for start in starts[:3]:
        expect(slot(at_ben, start)).to_be_visible()
        watch_for(at_doctor, "[data-testid=day-calendar] li", f"{start:%H:%M}")
        watch_for(at_ben, "[data-testid=slots] [data-state=taken]", f"{start:%H:%M}")
        book(at_ana, start)
        committed = committed_at("appointment.booked").timestamp()
        delays += [seen_at(page) - committed for page in (at_doctor, at_ben)]
        at_ana.go_back()
    assert_within_a_second(delays)
    expect(calendar).to_have_count(3)

    visit.expect_outage()
    near.kill()
    book(at_ana, starts[3])
    expect(pill(at_ana)).to_have_text("Live")
    expect(pill(at_doctor)).to_contain_text("Reconnecting…")
    expect(calendar).to_have_count(3)
    near.start()
    for page in (at_doctor, at_ben):
        expect(pill(page)).to_have_text("Live", timeout=BACK_MS)
    expect(calendar).to_have_count(4)
    expect(slot(at_ben, starts[3])).to_have_count(0)
    expect(slot(at_ben, starts[4])).to_be_visible()
