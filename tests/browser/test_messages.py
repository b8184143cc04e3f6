"""How people are told: what they choose, and what the front desk sees of what was sent."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from clinic import clock
from clinic.models import Message, Reminder
from tests.browser.elsewhere import rest
from tests.browser.practice import a_practice, starts_of
from tests.browser.test_accessibility import Inspect, inspect  # noqa: F401 - a fixture
from tests.browser.visits import Visits
from tests.servers.web import Web
from tests.world import a_patient, a_receptionist, an_admin, book

pytestmark = [pytest.mark.engine("sqlite"), pytest.mark.timeout(240)]


def test_a_patient_chooses_how_they_are_told(web: Web, visit: Visits) -> None:
    ana = a_patient("ana")
    book(a_practice(), ana)
    page = visit(web, ana, "/account")
    expect(page.get_by_label("As the clinic does: 1 day, 2 hours before")).to_be_checked()
    form = page.get_by_test_id("preferences")
    form.get_by_label("At times of my own").check()
    form.get_by_text("2 hours", exact=True).click()
    form.get_by_text("30 minutes", exact=True).click()
    form.get_by_label("Do not disturb me every night").check()
    form.get_by_label("Until").fill("22:00")
    visit.expect(r"status of 400 .*/preferences/")
    form.get_by_role("button", name="Tell me like this").click()
    expect(form.get_by_role("alert")).to_contain_text("Say another time than the first.")
    expect(form.get_by_text("Not saved yet.")).to_be_visible()

    form.get_by_label("Until").fill("06:30")
    form.get_by_role("button", name="Tell me like this").click()
    expect(page.get_by_test_id("toast")).to_contain_text("From now on we tell you like this.")

    waiting = Reminder.objects.filter(state="waiting", kind="30m")
    assert waiting.count() == 2
    assert not Reminder.objects.filter(state="waiting", kind="2h").exists()
    # Chosen elsewhere, it is so here.
    rest(web, ana).put("/api/users/me/preferences/", {"channels": {"email": False}})
    expect(form.get_by_label("E-mail")).not_to_be_checked()
    expect(form.get_by_label("Until")).to_have_value("06:30")


def test_the_desk_sees_what_failed_and_sends_it_again(
    web: Web,
    visit: Visits,
    inspect: Inspect,  # noqa: F811
) -> None:
    desk = visit(web, a_receptionist(), "/messages")
    expect(desk.get_by_role("heading", name="Nothing here")).to_be_visible()
    inspect(desk, "no messages")
    doctor, ana = a_practice(), a_patient("ana", first_name="Ana", last_name="López")
    appointment = book(doctor, ana, starts_of(doctor, 1)[0])
    Message.objects.all().delete()
    at = clock.now() - timedelta(minutes=1)
    for reason in ("unreachable", "something-new"):
        Message.objects.create(
            kind="visit_booked", person=ana, address=ana.email, created_at=at, due_at=at,
            failed_at=at, reason=reason, attempts=8, subject_kind="appointment",
            subject_id=appointment.pk,
        )  # fmt: skip
    Message.objects.create(
        kind="new_note", person=ana, address=ana.email, created_at=at, due_at=at,
        dropped_at=at, reason="read",
    )  # fmt: skip
    desk.get_by_role("link", name=re.compile("Messages")).click()
    desk.reload()
    rows = desk.get_by_test_id("messages").get_by_role("row")
    expect(rows).to_have_count(4)
    desk.get_by_role("link", name=re.compile("Failed")).click()
    expect(desk).to_have_url(re.compile(r"state=failed"))
    expect(rows).to_have_count(3)
    failed = rows.filter(has_text="The way out could not be reached · 8 attempts")
    expect(failed).to_contain_text("a•••@example.org")
    expect(rows.filter(has_text="Reason: something-new")).to_have_count(1)
    inspect(desk, "failed messages")

    failed.get_by_role("button", name="Send again: Visit booked to Ana López").click()

    sent = "Visit booked to Ana López is sent again."
    expect(desk.get_by_test_id("toast")).to_contain_text(sent)
    expect(desk.get_by_role("status")).to_contain_text(sent)
    expect(rows).to_have_count(2)
    assert Message.objects.filter(failed_at=None, attempts=0, reason="").exists()


def test_an_admin_sets_when_patients_are_reminded(web: Web, visit: Visits) -> None:
    page = visit(web, an_admin(), "/settings/clinic")
    section = page.get_by_role("region", name="Reminders of visits")
    section.get_by_label("At these times").check()
    section.get_by_text("7 days", exact=True).click()
    section.get_by_role("button", name="Remind like this").click()
    expect(page.get_by_test_id("toast")).to_contain_text("Saved.")
    page.reload()
    expect(section.get_by_label("7 days", exact=True)).to_be_checked()
