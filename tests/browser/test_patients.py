"""Who answers the phone finds patients, adds them, and books for them; an admin sets the place up."""

import re

import pytest
from playwright.sync_api import Page, expect

from clinic.models import Appointment, Clinic, Closure, Person, Role, Room
from clinic.rules.statuses import Status
from tests.browser.elsewhere import book_elsewhere
from tests.browser.practice import a_practice, slot, starts_of
from tests.browser.test_accounts import fill
from tests.browser.visits import Visits
from tests.servers.web import Web
from tests.world import (
    PASSWORD,
    a_doctor,
    a_patient,
    a_receptionist,
    an_admin,
    an_appointment,
)

pytestmark = [pytest.mark.engine("sqlite"), pytest.mark.timeout(240)]


def new_patient(page: Page, **values: str) -> None:
    page.get_by_role("button", name="New patient").click()
    fill(page.get_by_role("dialog"), **values)  # type: ignore[arg-type]  # a part of a page will do
    page.get_by_role("dialog").get_by_role("button", name="Add patient").click()


def book_first_time(page: Page, doctor: str, start: str) -> None:
    page.get_by_placeholder("Choose a doctor").click()
    page.get_by_role("option", name=re.compile(doctor)).click()
    times = page.get_by_role("region", name="Pick a time")
    times.get_by_role("button", name=start).click()
    page.get_by_role("button", name="Book this time").click()


def test_a_patient_who_phoned_is_added_and_booked(web: Web, visit: Visits) -> None:
    doctor = a_practice(last_name="Osei")
    start = starts_of(doctor, 1)[0]
    page = visit(web, a_receptionist(), "/")
    page.get_by_role("navigation").get_by_role("link", name="Patients").click()
    expect(page.get_by_text("No patients yet")).to_be_visible()

    new_patient(page, First_name="Ana", Last_name="")
    last_name = page.get_by_role("dialog").get_by_label("Last name")
    expect(last_name).to_have_accessible_description(re.compile("Please fill this in"))
    expect(last_name).to_be_focused()
    last_name.fill("López")
    page.get_by_role("button", name="Add patient").click()
    expect(page.get_by_role("heading", name="Book for Ana López")).to_be_visible()
    book_first_time(page, "Osei", f"{start:%H:%M}")

    expect(page.get_by_role("heading", name="Booked for Ana López")).to_be_visible()
    ana = Person.objects.get(role=Role.PATIENT)
    assert (ana.username, ana.has_usable_password()) == ("ana.lopez", False)
    booked = Appointment.objects.get()
    assert (booked.patient, booked.start) == (ana, start)
    page.get_by_role("link", name="Done").click()
    expect(page.get_by_role("list", name="Patients")).to_contain_text("Ana López")


def test_who_may_be_there_already_is_shown_before_anyone_is_added(web: Web, visit: Visits) -> None:
    known = a_patient("anna", first_name="Anna", last_name="Lopez", phone_number="0171 1234567")
    page = visit(web, a_receptionist(), "/patients")
    visit.expect(r"status of 409 .*/api/users/patients/")

    new_patient(page, First_name="Ana", Last_name="López")
    duplicates = page.get_by_test_id("duplicates")
    expect(duplicates).to_contain_text("Is it this patient?")
    expect(duplicates).to_contain_text("0171 1234567")
    expect(duplicates).to_contain_text("Same or similar: name")
    assert Person.objects.filter(role=Role.PATIENT).get() == known

    duplicates.get_by_role("link", name="Book for Anna Lopez").click()
    expect(page.get_by_role("heading", name="Book for Anna Lopez")).to_be_visible()
    page.get_by_role("link", name="All patients").click()
    new_patient(page, First_name="Ana", Last_name="López")
    expect(page.get_by_role("dialog").get_by_label("First name")).to_have_value("Ana")
    page.get_by_role("button", name="None of these: add a new patient").click()
    expect(page.get_by_role("heading", name="Book for Ana López")).to_be_visible()
    assert Person.objects.filter(role=Role.PATIENT).count() == 2


def test_patients_are_searched_as_one_types_and_paged(web: Web, visit: Visits) -> None:
    for number in range(30):
        a_patient(f"patient-{number:02}", last_name=f"Person{number:02}")
    a_patient("zoe", first_name="Zoe", last_name="Zimmer", phone_number="0171 99")
    page = visit(web, a_receptionist(), "/patients")
    listed = page.get_by_role("list", name="Patients").get_by_role("listitem")
    expect(listed).to_have_count(25)
    page.get_by_role("link", name="Next").click()
    expect(listed).to_have_count(6)
    expect(page.get_by_text("26–31 of 31")).to_be_visible()

    search = page.get_by_role("searchbox", name="Search")
    search.fill("0171")
    expect(listed).to_have_count(1)
    expect(listed).to_contain_text("Zoe Zimmer")
    page.reload()
    expect(search).to_have_value("0171")
    expect(listed).to_contain_text("Zoe Zimmer")
    search.fill("nobody")
    expect(page.get_by_text("Nobody found")).to_be_visible()
    search.fill("")
    expect(listed).to_have_count(25)


def test_a_time_that_goes_while_one_books_for_somebody_is_told(web: Web, visit: Visits) -> None:
    doctor, ana, ben = a_practice(last_name="Osei"), a_patient("ana"), a_patient("ben")
    first, second = starts_of(doctor, 2)
    page = visit(web, a_receptionist(), f"/patients/{ana.pk}/book?doctor={doctor.pk}")
    slot(page, first).click()
    book_elsewhere(web, ben, doctor, first)
    expect(page.get_by_role("alert")).to_contain_text("That time was just taken")

    other = a_doctor(last_name="Ruiz")
    book_elsewhere(web, a_receptionist(), other, second, patient=ana)
    slot(page, second).click()
    visit.expect(r"status of 409 .*/api/appointments/book/")
    page.get_by_role("button", name="Book this time").click()
    expect(page.get_by_role("alert")).to_contain_text("The patient already has an appointment then")


def test_an_unknown_patient_is_none(web: Web, visit: Visits) -> None:
    doctor = a_doctor()
    page = visit(web, a_receptionist(), f"/patients/{doctor.pk}/book")
    expect(page.get_by_role("heading", name="There is no such patient")).to_be_visible()


# -- settings --------------------------------------------------------------------------------------


def test_an_admin_changes_the_clinic_rooms_and_closed_days(web: Web, visit: Visits) -> None:
    Clinic.objects.update_or_create(id=1, defaults={"name": "Old name"})
    one = Room.objects.create(name="1")
    page = visit(web, an_admin(), "/settings/clinic")
    page.get_by_label("Name of the clinic").fill("Am Park")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("banner")).to_contain_text("Am Park")

    page.get_by_label("Name of room 1").fill("Lab")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Name of room Lab")).to_be_visible()
    assert Room.objects.get(pk=one.pk).name == "Lab"
    an_appointment(
        a_doctor(), a_patient(), starts_of(a_doctor(), 1)[0], status=Status.ARRIVED, room="Lab"
    )
    visit.expect(r"status of 409 .*/api/clinic/")
    page.get_by_role("button", name="Remove room Lab").click()
    expect(page.get_by_role("alert")).to_contain_text("This room is in use")
    expect(page.get_by_label("Name of room Lab")).to_be_visible()

    doctor = a_practice()
    booked = book_elsewhere(web, a_patient("ana"), doctor, starts_of(doctor, 1)[0])
    day = booked["appointment_date"]
    page.get_by_label("Day", exact=True).fill(day)
    expect(page.get_by_text("1 visit is booked on this day.")).to_be_visible()
    page.get_by_role("button", name="Close this day").click()
    expect(page.get_by_test_id("closures").get_by_role("listitem")).to_have_count(1)
    assert f"{Closure.objects.get().day}" == day
    page.get_by_role("button", name=re.compile("^Open again on")).click()
    expect(page.get_by_text("No closed days ahead.")).to_be_visible()


def test_an_admin_adds_somebody_and_shuts_somebody_out(web: Web, visit: Visits) -> None:
    dora = a_receptionist("dora", first_name="Dora", last_name="Desk")
    at_desk = visit(web, dora, "/desk")
    expect(at_desk.get_by_role("heading", name="Today’s board")).to_be_visible()
    admin = an_admin("boss")
    page = visit(web, admin, "/settings/staff")
    page.get_by_role("button", name="Add someone").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("Administrator", exact=True).click()
    fill(page, First_name="Alex", Last_name="Other")
    dialog.get_by_label("Initial password (optional)").fill(PASSWORD)
    dialog.get_by_role("button", name="Create account").click()
    expect(page.get_by_role("list", name="Administrators")).to_contain_text("Alex Other")
    assert Person.objects.get(username="alex.other").role == Role.ADMIN

    # Dora's page may ask for something just before it hears that it may not any more.
    visit.expect(r"status of 401 .*/api/")
    page.get_by_role("button", name="Deactivate Dora Desk").click()
    page.get_by_role("dialog").get_by_role("button", name="Deactivate").click()
    expect(page.get_by_role("list", name="Front desk")).to_contain_text("deactivated")
    expect(at_desk.get_by_role("dialog", name="Please sign in again")).to_be_visible()
    page.get_by_role("button", name="Activate Dora Desk").click()
    expect(page.get_by_role("button", name="Deactivate Dora Desk")).to_be_visible()
    assert Person.objects.get(pk=dora.pk).is_active
    expect(
        page.get_by_role("button", name=re.compile("^Deactivate boss|Deactivate Boss"))
    ).to_have_count(0)
