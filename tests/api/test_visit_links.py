"""Visits by mailed links: shown and cancelled without signing in, and only as they were mailed."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from clinic.actions.appointments import reschedule_appointment
from clinic.links import VisitAct, new_visit_token
from clinic.models import Appointment, Event, Person
from tests import world
from tests.api.client import Api, Json, ok, refused, refused_fields
from tests.api.test_booking import NOW

pytestmark = pytest.mark.django_db

BY_LINK = "/api/appointments/by_link/"


@pytest.fixture(autouse=True)
def monday() -> Iterator[Any]:
    with time_machine.travel(NOW, tick=False) as time:
        yield time


@pytest.fixture
def visit() -> Appointment:
    doctor = world.a_doctor(zone="Europe/Berlin", first_name="Zebulon", last_name="Quirk")
    patient = world.a_patient("ana")
    return world.book(doctor, patient, world.utc("2027-03-02 08:30"), notes="my knee")


def token_of(visit: Appointment, act: VisitAct = VisitAct.CANCEL) -> str:
    return new_visit_token(act, visit.patient, visit)


def send(token: str, act: str, api: Api | None = None) -> Any:
    return (api or Api()).post(BY_LINK, {"token": token, "act": act})


def test_looking_at_a_visit_changes_nothing_and_names_nobody(visit: Appointment) -> None:
    token, told = token_of(visit), Event.objects.count()

    for _ in range(2):
        response = send(token, "show")
        assert ok(response)["visit"] == {
            "act": "cancel", "status": "SCHEDULED", "start": "2027-03-02T08:30:00Z",
            "end": "2027-03-02T09:00:00Z", "time_zone": "Europe/Berlin", "clinic": "Clinic",
            "confirmed_at": None,
        }  # fmt: skip
    for name in (b"Quirk", b"Ana", b"ana", b"knee", b"Cardiology"):
        assert name not in response.content
    # Scanners follow links: there is nothing to follow.
    assert Api().get(BY_LINK).status_code == 405
    assert Event.objects.count() == told


def test_a_visit_is_cancelled_in_the_name_of_the_one_who_was_mailed(visit: Appointment) -> None:
    token = token_of(visit)

    assert ok(send(token, "cancel"))["visit"]["status"] == "CANCELLED"

    event = Event.objects.get(type="appointment.cancelled")
    assert event.actor_id == visit.patient_id
    visit.refresh_from_db()
    assert (visit.status, visit.sequence) == ("CANCELLED", 1)
    # Another tap, and another tab, are told how it stands.
    for act in ("cancel", "show"):
        body = refused(send(token, act), 410, "visit_cancelled")
        assert "cancelled already" in body["detail"]
    assert Event.objects.filter(type="appointment.cancelled").count() == 1


def test_whoever_is_signed_in_on_this_device_acts_in_the_link_s_name(visit: Appointment) -> None:
    other = Api(world.a_patient("ben"))

    assert ok(send(token_of(visit), "cancel", other))["visit"]["status"] == "CANCELLED"

    assert Event.objects.get(type="appointment.cancelled").actor_id == visit.patient_id


def test_a_visit_that_was_moved_is_left_alone(visit: Appointment) -> None:
    tokens = {act: token_of(visit, act) for act in VisitAct}
    moved = reschedule_appointment(
        actor=visit.patient, appointment_id=visit.pk, when=world.utc("2027-03-03 09:00")
    )

    for act, token in tokens.items():
        for asked in ("show", act.value):
            body = refused(send(token, asked), 409, "visit_moved")
            assert "newest mail" in body["detail"]
    visit.refresh_from_db()
    assert (visit.status, visit.confirmed_at) == ("SCHEDULED", None)
    assert ok(send(token_of(moved), "cancel"))["visit"]["start"] == "2027-03-03T09:00:00Z"


def test_a_link_ends_when_the_visit_begins(visit: Appointment, monday: Any) -> None:
    token = token_of(visit)

    monday.move_to(visit.start - timedelta(seconds=1))
    ok(send(token, "show"))
    monday.move_to(visit.start)

    for act in ("show", "cancel"):
        assert refused_fields(send(token, act)) == {"token": "link_invalid"}


@pytest.mark.parametrize(
    "change",
    [{"is_active": False}, {"email": "new@example.org"}, {"role": "RECEPTIONIST"}],
    ids=lambda change: next(iter(change)),
)
def test_a_link_ends_with_the_account_and_the_address(visit: Appointment, change: Json) -> None:
    token = token_of(visit)
    Person.objects.filter(pk=visit.patient_id).update(**change)

    response = send(token, "cancel")

    if "role" in change:  # staff may cancel any visit: it is still the person who was mailed
        ok(response)
    else:
        assert refused_fields(response) == {"token": "link_invalid"}


def test_a_link_to_somebody_else_s_visit_is_none(visit: Appointment) -> None:
    token = new_visit_token(VisitAct.CANCEL, world.a_patient("ben"), visit)

    assert refused_fields(send(token, "cancel")) == {"token": "link_invalid"}


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"token": "required", "act": "required"}),
        ({"token": "x", "act": "show"}, {"token": "link_invalid"}),
        ({"token": ".a:b:c", "act": "show"}, {"token": "link_invalid"}),
        ({"token": "", "act": "show"}, {"token": "blank"}),
        ({"token": "x" * 1001, "act": "show"}, {"token": "max_length"}),
        ({"token": ["x"], "act": "show"}, {"token": "invalid"}),
        ({"token": "x", "act": "delete"}, {"act": "invalid_choice"}),
        ({"token": "x", "act": "show", "appointment": 1}, {"appointment": "unknown"}),
    ],
)
def test_what_is_no_such_link_is_refused(body: Json, fields: Json) -> None:
    assert refused_fields(Api().post(BY_LINK, body)) == fields


def test_a_link_for_a_password_is_none_for_a_visit_nor_the_other_way_round(
    visit: Appointment,
) -> None:
    from clinic.links import LinkKind, new_link_token, new_unsubscribe_token

    ana = visit.patient
    for token in (new_link_token(LinkKind.RESET, ana), new_unsubscribe_token(ana)):
        assert refused_fields(send(token, "show")) == {"token": "link_invalid"}
    for path in ("/api/auth/password/reset/confirm/", "/api/auth/email/verify/"):
        body = {"token": token_of(visit)}
        body |= {"password": "another-horse-battery-8"} if "reset" in path else {}
        assert refused_fields(Api().post(path, body)) == {"token": "link_invalid"}
    assert Api().post(f"/api/messages/unsubscribe/{token_of(visit)}/").status_code == 400


def test_a_visit_is_confirmed_once_and_still_cancelled_by_the_mail_s_other_link(
    visit: Appointment,
) -> None:
    confirm, cancel = (token_of(visit, act) for act in (VisitAct.CONFIRM, VisitAct.CANCEL))

    said = [ok(send(confirm, "confirm"))["visit"] for _ in range(2)]

    assert [each["confirmed_at"] for each in said] == ["2027-03-01T10:10:00Z"] * 2
    assert Event.objects.filter(type="appointment.confirmed").count() == 1
    assert ok(send(cancel, "show"))["visit"]["confirmed_at"] is not None
    assert ok(send(cancel, "cancel"))["visit"]["status"] == "CANCELLED"
    refused(send(confirm, "confirm"), 410, "visit_cancelled")


def test_a_link_does_what_it_says_and_nothing_else(visit: Appointment) -> None:
    for act, other in (("confirm", VisitAct.CANCEL), ("cancel", VisitAct.CONFIRM)):
        assert refused_fields(send(token_of(visit, other), act)) == {"token": "link_invalid"}

    visit.refresh_from_db()
    assert (visit.status, visit.confirmed_at) == ("SCHEDULED", None)
