"""Other lead times: what waits for booked visits is planned anew, whatever happens at the same moment."""

from collections import Counter
from datetime import timedelta

import pytest
import time_machine
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from clinic.actions.people import update_profile
from clinic.actions.preferences import PreferencesChange, change_preferences
from clinic.actions.reminders import claim_reminder, remind
from clinic.actions.schedules import AvailabilityChange, set_availability
from clinic.models import Appointment, Person, Reminder
from tests import world
from tests.together import together
from workers.reminders import send_due

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

# The tests begin on Monday at eight.
THURSDAY = world.utc("2027-03-04 09:00")


@pytest.fixture
def ana() -> Person:
    return world.a_patient("ana")


@pytest.fixture
def visit(ana: Person) -> Appointment:
    return world.book(world.a_doctor(), ana, THURSDAY)


def choose(person: Person, *leads: str) -> None:
    change_preferences(actor=person, change=PreferencesChange(lead_times=leads))


def in_app() -> list[tuple[str, str, str]]:
    rows = Reminder.objects.filter(channel="in_app").order_by("due_at")
    return list(rows.values_list("kind", "state", "reason"))


def waiting() -> Counter[str]:
    return Counter(Reminder.objects.filter(state="waiting").values_list("kind", flat=True))


def test_what_is_missing_is_planned_and_what_is_unwanted_ends(
    visit: Appointment, ana: Person
) -> None:
    choose(ana, "2d", "2h")

    assert in_app() == [
        ("2d", "waiting", ""), ("1d", "voided", "not_wanted"), ("2h", "waiting", ""),
    ]  # fmt: skip
    [two_days] = Reminder.objects.filter(kind="2d", channel="in_app")
    assert two_days.due_at == THURSDAY - timedelta(days=2)
    assert two_days.until == THURSDAY - timedelta(hours=2)
    choose(ana)
    assert waiting() == Counter()
    assert world.book(visit.doctor, ana).reminders.count() == 0


def test_what_is_wanted_again_wakes_up(
    visit: Appointment, ana: Person, clock: time_machine.Traveller
) -> None:
    choose(ana, "5m")
    choose(ana, "1d", "2h")

    assert in_app() == [
        ("1d", "waiting", ""), ("2h", "waiting", ""), ("5m", "voided", "not_wanted"),
    ]  # fmt: skip
    clock.move_to(THURSDAY - timedelta(days=1))
    assert send_due() == 2
    # What was sent is not sent again, and what has passed meanwhile stays ended.
    choose(ana, "2d", "1d", "2h")
    assert send_due() == 0
    assert in_app()[0] == ("1d", "sent", "")
    assert waiting() == Counter({"2h": 2})


def test_what_is_late_is_still_sent_until_the_next_one_as_it_is_now(
    visit: Appointment, ana: Person, clock: time_machine.Traveller
) -> None:
    clock.move_to(THURSDAY - timedelta(hours=20))
    choose(ana, "1d", "12h")

    [late] = Reminder.objects.filter(kind="1d", channel="in_app")
    assert (late.state, late.until) == ("waiting", THURSDAY - timedelta(hours=12))
    assert send_due() == 2


def test_visits_that_have_begun_are_cancelled_or_moved_are_left_alone(
    visit: Appointment, ana: Person
) -> None:
    other = world.book(visit.doctor, ana, THURSDAY + timedelta(hours=1))
    world.cancel(other)
    moved = world.book(visit.doctor, ana, THURSDAY + timedelta(hours=2))
    Appointment.objects.filter(pk=moved.pk).update(sequence=1)
    begun = world.book(visit.doctor, ana, THURSDAY + timedelta(hours=3))
    Appointment.objects.filter(pk=begun.pk).update(status="ARRIVED")
    before = list(Reminder.objects.exclude(appointment=visit).order_by("pk").values())
    theirs = world.book(visit.doctor, world.a_patient(), THURSDAY + timedelta(hours=4))

    choose(ana, "5m")

    others = Reminder.objects.exclude(appointment=visit).exclude(appointment=theirs)
    assert list(others.filter(sequence=0).order_by("pk").values()) == before
    # As it stands now, the moved one is planned for.
    assert set(others.filter(sequence=1).values_list("kind", "state")) == {("5m", "waiting")}
    assert set(theirs.reminders.values_list("kind", flat=True)) == {"1d", "2h"}


def test_one_that_a_worker_has_claimed_is_not_sent_when_it_is_no_longer_wanted(
    visit: Appointment, ana: Person, clock: time_machine.Traveller
) -> None:
    clock.move_to(THURSDAY - timedelta(days=1))
    mine = claim_reminder()
    assert mine is not None

    choose(ana, "5m")

    assert remind(mine) is None
    assert "reminder.due" not in world.types_in(f"user.{ana.pk}")


@pytest.mark.parametrize("way", ["availability", "profile"])
def test_a_day_before_is_a_day_of_the_doctor_s_new_zone(ana: Person, way: str) -> None:
    doctor = world.a_doctor(zone="UTC")
    # In the night before, the clock is put forward in Berlin.
    booked = world.book(doctor, ana, world.utc("2027-03-28 09:00"))
    other = world.book(world.a_doctor(zone="UTC"), ana, world.utc("2027-03-28 10:00"))
    choose(ana, "1d", "2h")

    if way == "profile":
        update_profile(
            actor=doctor.person, changes={"time_zone": "Europe/Berlin"}, specialization=None
        )
    else:
        change = AvailabilityChange(time_zone="Europe/Berlin")
        set_availability(actor=doctor.person, doctor_id=doctor.pk, change=change)

    found = booked.reminders.filter(channel="email").values_list("kind", "due_at", "until")
    at = {name: world.utc(f"2027-03-{name}") for name in ("27 10:00", "28 07:00", "28 09:00")}
    assert sorted(found) == [
        ("1d", at["27 10:00"], at["28 07:00"]),
        ("2h", at["28 07:00"], at["28 09:00"]),
    ]
    assert other.reminders.get(kind="1d", channel="email").due_at == world.utc("2027-03-27 10:00")


def test_what_was_sent_or_is_not_wanted_stays_so_in_another_zone(
    ana: Person, clock: time_machine.Traveller
) -> None:
    doctor = world.a_doctor(zone="UTC")
    world.book(doctor, ana, world.utc("2027-03-28 09:00"))
    choose(ana, "3d", "1d")
    clock.move_to(world.utc("2027-03-25 09:00"))
    send_due()
    choose(ana, "3d")
    before = [*Reminder.objects.order_by("pk").values()]

    change = AvailabilityChange(time_zone="Europe/Berlin")
    set_availability(actor=doctor.person, doctor_id=doctor.pk, change=change)

    assert [*Reminder.objects.order_by("pk").values()] == before
    choose(ana, "1d")
    assert Reminder.objects.filter(state="waiting", due_at=world.utc("2027-03-27 10:00")).exists()


def test_so_many_statements_for_one_visit_and_for_thirty(ana: Person) -> None:
    doctor = world.a_doctor()
    counts = []
    for many in (1, 29):
        choose(ana, "7m", "2h")
        for start in world.next_free_starts(doctor, many):
            world.book(doctor, ana, start)
        with CaptureQueriesContext(connection) as captured:
            choose(ana, f"{many}m", "2h")
        counts.append(len(captured))

    assert counts[0] == counts[1]
    assert waiting()["29m"] == 60


@pytest.mark.django_db(transaction=True)
def test_who_chooses_while_visits_are_booked_and_cancelled_has_exactly_what_they_chose(
    ana: Person,
) -> None:
    doctor = world.a_doctor()
    starts = world.next_free_starts(doctor, 9)
    booked = [world.book(doctor, ana, start) for start in starts[:3]]

    def chooses() -> None:
        for leads in (("3h", "5m"), ("1d",), ("5m", "1h")):
            choose(ana, *leads)

    def books() -> None:
        for start in starts[3:]:
            world.book(doctor, ana, start)

    def cancels() -> None:
        for visit in booked:
            world.cancel(visit)

    assert together(chooses, books, cancels) == [None, None, None]

    assert waiting() == Counter({"5m": 12, "1h": 12})
    gone = Reminder.objects.filter(appointment__in=booked, state="waiting")
    assert not gone.exists()


def test_what_is_refused_changes_nothing(visit: Appointment, ana: Person) -> None:
    before = list(Reminder.objects.order_by("pk").values())
    with pytest.raises(Exception, match="Say days"), transaction.atomic():
        choose(ana, "1d", "soon")

    assert list(Reminder.objects.order_by("pk").values()) == before
