"""Working hours and time off, set in a browser: patients' pages follow, broken visits are named first."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from clinic.models import Doctor, TimeOff
from clinic.rules.hours import Weekday
from tests.browser.moments import assert_within_a_second, committed_at, seen_at, watch_for
from tests.browser.practice import a_practice, full_name, slots_path, starts_of
from tests.browser.visits import Visits
from tests.servers.web import Web
from tests.world import a_doctor, a_patient, a_pending_doctor, an_admin, book

pytestmark = [pytest.mark.engine("sqlite"), pytest.mark.timeout(240)]


def windows_of(doctor: Doctor) -> list[tuple[str, str, str]]:
    return [
        (Weekday(row.weekday).name, f"{row.start_time:%H:%M}", f"{row.end_time:%H:%M}")
        for row in doctor.windows.order_by("weekday", "start_time")
    ]


def open_hours(page: Page) -> None:
    expect(page.get_by_test_id("hours-total")).to_be_visible()


def save(page: Page) -> None:
    page.get_by_role("button", name="Save hours").click()
    expect(page.get_by_text("The hours are saved.").first).to_be_visible()


def test_a_doctor_sets_the_week_with_a_break_and_the_numbers(web: Web, visit: Visits) -> None:
    doctor = a_doctor(hours={})
    page = visit(web, doctor, "/today")
    page.get_by_role("navigation").get_by_role("link", name="Working hours").click()
    expect(page.get_by_text("No hours yet: nobody can book.")).to_be_visible()

    page.get_by_label("Monday", exact=True).check()
    page.get_by_role("button", name="Add hours on Monday").click()
    page.get_by_label("Monday, from (3)").fill("18:30")
    page.get_by_label("Monday, to (3)").fill("20:00")
    page.get_by_role("button", name="Copy Monday to Tuesday – Friday").click()
    page.get_by_label("Friday", exact=True).uncheck()
    page.get_by_role("button", name="Remove window 3 of Tuesday").click()
    page.get_by_label("Length of a visit").fill("45")
    page.get_by_label("Patients a day, at most").fill("6")
    page.get_by_role("combobox", name="Time zone of these hours").fill("Berlin")
    page.get_by_role("option", name="Europe/Berlin").click()
    save(page)

    long = [("09:00", "12:00"), ("13:00", "17:00"), ("18:30", "20:00")]
    assert windows_of(doctor) == [
        (day, start, end)
        for day, windows in [
            ("MONDAY", long), ("TUESDAY", long[:2]), ("WEDNESDAY", long), ("THURSDAY", long),
        ]
        for start, end in windows
    ]  # fmt: skip
    doctor.refresh_from_db()
    doctor.person.refresh_from_db()
    assert (doctor.appointment_duration, doctor.max_patients_per_day) == (45, 6)
    assert doctor.person.time_zone == "Europe/Berlin"
    page.reload()
    expect(page.get_by_label("Monday, to (3)")).to_have_value("20:00")
    page.get_by_label("Patients a day, at most").fill("")
    save(page)
    doctor.refresh_from_db()
    assert doctor.max_patients_per_day is None


def test_wrong_hours_are_named_at_their_day_and_not_sent(web: Web, visit: Visits) -> None:
    doctor = a_doctor()
    before = windows_of(doctor)
    page = visit(web, doctor, "/hours")
    open_hours(page)
    monday = page.get_by_test_id("day-MONDAY")

    for start, end, words in (
        ("12:00", "11:00", "The end must be after the start."),
        ("", "11:00", "Please fill in both times."),
    ):
        page.get_by_label("Monday, from (1)").fill(start)
        page.get_by_label("Monday, to (1)").fill(end)
        expect(monday.get_by_role("alert")).to_have_text(words)
    page.get_by_label("Monday, from (1)").fill("09:00")
    page.get_by_role("button", name="Add hours on Monday").click()
    page.get_by_label("Monday, from (2)").fill("10:00")
    expect(monday.get_by_role("alert")).to_have_text("These hours overlap.")
    page.get_by_role("button", name="Save hours").click()
    page.get_by_label("Length of a visit").fill("3")
    page.get_by_role("button", name="Save hours").click()
    assert windows_of(doctor) == before

    page.get_by_role("button", name="Undo changes").click()
    expect(monday.get_by_role("alert")).to_have_count(0)
    expect(page.get_by_label("Monday, from (1)")).to_have_value("08:00")


def test_visits_that_new_hours_break_are_named_before_saving_and_stand(
    web: Web, visit: Visits
) -> None:
    doctor, ana = a_practice(), a_patient("ana")
    visit_ = book(doctor, ana, starts_of(doctor, 1)[0])
    day = f"{visit_.start:%A}"
    page = visit(web, doctor, "/hours")
    open_hours(page)
    expect(page.get_by_test_id("affected")).to_have_count(0)
    at_patient = visit(web, a_patient(), slots_path(doctor))
    picker = at_patient.get_by_role("table", name="Pick a day")
    date = f"{visit_.start:%A} {visit_.start.day} {visit_.start:%B}"
    expect(picker.get_by_role("button", name=date)).to_be_enabled()

    page.get_by_label(day, exact=True).uncheck()

    affected = page.get_by_test_id("affected")
    expect(affected).to_contain_text("1 booked visit falls outside these hours")
    expect(affected).to_contain_text(full_name(ana))
    watch_for(at_patient, f'button[aria-label^="{date}, nothing"], button[aria-label="{date}"]')
    save(page)
    expect(affected).to_have_count(0)
    visit_.refresh_from_db()
    assert visit_.status == "SCHEDULED"
    # The other page followed without being touched.
    expect(picker.get_by_role("button", name=f"{date}, nothing free")).to_be_visible()
    assert_within_a_second([seen_at(at_patient) - committed_at("hours.changed").timestamp()])


def test_time_off_is_added_with_the_visits_it_touches_and_removed(web: Web, visit: Visits) -> None:
    doctor, ana = a_practice(), a_patient("ana")
    TimeOff.objects.all().delete()
    booked = book(doctor, ana)
    day = booked.start.date()
    page = visit(web, doctor, "/hours")
    expect(page.get_by_text("No time off planned.")).to_be_visible()
    form = page.get_by_role("form", name="Add time off")

    form.get_by_label("From", exact=True).fill(f"{day}")
    form.get_by_label("To", exact=True).fill(f"{day + timedelta(days=2)}")
    form.get_by_label("Reason (optional)").fill("Congress")
    expect(form.get_by_test_id("affected")).to_contain_text(full_name(ana))
    form.get_by_role("button", name="Add time off").click()

    rows = page.get_by_test_id("time-off").get_by_role("listitem")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("Congress")
    expect(rows).to_contain_text("1 booked visit falls into it")
    absence = TimeOff.objects.get()
    assert (absence.start.date(), absence.end.date()) == (day, day + timedelta(days=3))

    form.get_by_label("Whole days").uncheck()
    form.get_by_label("From", exact=True).fill(f"{day + timedelta(days=9)}")
    form.get_by_label("From time").fill("10:00")
    form.get_by_label("To time").fill("09:00")
    expect(form.get_by_text("The end must be after the start.")).to_be_visible()
    form.get_by_label("To time").fill("12:30")
    form.get_by_role("button", name="Add time off").click()
    expect(rows).to_have_count(2)
    hours = TimeOff.objects.order_by("start").last()
    assert hours
    assert hours.end - hours.start == timedelta(hours=2, minutes=30)

    rows.first.get_by_role("button").click()
    expect(rows).to_have_count(1)
    assert TimeOff.objects.get() == hours


def test_an_admin_sets_any_doctors_hours_and_the_doctors_open_page_follows(
    web: Web, visit: Visits
) -> None:
    a_doctor(last_name="Aaa")
    doctor = a_doctor(last_name="Osei", first_name="Abena")
    at_doctor = visit(web, doctor, "/hours")
    open_hours(at_doctor)
    page = visit(web, an_admin(), "/settings/hours")
    page.get_by_role("combobox", name="Doctor", exact=True).click()
    page.get_by_role("option", name="Abena Osei").click()
    open_hours(page)
    expect(page.get_by_label("Sunday", exact=True)).to_be_checked()

    page.get_by_label("Sunday", exact=True).uncheck()
    save(page)

    assert "SUNDAY" not in [day for day, *_ in windows_of(doctor)]
    expect(at_doctor.get_by_label("Sunday", exact=True)).not_to_be_checked()


def test_a_doctor_who_waits_for_approval_prepares_their_hours(web: Web, visit: Visits) -> None:
    doctor = a_pending_doctor(hours={})
    page = visit(web, doctor)
    page.get_by_role("link", name="Prepare your working hours").click()
    page.get_by_label("Monday", exact=True).check()
    save(page)
    assert len(windows_of(doctor)) == 2


def test_hours_are_kept_on_the_page_when_they_cannot_be_saved(web: Web, visit: Visits) -> None:
    doctor = a_doctor()
    page = visit(web, doctor, "/hours")
    open_hours(page)
    page.get_by_label("Monday", exact=True).uncheck()
    visit.expect_outage()
    visit.expect("ERR_INTERNET_DISCONNECTED")
    page.context.set_offline(True)
    page.get_by_role("button", name="Save hours").click()
    expect(page.get_by_role("alert").first).to_contain_text("cannot be reached")
    expect(page.get_by_label("Monday", exact=True)).not_to_be_checked()
    page.context.set_offline(False)
    save(page)
    assert "MONDAY" not in [day for day, *_ in windows_of(doctor)]
