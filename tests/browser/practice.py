"""A doctor whose first bookable day is tomorrow, and how a patient books there."""

import re
from datetime import UTC, datetime, time, timedelta

from playwright.sync_api import Locator, Page, expect

from clinic import clock
from clinic.models import Doctor
from tests.world import a_doctor, next_free_starts, time_off


def a_practice(**fields: object) -> Doctor:
    """Bookable from tomorrow on, 08:00 to 18:00 UTC, whatever the time is now."""
    doctor = a_doctor(**fields)  # type: ignore[arg-type]  # the factory's own keywords
    midnight = datetime.combine(clock.now().date(), time(), UTC)
    time_off(doctor, midnight - timedelta(days=1), midnight + timedelta(days=1))
    return doctor


def starts_of(doctor: Doctor, count: int) -> list[datetime]:
    """The first free times, as the picker shows them when it opens."""
    return next_free_starts(doctor, count)


def slots_path(doctor: Doctor) -> str:
    return f"/doctors/{doctor.pk}"


def day_path(start: datetime) -> str:
    return f"/today?date={start:%Y-%m-%d}"


def slot(page: Page, start: datetime) -> Locator:
    """The button of a time, free or just taken."""
    return page.get_by_role("region", name="Pick a time").get_by_role(
        "button", name=re.compile(rf"^{start:%H:%M}\b")
    )


def expect_taken(page: Page, start: datetime) -> None:
    """The time still stands in its place, and says that it is gone."""
    expect(slot(page, start)).to_have_accessible_name(re.compile(rf"^{start:%H:%M}\b.*taken"))


def shown_times(page: Page) -> list[str]:
    """The times on the picker, in the order in which they stand."""
    slots = page.get_by_role("region", name="Pick a time").get_by_role("button")
    return [text.strip()[:5] for text in slots.all_inner_texts()]


def choose(page: Page, start: datetime) -> None:
    slot(page, start).click()
    expect(slot(page, start)).to_have_attribute("aria-pressed", "true")


def book(page: Page, start: datetime) -> None:
    """From the open picker to the appointment's own page."""
    choose(page, start)
    page.get_by_role("button", name="Book this time").click()
    expect(page.get_by_role("heading", name="Appointment", exact=True)).to_be_visible()


def cancel(page: Page) -> None:
    """From the appointment's own page, or the list with its next one on top."""
    page.get_by_role("button", name=re.compile("^Cancel")).click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel it").click()
    expect(page.get_by_role("dialog")).to_be_hidden()


def full_name(person: object) -> str:
    return f"{person.first_name} {person.last_name}"  # type: ignore[attr-defined]


def pill(page: Page) -> Locator:
    """What the page says of its connection."""
    return page.get_by_test_id("connection")
