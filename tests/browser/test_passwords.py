"""Forgotten, changed, verified, signed out from afar: as a browser sees it, mails and all."""

import email
import email.policy
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from playwright.sync_api import Page, expect

from clinic.actions.messages import plan_message
from clinic.models import MessageKind, Person, Session
from tests.browser.practice import pill
from tests.browser.visits import Visits
from tests.servers.web import Web
from tests.world import PASSWORD, a_patient, an_admin
from workers.messages import send_due

pytestmark = pytest.mark.engine("sqlite")

NEW = "another-horse-battery-8"
Mailed = Callable[[str], str]


@pytest.fixture
def mailed(tmp_path: Path, settings: Any, web: Web) -> Mailed:
    """Sends what is due into files; the link in the newest mail with this subject."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = str(tmp_path)
    settings.PUBLIC_URL = web.base_url

    def link_in(subject: str) -> str:
        send_due()
        found = []
        for path in sorted(tmp_path.iterdir(), key=lambda path: path.stat().st_mtime_ns):
            message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            if message["Subject"] == subject:
                found.append(message)
        body = found[-1].get_body(("plain",))
        assert body is not None
        [link] = re.findall(r"^http://\S+#\S+$", body.get_content(), re.MULTILINE)
        return str(link)

    return link_in


def a_device(visit: Visits, web: Web, person: Person, path: str, name: str) -> Page:
    page = visit(web, person, path)
    Session.objects.filter(person=person, device="a browser").update(device=name)
    return page


def set_password(page: Page, password: str = NEW) -> None:
    expect(page.get_by_role("heading", name="Choose a password")).to_be_visible()
    page.get_by_label("New password", exact=True).fill(password)
    page.get_by_role("button", name="Set the password").click()


def sign_in(page: Page, name: str, password: str) -> None:
    page.get_by_label("Username or e-mail").fill(name)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").click()


def test_a_forgotten_password_is_replaced_by_a_mailed_link(
    web: Web, visit: Visits, mailed: Mailed
) -> None:
    ana = a_patient("ana")
    there = visit(web, ana, "/appointments")
    expect(pill(there)).to_have_text("Live")
    page = visit(web, None, "/sign-in")
    page.get_by_role("link", name="Forgot your password?").click()
    page.get_by_label("E-mail").fill("Ana@example.org")
    page.get_by_role("button", name="Send me a link").click()
    expect(page.get_by_text("with Ana@example.org, a link is on its way").first).to_be_visible()

    link = mailed("Set a new password")
    page.goto(link)
    visit.expect(r"status of 400 .*/confirm/")
    set_password(page, "short")
    expect(page.get_by_text("This password is too short")).to_be_visible()
    set_password(page)
    expect(page.get_by_role("heading", name="Your password is set")).to_be_visible()

    # Whoever was signed in is not any more.
    visit.expect(r"status of 401 .*/api/")
    expect(there.get_by_role("dialog", name="Please sign in again")).to_be_visible()
    page.get_by_role("link", name="Sign in").click()
    sign_in(page, "ana", NEW)
    expect(page.get_by_text("Nothing booked")).to_be_visible()

    # The link has done its work, and says what to do instead.
    late = visit(web, None, link.removeprefix(web.base_url))
    set_password(late)
    expect(late.get_by_role("heading", name="This link does not work any more")).to_be_visible()
    late.get_by_role("link", name="Send me a link").click()
    expect(late.get_by_role("heading", name="A new password")).to_be_visible()


def test_whoever_has_no_account_is_told_the_same(web: Web, visit: Visits) -> None:
    page = visit(web, None, "/forgot-password")
    page.get_by_role("button", name="Send me a link").click()
    expect(page.get_by_text("Please fill this in.")).to_be_visible()
    page.get_by_label("E-mail").fill("nobody@example.org")
    page.get_by_role("button", name="Send me a link").click()

    expect(page.get_by_role("heading", name="Look at your mail")).to_be_visible()
    page.get_by_role("link", name="Back to signing in").click()
    expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()


def test_the_first_password_is_chosen_by_invitation(
    web: Web, visit: Visits, mailed: Mailed
) -> None:
    kwame = an_admin("kwame", password=None)
    with transaction.atomic():
        plan_message(kind=MessageKind.INVITE, person=kwame)
    page = visit(web, None, "/sign-in")
    page.goto(mailed("Your account at Clinic"))
    set_password(page)
    page.get_by_role("link", name="Sign in").click()
    sign_in(page, "kwame@example.org", NEW)

    expect(page.get_by_role("button", name=re.compile("^Account of Kwame"))).to_be_visible()


def test_an_address_is_confirmed_changed_and_confirmed_again(
    web: Web, visit: Visits, mailed: Mailed
) -> None:
    page = visit(web, a_patient("ana"), "/appointments")
    page.get_by_role("button", name=re.compile("^Account of")).click()
    page.get_by_role("link", name="Your account").click()
    expect(page.get_by_text("Not confirmed yet")).to_be_visible()
    page.get_by_role("button", name="Send the link again").click()
    expect(page.get_by_text("A link is on its way to ana@example.org.").first).to_be_visible()
    elsewhere = visit(web, None, "/sign-in")
    elsewhere.goto(mailed("Is this your e-mail address?"))
    expect(
        elsewhere.get_by_role("main").get_by_text("Your e-mail address is confirmed.")
    ).to_be_visible()
    page.reload()
    expect(page.get_by_text("Confirmed", exact=True)).to_be_visible()

    visit.expect(r"status of 400 .*/users/me/")
    page.get_by_role("button", name="Change the address").click()
    page.get_by_label("New address").fill("ana@new.example")
    page.get_by_label("Your password", exact=True).fill("wrong")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("This is not your password.")).to_be_visible()
    page.get_by_label("Your password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("ana@new.example", exact=True)).to_be_visible()
    expect(page.get_by_text("Not confirmed yet")).to_be_visible()

    page.goto(mailed("Is this your e-mail address?"))
    expect(
        page.get_by_role("main").get_by_text("Your e-mail address is confirmed.")
    ).to_be_visible()
    page.get_by_role("link", name="Go to the clinic").click()
    expect(page.get_by_text("Nothing booked")).to_be_visible()


def test_a_link_that_is_no_link_says_so(web: Web, visit: Visits) -> None:
    visit.expect(r"status of 400 .*/verify/")
    page = visit(web, None, "/verify-email#nonsense")
    expect(page.get_by_role("heading", name="This link does not work any more")).to_be_visible()
    page.goto(f"{web.base_url}/reset-password")
    expect(page.get_by_role("heading", name="This link does not work any more")).to_be_visible()


def test_other_devices_are_signed_out_from_the_list_and_by_a_new_password(
    web: Web, visit: Visits
) -> None:
    ana = a_patient("ana")
    visit.expect(r"status of 401 .*/api/", r"status of 400 .*/password/")
    page = a_device(visit, web, ana, "/account", "Desk")
    phone = a_device(visit, web, ana, "/inbox", "Phone")
    laptop = a_device(visit, web, ana, "/inbox", "Laptop")
    for each in (phone, laptop):
        expect(pill(each)).to_have_text("Live")
    page.reload()
    devices = page.get_by_role("list", name="Where you are signed in").get_by_role("listitem")
    expect(devices).to_have_count(3)
    expect(devices.filter(has_text="This device")).to_contain_text("Desk")

    page.get_by_role("button", name="Sign out on Phone").click()
    expect(devices).to_have_count(2)
    expect(phone.get_by_role("dialog", name="Please sign in again")).to_be_visible()
    expect(pill(laptop)).to_have_text("Live")

    page.get_by_label("Present password", exact=True).fill("wrong")
    page.get_by_label("New password", exact=True).fill(NEW)
    page.get_by_role("button", name="Change the password").click()
    expect(page.get_by_text("This is not your password.")).to_be_visible()
    page.get_by_label("Present password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Change the password").click()
    expect(devices).to_have_count(1)
    expect(laptop.get_by_role("dialog", name="Please sign in again")).to_be_visible()
    expect(pill(page)).to_have_text("Live")

    page.get_by_role("button", name="Sign out on this device").click()
    expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()
    sign_in(page, "ana", NEW)
    expect(page.get_by_role("heading", name="Your account")).to_be_visible()
