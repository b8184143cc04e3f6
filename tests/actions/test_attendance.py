"""Whether people come: "I'll be there", and visits that were missed, said by somebody or found by a worker."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine

from clinic.actions.attendance import confirm_appointment, mark_no_show
from clinic.actions.reminders import claim_reminder
from clinic.errors import ClinicError
from clinic.models import Appointment, Doctor, Notification, Person, Reminder
from clinic.topics import DESK, calendar_topic, slots_topic, user_topic
from tests import world
from workers.reminders import send_due

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

NINE = world.utc("2027-03-02 09:00")
HALF_HOUR = timedelta(minutes=30)


@pytest.fixture
def doctor() -> Doctor:
    return world.a_doctor("ada")


@pytest.fixture
def ana() -> Person:
    return world.a_patient("ana")


@pytest.fixture
def visit(doctor: Doctor, ana: Person) -> Appointment:
    return world.book(doctor, ana, NINE)


def code_of(action: Any, actor: Person, visit: Appointment, **asked: Any) -> str:
    with pytest.raises(ClinicError) as refusal:
        action(actor=actor, appointment_id=visit.pk, **asked)
    return refusal.value.code


# -- "I'll be there" ----------------------------------------------------------------------------------------------


def test_a_patient_says_once_that_they_will_come_and_every_board_shows_it(
    visit: Appointment, ana: Person, doctor: Doctor, clock: time_machine.Traveller
) -> None:
    said = confirm_appointment(actor=ana, appointment_id=visit.pk)
    clock.shift(60)
    again = confirm_appointment(actor=ana, appointment_id=visit.pk)

    assert said.confirmed_at is not None
    assert (again.confirmed_at, again.version, again.sequence) == (said.confirmed_at, 2, 0)
    for topic in (user_topic(ana.pk), calendar_topic(doctor.pk), DESK):
        assert world.types_in(topic).count("appointment.confirmed") == 1
        assert world.bodies_in(topic)[-1]["data"]["confirmed_at"] is not None
    # Nobody's inbox is filled with it.
    assert not Notification.objects.filter(type="appointment.confirmed").exists()


def test_who_may_say_so_and_when(
    visit: Appointment, ana: Person, doctor: Doctor, clock: time_machine.Traveller
) -> None:
    assert code_of(confirm_appointment, doctor.person, visit) == "forbidden"
    assert code_of(confirm_appointment, world.a_receptionist(), visit) == "forbidden"
    assert code_of(confirm_appointment, world.a_patient("bo"), visit) == "not_found"
    assert code_of(confirm_appointment, ana, visit, version=9) == "version_conflict"
    clock.move_to(NINE)
    assert code_of(confirm_appointment, ana, visit) == "already_started"


def test_of_a_cancelled_visit_nobody_says_so(visit: Appointment, ana: Person) -> None:
    world.cancel(visit)
    assert code_of(confirm_appointment, ana, visit) == "invalid_transition"


# -- missed, as somebody says ---------------------------------------------------------------------------------------


def test_a_missed_visit_frees_what_is_left_of_its_time(
    visit: Appointment, ana: Person, doctor: Doctor, clock: time_machine.Traveller
) -> None:
    clock.move_to(NINE)
    missed = mark_no_show(actor=doctor.person, appointment_id=visit.pk)
    again = mark_no_show(actor=doctor.person, appointment_id=visit.pk)

    assert (missed.status, missed.version, again.version) == ("NO_SHOW", 2, 2)
    for topic in (user_topic(ana.pk), calendar_topic(doctor.pk), DESK):
        assert world.types_in(topic).count("appointment.no_show") == 1
    assert world.types_in(slots_topic(doctor.pk))[-1] == "slot.freed"
    assert [line.title for line in world.inbox(ana)] == ["Visit missed"]


def test_who_may_say_that_a_visit_was_missed_and_when(
    visit: Appointment, ana: Person, clock: time_machine.Traveller
) -> None:
    desk = world.a_receptionist()
    with pytest.raises(ClinicError) as early:
        mark_no_show(actor=desk, appointment_id=visit.pk)
    assert (early.value.code, early.value.allowed) == (  # type: ignore[attr-defined]
        "invalid_transition", ["confirm", "reschedule", "cancel"],
    )  # fmt: skip
    clock.move_to(NINE + HALF_HOUR)
    assert code_of(mark_no_show, ana, visit) == "forbidden"
    assert code_of(mark_no_show, world.a_doctor("eve").person, visit) == "not_found"
    assert code_of(mark_no_show, desk, visit, version=9) == "version_conflict"
    assert mark_no_show(actor=desk, appointment_id=visit.pk).status == "NO_SHOW"


# -- missed, as a worker finds ----------------------------------------------------------------------------------------


@pytest.fixture
def judged_after_an_hour(settings: Any) -> None:
    settings.NO_SHOW_AFTER = timedelta(hours=1)


def judged() -> list[tuple[str, str]]:
    return list(Reminder.objects.filter(kind="no_show").values_list("state", "reason"))


def test_nobody_is_judged_unless_the_clinic_wants_it(visit: Appointment) -> None:
    assert judged() == []


@pytest.mark.usefixtures("judged_after_an_hour")
def test_a_visit_nobody_came_to_is_missed_after_its_time(
    doctor: Doctor, ana: Person, clock: time_machine.Traveller
) -> None:
    visit = world.book(doctor, ana, NINE)
    clock.move_to(NINE + timedelta(minutes=59))
    send_due()
    assert judged() == [("waiting", "")]
    clock.shift(timedelta(minutes=1))
    send_due()
    send_due()

    visit.refresh_from_db()
    assert visit.status == "NO_SHOW"
    assert judged() == [("sent", "")]
    assert world.types_in(DESK).count("appointment.no_show") == 1


@pytest.mark.usefixtures("judged_after_an_hour")
def test_when_the_clinic_wants_it_no_more_no_visit_is_judged(
    doctor: Doctor, ana: Person, clock: time_machine.Traveller, settings: Any
) -> None:
    visit = world.book(doctor, ana, NINE)
    settings.NO_SHOW_AFTER = None
    clock.move_to(NINE + timedelta(hours=2))
    send_due()

    visit.refresh_from_db()
    assert visit.status == "SCHEDULED"
    assert judged() == [("voided", "not_wanted")]


@pytest.mark.usefixtures("judged_after_an_hour")
def test_who_came_was_moved_or_cancelled_or_is_too_long_ago_is_not_judged(
    doctor: Doctor, clock: time_machine.Traveller
) -> None:
    visits = [world.book(doctor, world.a_patient(f"p{n}"), NINE + n * HALF_HOUR) for n in range(4)]
    came, cancelled, missed, late = visits
    Appointment.objects.filter(pk=came.pk).update(status="ARRIVED")
    world.cancel(cancelled)
    clock.move_to(NINE + 3 * HALF_HOUR)
    mark_no_show(actor=doctor.person, appointment_id=missed.pk)
    clock.move_to(NINE + timedelta(days=2))
    send_due()

    found = dict(Reminder.objects.filter(kind="no_show").values_list("appointment_id", "reason"))
    assert found == {
        came.pk: "arrived", cancelled.pk: "cancelled", missed.pk: "missed", late.pk: "too_late",
    }  # fmt: skip
    assert Appointment.objects.get(pk=late.pk).status == "SCHEDULED"
    assert claim_reminder() is None
