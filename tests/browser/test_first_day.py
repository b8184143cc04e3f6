"""A new clinic's first day: from an empty system to the first patient who books."""

import re

import pytest
from django.core.management import call_command
from playwright.sync_api import Page, expect

from clinic.models import Appointment, Clinic, Closure, Doctor, Person, Room
from tests.browser.test_accounts import fill, sign_in
from tests.browser.visits import Visits
from tests.servers.web import Web
from tests.world import PASSWORD, a_doctor, a_receptionist, an_admin

pytestmark = [pytest.mark.engine("sqlite"), pytest.mark.timeout(240)]


def heading(page: Page, name: str) -> None:
    expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def step(page: Page, name: str, state: str) -> None:
    steps = page.get_by_role("navigation", name="Steps")
    expect(steps.get_by_role("button", name=name)).to_contain_text(state)


def name_the_clinic(page: Page) -> None:
    heading(page, "What is the clinic called?")
    press(page, "Save and go on")
    name = page.get_by_label("Name of the clinic")
    expect(name).to_have_accessible_description(re.compile("Please fill this in"))
    expect(name).to_be_focused()
    name.fill("Praxis am Park")
    zone = page.get_by_role("combobox", name="Time zone")
    zone.fill("Lisbon")
    page.get_by_role("option", name="Europe/Lisbon").click()
    press(page, "Save and go on")


def name_rooms_and_close_a_day(page: Page) -> None:
    heading(page, "Rooms and closed days")
    for room in ("1", "Lab"):
        page.get_by_label("Name of a room").fill(room)
        page.keyboard.press("Enter")
        expect(page.get_by_label(f"Name of room {room}")).to_be_visible()
    page.get_by_label("Day", exact=True).fill("2031-12-25")
    page.get_by_label("Reason (optional)").fill("Christmas")
    press(page, "Close this day")
    expect(page.get_by_test_id("closures")).to_contain_text("25 December 2031 · Christmas")
    press(page, "Go on")


def add_a_doctor(page: Page) -> None:
    heading(page, "Who is the first doctor?")
    fill(page, First_name="Mei", Last_name="Tanaka", Specialization="Dermatology")
    page.get_by_label("Initial password (optional)").fill(PASSWORD)
    press(page, "Save and go on")


def set_hours(page: Page) -> None:
    heading(page, "When does Mei Tanaka work?")
    expect(page.get_by_test_id("hours-total")).to_have_text("35 hours a week · 70 visits fit")
    expect(page.get_by_role("combobox", name="Time zone of these hours")).to_have_value(
        "Europe/Lisbon"
    )
    page.get_by_label("Length of a visit").fill("20")
    press(page, "Save and go on")


def test_an_empty_system_is_led_to_the_first_patient_who_books(web: Web, visit: Visits) -> None:
    call_command(
        "createsuperuser", "--noinput", "--username", "boss", "--email", "boss@example.org"
    )
    boss = Person.objects.get()
    boss.set_password(PASSWORD)
    boss.save()
    page = visit(web, None, "/")
    sign_in(page, "boss")

    name_the_clinic(page)
    name_rooms_and_close_a_day(page)
    add_a_doctor(page)
    set_hours(page)
    heading(page, "Who answers the phone?")
    fill(page, First_name="Dora", Last_name="Desk")
    page.get_by_label("Username (optional)").fill("dora")
    page.get_by_label("Initial password (optional)").fill(PASSWORD)
    press(page, "Create account")

    heading(page, "Praxis am Park is open")
    page.get_by_role("link", name="Go to the board").click()
    heading(page, "Today’s board")
    expect(page.get_by_role("banner")).to_contain_text("Praxis am Park")
    clinic = Clinic.objects.get()
    assert (clinic.name, clinic.time_zone) == ("Praxis am Park", "Europe/Lisbon")
    assert [room.name for room in Room.objects.all()] == ["1", "Lab"]
    assert Closure.objects.get().reason == "Christmas"
    doctor = Doctor.objects.get()
    assert (doctor.appointment_duration, doctor.windows.count()) == (20, 10)

    at_desk = visit(web, None, "/")
    sign_in(at_desk, "dora")
    heading(at_desk, "Today’s board")
    expect(at_desk.get_by_text("Nothing booked today")).to_be_visible()
    at_patient = visit(web, None, "/register")
    fill(at_patient, First_name="Ana", Last_name="New", Email="ana@example.org", Username="ana")
    fill(at_patient, Password=PASSWORD)
    press(at_patient, "Create account")
    at_patient.get_by_role("navigation").get_by_role("link", name="Find a doctor").click()
    at_patient.get_by_role("link", name="See times of Mei Tanaka").click()
    at_patient.get_by_role("region", name="Pick a time").get_by_role("button").first.click()
    press(at_patient, "Book this time")
    heading(at_patient, "Appointment")
    assert Appointment.objects.get().doctor == doctor


def test_the_first_day_goes_on_where_something_is_missing(web: Web, visit: Visits) -> None:
    admin = an_admin("boss")
    page = visit(web, admin, "/")
    name_the_clinic(page)
    heading(page, "Rooms and closed days")

    again = visit(web, admin, "/")
    heading(again, "Who is the first doctor?")
    step(again, "Clinic", "Done")
    step(again, "Rooms, closures", "Optional")
    add_a_doctor(again)
    heading(again, "When does Mei Tanaka work?")

    # Another doctor, made elsewhere, has hours: nothing is missing any more.
    a_doctor(first_name="Abena", last_name="Osei")
    ready = visit(web, admin, "/")
    heading(ready, "Today’s board")


def test_it_can_be_left_for_later_and_found_again(web: Web, visit: Visits) -> None:
    page = visit(web, an_admin("boss"), "/")
    heading(page, "What is the clinic called?")
    page.get_by_role("link", name="Do this later").click()
    heading(page, "Today’s board")
    page.goto(web.base_url + "/")
    heading(page, "Today’s board")

    page.get_by_role("navigation", name="Main").get_by_role("link", name="Settings").click()
    heading(page, "Clinic")
    page.get_by_role("link", name="Go through the first day again").click()
    heading(page, "What is the clinic called?")
    # Nothing must be done in order; what is missing is said at the end.
    page.goto(web.base_url + "/first-day?step=done")
    heading(page, "Almost there")


def test_what_was_typed_stays_when_it_is_refused(web: Web, visit: Visits) -> None:
    a_receptionist("dora", email="dora@example.org")
    page = visit(web, an_admin("boss"), "/first-day?step=desk")
    page.get_by_text("Here already").wait_for()
    fill(page, First_name="Dora", Last_name="Two")
    page.get_by_label("E-mail (optional)").fill("DORA@example.org")
    page.get_by_label("Initial password (optional)").fill(PASSWORD)
    visit.expect(r"status of 400 .*/api/users/")
    press(page, "Create account")

    email = page.get_by_label("E-mail (optional)")
    expect(email).to_have_accessible_description(re.compile("already in use"))
    expect(email).to_be_focused()
    expect(page.get_by_label("Last name")).to_have_value("Two")
    email.fill("two@example.org")
    press(page, "Create account")
    expect(page.get_by_role("heading", name="Almost there")).to_be_visible()
    assert Person.objects.get(username="dora.two").check_password(PASSWORD)


def test_others_are_led_nowhere(web: Web, visit: Visits) -> None:
    page = visit(web, a_receptionist(), "/first-day")
    heading(page, "Today’s board")
    for path in ("/settings/clinic", "/settings/staff", "/settings/hours"):
        page.goto(web.base_url + path)
        heading(page, "Today’s board")
