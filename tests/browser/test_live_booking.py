"""What one person books or cancels is on the others' screens within a second."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.moments import assert_within_a_second, committed_at, seen_at, watch_for
from tests.browser.practice import (
    a_practice,
    book,
    cancel,
    day_path,
    expect_taken,
    full_name,
    shown_times,
    slot,
    slots_path,
    starts_of,
)
from tests.browser.visits import Visits, second_tab
from tests.servers.web import Web
from tests.world import a_patient


def boxes(page: Page) -> object:
    """Where every time stands on the page."""
    return page.get_by_test_id("slots").evaluate(
        "(slots) => [...slots.querySelectorAll('button')].map((slot) => {"
        "  const { x, y, width, height } = slot.getBoundingClientRect();"
        "  return [slot.dataset.start, x, y, width, height]"
        "})"
    )


def test_a_booking_is_on_every_screen_it_concerns_within_a_second(web: Web, visit: Visits) -> None:
    doctor, ana, ben = a_practice(), a_patient("ana"), a_patient("ben")
    starts = starts_of(doctor, 3)
    at_doctor = visit(web, doctor, day_path(starts[0]))
    at_ben = visit(web, ben, slots_path(doctor))
    at_ana = visit(web, ana, slots_path(doctor))
    other_tab = second_tab(at_ana, "/appointments")
    expect(at_doctor.get_by_text("No appointments on this day")).to_be_visible()
    expect(other_tab.get_by_text("Nothing booked")).to_be_visible()

    delays: dict[Page, list[float]] = {at_doctor: [], at_ben: [], other_tab: []}
    for start in starts:
        expect(slot(at_ben, start)).to_be_visible()
        watch_for(at_doctor, "[data-testid=day-calendar] li", f"{start:%H:%M}")
        watch_for(at_ben, "[data-testid=slots] [data-state=taken]", f"{start:%H:%M}")
        watch_for(other_tab, "main", f"{start:%H:%M}")
        book(at_ana, start)
        at_ana.go_back()
        for page, seen in delays.items():
            seen.append(seen_at(page) - committed_at("appointment.booked").timestamp())

    for seen in delays.values():
        assert_within_a_second(seen)
    calendar = at_doctor.get_by_test_id("day-calendar")
    expect(calendar.get_by_role("listitem")).to_have_count(3)
    expect(calendar.get_by_text(full_name(ana))).to_have_count(3)
    expect(other_tab.get_by_test_id("next-appointment")).to_contain_text(f"{starts[0]:%H:%M}")
    expect(other_tab.get_by_role("region", name="Coming up").get_by_role("listitem")).to_have_count(
        2
    )


@pytest.mark.engine("sqlite")
def test_a_time_that_goes_says_so_in_its_place_and_then_leaves(web: Web, visit: Visits) -> None:
    doctor = a_practice()
    first, second, third = starts_of(doctor, 3)
    at_ben = visit(web, a_patient("ben"), slots_path(doctor))
    at_ana = visit(web, a_patient("ana"), slots_path(doctor))
    expect(slot(at_ben, third)).to_be_visible()
    slot(at_ben, third).focus()
    before = boxes(at_ben)

    book(at_ana, second)

    expect_taken(at_ben, second)
    assert boxes(at_ben) == before
    expect(slot(at_ben, third)).to_be_focused()

    expect(slot(at_ben, second)).to_have_count(0)
    expect(slot(at_ben, third)).to_be_focused()
    assert shown_times(at_ben)[:2] == [f"{first:%H:%M}", f"{third:%H:%M}"]


@pytest.mark.engine("sqlite")
def test_a_time_that_has_the_focus_keeps_it_until_the_person_moves_on(
    web: Web, visit: Visits
) -> None:
    doctor = a_practice()
    first, second, third = starts_of(doctor, 3)
    at_ben = visit(web, a_patient("ben"), slots_path(doctor))
    at_ana = visit(web, a_patient("ana"), slots_path(doctor))
    slot(at_ben, first).focus()
    book(at_ana, first)
    expect_taken(at_ben, first)

    # A later one has come to its end and left; the one with the focus still stands.
    at_ana.go_back()
    book(at_ana, third)
    expect_taken(at_ben, third)
    expect(slot(at_ben, third)).to_have_count(0)
    expect(slot(at_ben, first)).to_be_focused()

    at_ben.keyboard.press("Tab")
    expect(slot(at_ben, second)).to_be_focused()
    expect(slot(at_ben, first)).to_have_count(0)


@pytest.mark.engine("sqlite")
def test_a_cancelled_time_is_back_in_its_place_and_off_every_screen(
    web: Web, visit: Visits
) -> None:
    doctor, ana = a_practice(), a_patient("ana")
    first, second, third = starts_of(doctor, 3)
    at_ana = visit(web, ana, slots_path(doctor))
    book(at_ana, second)
    at_doctor = visit(web, doctor, day_path(second))
    at_ben = visit(web, a_patient("ben"), slots_path(doctor))
    other_tab = second_tab(at_ana, "/appointments")
    calendar = at_doctor.get_by_test_id("day-calendar")
    expect(calendar.get_by_text(full_name(ana))).to_be_visible()
    expect(slot(at_ben, first)).to_be_visible()
    expect(slot(at_ben, second)).to_have_count(0)
    expect(other_tab.get_by_test_id("next-appointment")).to_be_visible()
    watch_for(at_doctor, "main", "Cancelled on this day")
    watch_for(at_ben, "[data-testid=slots] [data-state=free]", f"{second:%H:%M}")

    cancel(at_ana)

    committed = committed_at("appointment.cancelled").timestamp()
    assert_within_a_second([seen_at(page) - committed for page in (at_doctor, at_ben)])
    expect(at_ana.get_by_role("main").get_by_text("Cancelled", exact=True)).to_be_visible()
    expect(at_ana.get_by_role("button", name="Cancel appointment")).to_have_count(0)
    expect(calendar.get_by_text(full_name(ana))).to_have_count(0)
    line = at_doctor.get_by_role("button", name=re.compile(rf"^\d\d:\d\d.*{full_name(ana)}"))
    expect(line).to_contain_text("Cancelled")
    assert shown_times(at_ben)[:3] == [f"{each:%H:%M}" for each in (first, second, third)]
    expect(other_tab.get_by_test_id("next-appointment")).to_have_count(0)
    expect(other_tab.get_by_role("region", name="Earlier")).to_contain_text("Cancelled")

    # It is really free again.
    book(at_ben, second)
    expect(calendar.get_by_role("listitem")).to_have_count(1)
