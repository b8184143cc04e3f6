"""What is written in records: live for those who may read it, kept for those who typed it, closed to the desk."""

import re

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from clinic.models import Annotation, HealthRecord
from tests.browser.elsewhere import end_session_elsewhere, rest
from tests.browser.moments import assert_within_a_second, committed_at, seen_at, watch_for
from tests.browser.practice import a_practice, full_name, pill
from tests.browser.visits import Visits
from tests.servers.web import Web
from tests.world import PASSWORD, a_patient, a_receptionist, a_record, assign

SECRET = "Ferritin is 18, marked as low."


pytestmark = pytest.mark.engine("sqlite")


def write_note(page: Page, text: str) -> None:
    page.get_by_label("Write a note").fill(text)
    page.get_by_role("button", name="Add note").click()


def notes(page: Page) -> Locator:
    return page.get_by_role("list", name="Doctors’ notes").get_by_role("listitem")


def without_socket(page: Page) -> None:
    """Nothing tells the pages that it opens of any change, as in a moment without a connection."""
    page.route_web_socket(re.compile("/ws/"), lambda socket: None)


def hear(route: Route, told: list[str]) -> None:
    """Let it pass, and keep what it answers: a page that has moved on no longer has it."""
    answer = route.fetch()
    if answer.ok:
        told.append(answer.text())
    route.fulfill(response=answer)


def test_a_patient_reads_a_note_as_it_is_written_and_it_is_new_until_seen(
    web: Web, visit: Visits
) -> None:
    doctor, ana = a_practice(last_name="Osei"), a_patient("ana")
    record = a_record(ana, doctor)
    theirs = visit(web, doctor, f"/records/{record.pk}")
    mine = visit(web, ana, f"/records/{record.pk}")
    expect(pill(mine)).to_have_text("Live")
    expect(mine.get_by_test_id("viewing")).to_have_text(f"{doctor.person.name} is viewing")

    watch_for(mine, "li", "Iron for 12 weeks.")
    write_note(theirs, "Iron for 12 weeks.")
    note = notes(mine).filter(has_text="Iron for 12 weeks.")
    expect(note).to_contain_text("New")  # at once: it is so for three seconds only

    assert_within_a_second([seen_at(mine) - committed_at("annotation.added").timestamp()])
    expect(notes(theirs)).to_have_count(1)
    expect(theirs.get_by_label("Write a note")).to_have_value("")
    expect(note.get_by_text("New", exact=True)).to_be_hidden()
    expect(mine.get_by_role("link", name="Inbox, nothing unread")).to_be_visible()


def test_who_was_overtaken_reads_so_and_loses_no_word(web: Web, visit: Visits) -> None:
    ana = a_patient("ana")
    record = a_record(ana, title="Knee")
    page = visit(web, ana, "/records")
    without_socket(page)
    page.goto(f"{web.base_url}/records/{record.pk}")
    page.get_by_role("button", name="Edit", exact=True).click()
    page.get_by_label("Text").fill("Typed for a long time.")
    rest(web, ana).patch(f"/api/records/{record.pk}/", {"title": "Left knee"})
    visit.expect(r"status of 412 .*/api/records/")

    page.get_by_role("button", name="Save").click()

    told = page.get_by_test_id("conflict")
    expect(told).to_contain_text("changed elsewhere while you were writing")
    expect(told).to_contain_text("Left knee")
    expect(page.get_by_label("Text")).to_have_value("Typed for a long time.")
    told.get_by_role("button", name="Save mine instead").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_test_id("record-text")).to_have_text("Typed for a long time.")
    assert HealthRecord.objects.get(pk=record.pk).version == 3


def test_the_desk_assigns_a_doctor_and_never_reads_what_records_say(
    web: Web, visit: Visits
) -> None:
    doctor, ana, desk = a_practice(last_name="Osei"), a_patient("ana"), a_receptionist()
    a_record(ana, title="Blood count", description=SECRET)
    doctors = visit(web, doctor, "/today")
    assignments = doctors.get_by_test_id("new-assignments")
    expect(assignments).to_contain_text("appear here")
    page = visit(web, desk, "/patients")
    told: list[str] = []
    page.route("**/api/**", lambda route: hear(route, told))
    page.get_by_role("link", name=full_name(ana), exact=True).click()
    expect(page.get_by_test_id("records")).to_contain_text("HR-")
    expect(pill(page)).to_have_text("Live")
    a_record(ana, a_practice(), record_type="LAB_RESULT", title="Blood again")
    expect(page.get_by_test_id("records")).to_contain_text("Lab result")
    page.get_by_role("button", name="Assign a doctor").click()
    page.get_by_role("combobox", name="Doctor").fill("osei")
    page.get_by_role("option", name=re.compile("Osei")).click()
    page.get_by_role("button", name="Assign", exact=True).click()

    team = page.get_by_role("list", name="Who looks after this patient")
    expect(team).to_contain_text(f"Assigned by {full_name(desk)}")
    expect(assignments).to_contain_text(f"{full_name(desk)} assigned you to {full_name(ana)}.")
    assignments.get_by_role("link").click()
    expect(doctors.get_by_role("heading", name=full_name(ana))).to_be_visible()
    expect(doctors.get_by_role("link", name=re.compile("^Blood count"))).to_be_visible()

    page.get_by_role("button", name=re.compile("^End the assignment of")).click()
    page.get_by_role("button", name="End it").click()
    expect(doctors.get_by_role("heading", name="This patient is not yours")).to_be_visible()
    expect(doctors.get_by_text("Blood count")).to_be_hidden()
    assert any('"records":[{' in text.replace(" ", "") for text in told)
    assert not [text for text in [*told, page.content()] if "Blood" in text or SECRET in text]


def test_a_note_outlives_the_session_it_was_typed_in(web: Web, visit: Visits) -> None:
    doctor, ana = a_practice(last_name="Osei"), a_patient("ana")
    assign(ana, doctor)
    page = visit(web, doctor)
    # The page learns of the end by the refusal of what was typed, not by a socket that closes.
    without_socket(page)
    page.goto(f"{web.base_url}/records/{a_record(ana).pk}")
    expect(page.get_by_label("Write a note")).to_be_visible()
    visit.expect(r"status of 401 ")
    end_session_elsewhere(web, doctor.person)
    write_note(page, "Half an hour of thoughts.")
    dialog = page.get_by_role("dialog", name="Please sign in again")
    expect(dialog).to_be_visible()
    expect(page.get_by_label("Write a note")).to_have_value("Half an hour of thoughts.")

    dialog.get_by_label("Password", exact=True).fill(PASSWORD)
    dialog.get_by_role("button", name="Sign in").click()
    expect(dialog).to_be_hidden()
    page.get_by_role("button", name="Add note").click()

    expect(notes(page)).to_have_count(1)
    expect(page.get_by_text("Saving…")).to_be_hidden()
    expect(page.get_by_label("Write a note")).to_have_value("")
    assert Annotation.objects.get().content == "Half an hour of thoughts."
