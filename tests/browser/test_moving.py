"""Another time for a visit, and "I'll be there": on the patient's screen and live on the doctor's."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from clinic.models import Appointment
from tests.browser.elsewhere import book_elsewhere
from tests.browser.practice import a_practice, choose, day_path, starts_of
from tests.browser.visits import Visits
from tests.servers.web import Web
from tests.world import a_patient, book

pytestmark = pytest.mark.engine("sqlite")


def test_a_visit_gets_another_time_and_nobody_looks_at_the_old_one(web: Web, visit: Visits) -> None:
    doctor, ana = a_practice(), a_patient("ana")
    old, lost, new = starts_of(doctor, 3)
    booked = book(doctor, ana, old, notes="my knee")
    at_doctor = visit(web, doctor, f"{day_path(old)}&appointment={booked.pk}")
    mine = visit(web, ana, f"/appointments/{booked.pk}")
    expect(at_doctor.get_by_role("dialog")).to_contain_text(f"{old:%H:%M}")

    mine.get_by_role("link", name="Choose another time").click()
    expect(mine.get_by_test_id("old-time")).to_contain_text(f"{old:%H:%M}")
    choose(mine, lost)
    expect(mine.get_by_test_id("chosen")).to_contain_text(f"{lost:%H:%M}")
    # Somebody is faster; the visit stays where it is, and another time is offered.
    book_elsewhere(web, a_patient("ben"), doctor, lost)
    expect(mine.get_by_role("alert")).to_contain_text("That time was just taken")
    choose(mine, new)
    mine.get_by_role("button", name="Move to this time").click()

    expect(mine.get_by_role("heading", name="Appointment", exact=True)).to_be_visible()
    expect(mine.get_by_text(f"{new:%H:%M} – {new + timedelta(minutes=30):%H:%M}")).to_be_visible()
    expect(mine.get_by_text("my knee")).to_be_visible()
    expect(at_doctor.get_by_role("dialog")).to_contain_text(f"{new:%H:%M}")
    assert Appointment.objects.get(pk=booked.pk).start == new
    assert Appointment.objects.filter(patient=ana).count() == 1


def test_a_patient_says_once_that_they_will_come(web: Web, visit: Visits) -> None:
    doctor, ana = a_practice(), a_patient("ana")
    start = starts_of(doctor, 1)[0]
    booked = book(doctor, ana, start)
    at_doctor = visit(web, doctor, f"{day_path(start)}&appointment={booked.pk}")
    mine = visit(web, ana, "/appointments")
    expect(at_doctor.get_by_role("dialog")).to_be_visible()
    expect(at_doctor.get_by_text("Will come")).to_have_count(0)

    mine.get_by_role("button", name="I’ll be there").click()

    expect(at_doctor.get_by_role("dialog").get_by_text("Will come")).to_be_visible()
    expect(mine.get_by_test_id("next-appointment").get_by_text("Will come")).to_be_visible()
    expect(mine.get_by_role("button", name="I’ll be there")).to_have_count(0)


def test_what_cannot_be_moved_says_so(web: Web, visit: Visits) -> None:
    page = visit(web, a_patient(), "/appointments/999/move")
    expect(page.get_by_text("This visit cannot be moved")).to_be_visible()
