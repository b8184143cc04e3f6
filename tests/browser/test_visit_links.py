"""A visit confirmed and cancelled from its mail: two taps, nobody signed in."""

import re

import pytest
from django.core import mail as django_mail
from playwright.sync_api import expect

from clinic.models import Appointment
from tests import world
from tests.browser.visits import Visits
from tests.servers.web import Web
from workers.messages import send_due

pytestmark = pytest.mark.engine("sqlite")


def is_confirmed(visit: Appointment) -> bool:
    return Appointment.objects.filter(pk=visit.pk, confirmed_at__isnull=False).exists()


def test_a_visit_is_confirmed_and_later_cancelled_by_its_mail(web: Web, visit: Visits) -> None:
    ana = world.a_patient("ana", time_zone="Asia/Tokyo")
    doctor = world.a_doctor(zone="Europe/Berlin", last_name="Quirk")
    booked = world.book(doctor, ana)
    send_due()
    letter = next(mail for mail in django_mail.outbox if mail.to == [ana.email])
    confirm, cancel = re.findall(r"/visit#\S+$", str(letter.body), re.MULTILINE)

    page = visit(web, None, confirm)
    expect(page.get_by_role("heading", name="Will you be there?")).to_be_visible()
    expect(page.get_by_text("Berlin time")).to_be_visible()
    assert "Quirk" not in page.content()
    assert page.get_by_role("button").count() == 1
    assert not is_confirmed(booked)
    page.get_by_role("button", name="I’ll be there").click()
    expect(page.get_by_role("heading", name="The clinic knows that you are coming")).to_be_visible()
    expect(page.get_by_text("The clinic has been told.").first).to_be_visible()
    expect(page.get_by_role("button")).to_have_count(0)
    assert is_confirmed(booked)

    page = visit(web, None, cancel)
    page.get_by_role("button", name="Cancel the visit").click()
    expect(page.get_by_role("heading", name="This visit is cancelled")).to_be_visible()
    # How the visit stands is told by refusals, which a browser's console repeats.
    visit.expect(r"status of 4(00|10) .*/by_link/")
    page.reload()
    expect(page.get_by_role("heading", name="This visit is cancelled")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)
    booked.refresh_from_db()
    assert booked.status == "CANCELLED"

    page = visit(web, None, confirm)
    expect(page.get_by_role("heading", name="This visit is cancelled")).to_be_visible()
    page = visit(web, None, "/visit#not-a-link")
    expect(page.get_by_role("heading", name="does not work any more")).to_be_visible()
