"""Times are read in the clinic's zone, which is named, or in one's own; in 12 or 24 hours, remembered."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from tests.browser.practice import a_practice, slots_path, starts_of
from tests.browser.visits import Visits, second_tab
from tests.servers.web import Web
from tests.world import a_patient, book

pytestmark = pytest.mark.engine("sqlite")

TOKYO, NEW_YORK = (
    ZoneInfo("Asia/Tokyo"),
    ZoneInfo("America/New_York"),
)  # the browser's: tests.chromium


def read(page: Page, choice: str) -> None:
    """Chooses in the account menu how to read times."""
    page.get_by_role("button", name=re.compile("^Account of")).click()
    page.get_by_text(choice, exact=True).click()
    page.keyboard.press("Escape")


def clock(start: datetime, zone: ZoneInfo, *, hours: int = 24) -> str:
    local = start.astimezone(zone)
    return f"{local:%H:%M}" if hours == 24 else f"{local:%I:%M %p}".lstrip("0")


def test_every_screen_names_the_zone_of_its_times(web: Web, visit: Visits) -> None:
    doctor, ana = a_practice(zone="Asia/Tokyo"), a_patient("ana")
    first, second = starts_of(doctor, 2)
    appointment = book(doctor, ana, first)
    page = visit(web, ana, "/appointments")
    card = page.get_by_test_id("next-appointment")
    expect(card).to_contain_text(clock(first, TOKYO))
    expect(card).to_contain_text("Tokyo time, GMT+9")

    page.get_by_role("link", name="Details").click()
    expect(page.get_by_role("main")).to_contain_text("Tokyo time, GMT+9")
    expect(page).to_have_url(re.compile(f"/appointments/{appointment.pk}$"))
    page.get_by_role("navigation").get_by_role("link", name="Find a doctor").click()
    free = page.get_by_role("article")
    expect(free).to_contain_text(clock(second, TOKYO))
    expect(free).to_contain_text("Tokyo time, GMT+9")
    page.get_by_role("link", name=re.compile("^See times")).click()
    times = page.get_by_role("region", name="Pick a time")
    expect(times).to_contain_text("Times are in Tokyo time, GMT+9.")
    expect(times.get_by_role("button", name=clock(second, TOKYO), exact=True)).to_be_visible()

    at_doctor = visit(web, doctor, f"/today?date={first.astimezone(TOKYO):%Y-%m-%d}")
    expect(at_doctor.get_by_role("main")).to_contain_text("Tokyo time, GMT+9")
    expect(at_doctor.get_by_test_id("day-calendar").get_by_role("listitem")).to_contain_text(
        clock(first, TOKYO)
    )


def test_ones_own_zone_and_the_12_hour_clock_are_remembered(web: Web, visit: Visits) -> None:
    doctor = a_practice(zone="Asia/Tokyo")
    start = starts_of(doctor, 1)[0]
    page = visit(web, a_patient("ana"), slots_path(doctor))
    times = page.get_by_role("region", name="Pick a time")
    expect(times.get_by_role("button", name=clock(start, TOKYO), exact=True)).to_be_visible()
    other_tab = second_tab(page)
    other_times = other_tab.get_by_role("region", name="Pick a time")
    expect(other_times).to_contain_text("Tokyo time")

    read(page, "12 h")
    twelve = clock(start, TOKYO, hours=12)
    for tab in (times, other_times):
        expect(tab.get_by_role("button", name=twelve, exact=True)).to_be_visible()
    page.reload()
    expect(times.get_by_role("button", name=twelve, exact=True)).to_be_visible()

    read(page, "My zone")
    own = clock(start, NEW_YORK, hours=12)
    offset = start.astimezone(NEW_YORK).utcoffset()
    assert offset is not None
    zone = f"New York time, GMT{offset.total_seconds() / 3600:+.0f}".replace("-", "-")
    for tab in (times, other_times):
        expect(tab.get_by_role("button", name=own, exact=True)).to_be_visible()
        expect(tab).to_contain_text(zone)

    read(page, "24 h")
    read(page, "Clinic zone")
    expect(times.get_by_role("button", name=clock(start, TOKYO), exact=True)).to_be_visible()
