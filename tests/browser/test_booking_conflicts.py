"""Two want the same time, or one presses twice: one appointment, and no typed word lost."""

import pytest
from playwright.sync_api import Page, Route, expect

from clinic.models import Appointment, Event
from tests.browser.elsewhere import book_elsewhere
from tests.browser.practice import a_practice, choose, slot, slots_path, starts_of
from tests.browser.visits import Visits
from tests.servers.web import Web
from tests.world import a_patient, book

pytestmark = pytest.mark.engine("sqlite")

NOTES = "The left knee, since Tuesday."


def write_notes(page: Page) -> None:
    page.get_by_label("What is it about?").fill(NOTES)


def assert_offers_others_and_keeps_the_notes(page: Page, lost: str) -> None:
    """Three other times are offered; the first of them can be booked, notes and all."""
    refusal = page.get_by_role("alert")
    expect(refusal).to_contain_text("That time was just taken")
    expect(page.get_by_label("What is it about?")).to_have_value(NOTES)
    offers = page.get_by_test_id("alternatives").get_by_role("button")
    expect(offers).to_have_count(3)
    assert all(lost not in offer for offer in offers.all_inner_texts())
    offers.first.click()
    expect(refusal).to_have_count(0)
    page.get_by_role("button", name="Book this time").click()
    expect(page.get_by_role("heading", name="Appointment", exact=True)).to_be_visible()
    expect(page.get_by_text(NOTES)).to_be_visible()


def test_a_double_click_books_once(web: Web, visit: Visits) -> None:
    doctor = a_practice()
    page = visit(web, a_patient(), slots_path(doctor))
    choose(page, starts_of(doctor, 1)[0])
    page.get_by_role("button", name="Book this time").dblclick()
    expect(page.get_by_role("heading", name="Appointment", exact=True)).to_be_visible()
    assert Appointment.objects.count() == 1
    assert Event.objects.filter(type="appointment.booked").count() == 1


def test_a_time_lost_while_the_form_is_filled_in_is_told_at_once(web: Web, visit: Visits) -> None:
    doctor = a_practice()
    start = starts_of(doctor, 1)[0]
    page = visit(web, a_patient("ana"), slots_path(doctor))
    choose(page, start)
    write_notes(page)
    book_elsewhere(web, a_patient("ben"), doctor, start)
    assert_offers_others_and_keeps_the_notes(page, f"{start:%H:%M}")


def test_a_time_lost_by_a_moment_is_told_by_the_answer(web: Web, visit: Visits) -> None:
    doctor, ben = a_practice(), a_patient("ben")
    start = starts_of(doctor, 1)[0]
    page = visit(web, a_patient("ana"), slots_path(doctor))
    choose(page, start)
    write_notes(page)

    def ben_is_faster(route: Route) -> None:
        if not Appointment.objects.exists():
            book_elsewhere(web, ben, doctor, start)
        route.continue_()

    page.route("**/api/appointments/book/", ben_is_faster)
    visit.expect(r"status of 409 .*/api/appointments/book/")
    page.get_by_role("button", name="Book this time").click()
    expect(page.get_by_role("alert")).to_contain_text("slot_taken")
    assert_offers_others_and_keeps_the_notes(page, f"{start:%H:%M}")
    assert Appointment.objects.get(start=start).patient == ben


def test_cancelling_asks_once_and_cancels_once(web: Web, visit: Visits) -> None:
    doctor, ana = a_practice(), a_patient("ana")
    appointment = book(doctor, ana)
    page = visit(web, ana, f"/appointments/{appointment.pk}")
    ask = page.get_by_role("button", name="Cancel appointment")
    dialog = page.get_by_role("dialog")
    ask.click()
    expect(dialog).to_contain_text("Cancel this appointment?")
    dialog.get_by_role("button", name="Keep it").click()
    expect(dialog).to_be_hidden()
    assert Event.objects.filter(type="appointment.cancelled").count() == 0

    ask.click()
    dialog.get_by_label("Reason (optional)").fill("I am well again")
    dialog.get_by_role("button", name="Cancel it").dblclick()
    expect(dialog).to_be_hidden()
    expect(page.get_by_text("I am well again")).to_be_visible()
    expect(ask).to_have_count(0)
    assert Event.objects.filter(type="appointment.cancelled").count() == 1

    page.get_by_role("link", name="Book a new time").click()
    expect(slot(page, appointment.start)).to_be_visible()
