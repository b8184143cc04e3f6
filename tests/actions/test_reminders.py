"""Reminders: planned with the visit, voided with it, sent once by whichever worker comes, never silently dropped."""

from collections import Counter
from datetime import timedelta
from functools import partial
from importlib import import_module
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from clinic import clock as the_clock
from clinic.actions import reminders
from clinic.actions.reminders import (
    LEASE,
    WAYS,
    ClaimedReminder,
    Way,
    claim_reminder,
    plan_reminders,
    remind,
)
from clinic.actions.retention import drop_expired
from clinic.models import Appointment, Entry, Message, Notification, Person, Reminder
from clinic.queries.reminders import oldest_due_reminder
from clinic.rules.messages import Channel
from clinic.rules.reminders import ReminderState
from clinic.rules.statuses import Status
from clinic.topics import user_topic
from tests import world
from tests.together import together
from workers.reminders import send_due

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

# The tests begin on Monday at eight.
TUESDAY = world.utc("2027-03-02 09:00")
A_DAY_BEFORE = world.utc("2027-03-01 09:00")
TWO_HOURS_BEFORE = world.utc("2027-03-02 07:00")
SENT, SKIPPED, VOIDED = ReminderState.SENT, ReminderState.SKIPPED, ReminderState.VOIDED


@pytest.fixture
def patient() -> Person:
    return world.a_patient("ana")


@pytest.fixture
def visit(patient: Person) -> Appointment:
    return world.book(world.a_doctor(first_name="Ada", last_name="Ohm"), patient, TUESDAY)


def claimed() -> ClaimedReminder:
    found = claim_reminder()
    assert found is not None
    return found


def states() -> Counter[tuple[str, str, str, str]]:
    rows = Reminder.objects.values_list("kind", "channel", "state", "reason")
    return Counter(rows)


def told(patient: Person) -> int:
    return world.types_in(user_topic(patient.pk)).count("reminder.due")


def sql_of(table: str, captured: CaptureQueriesContext) -> list[str]:
    return [q["sql"].split()[0] for q in captured if f"{table}" in q["sql"].split("WHERE")[0]]


# -- planned and voided with the visit ---------------------------------------------------------------------


def test_a_booking_plans_every_reminder_on_every_way_in_one_statement(patient: Person) -> None:
    doctor = world.a_doctor()

    with CaptureQueriesContext(connection) as captured:
        visit = world.book(doctor, patient, TUESDAY)

    rows = Reminder.objects.order_by("due_at", "channel")
    assert [(r.kind, r.channel, r.due_at, r.until, r.sequence, r.state) for r in rows] == [
        ("1d", "email", A_DAY_BEFORE, TWO_HOURS_BEFORE, 0, "waiting"),
        ("1d", "in_app", A_DAY_BEFORE, TWO_HOURS_BEFORE, 0, "waiting"),
        ("2h", "email", TWO_HOURS_BEFORE, TUESDAY, 0, "waiting"),
        ("2h", "in_app", TWO_HOURS_BEFORE, TUESDAY, 0, "waiting"),
    ]
    assert {row.appointment_id for row in rows} == {visit.pk}
    assert sql_of("clinic_reminder", captured) == ["INSERT"]


def test_a_day_before_is_a_day_of_the_doctor(
    patient: Person, clock: time_machine.Traveller
) -> None:
    clock.move_to(world.utc("2027-03-20 08:00"))
    visit = world.book(
        world.a_doctor(zone="Europe/Berlin"), patient, world.wall("2027-03-28", "10:00")
    )

    assert visit.start == world.utc("2027-03-28 08:00")
    due = set(Reminder.objects.filter(kind="1d").values_list("due_at", flat=True))
    assert due == {world.utc("2027-03-27 09:00")}


def test_what_has_passed_when_somebody_books_is_not_planned(patient: Person, settings: Any) -> None:
    doctor = world.a_doctor()
    world.book(doctor, patient, world.utc("2027-03-01 12:00"))
    assert set(Reminder.objects.values_list("kind", flat=True)) == {"2h"}
    world.book(doctor, patient, world.utc("2027-03-01 09:00"))
    settings.REMINDERS = ()
    world.book(doctor, patient, TUESDAY)

    assert Reminder.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_refused_booking_leaves_no_reminder(visit: Appointment) -> None:
    before = Reminder.objects.count()

    with pytest.raises(Exception, match="taken"):
        world.book(visit.doctor, world.a_patient(), TUESDAY)

    assert Reminder.objects.count() == before


def test_a_cancelled_visit_voids_what_waits_in_one_statement(
    visit: Appointment, patient: Person, clock: time_machine.Traveller
) -> None:
    clock.move_to(A_DAY_BEFORE)
    assert send_due() == 2
    with CaptureQueriesContext(connection) as captured:
        world.cancel(visit)

    assert sql_of("clinic_reminder", captured) == ["UPDATE"]
    assert states() == Counter(
        [
            ("1d", "in_app", SENT, ""),
            ("1d", "email", SENT, ""),
            ("2h", "in_app", VOIDED, "cancelled"),
            ("2h", "email", VOIDED, "cancelled"),
        ]
    )
    clock.move_to(TWO_HOURS_BEFORE)
    assert send_due() == 0
    assert told(patient) == 1


def test_the_engine_refuses_a_second_one_and_an_end_without_a_state(visit: Appointment) -> None:
    now = the_clock.now()
    with pytest.raises(IntegrityError), transaction.atomic():
        plan_reminders(visit, now=now)
    with pytest.raises(IntegrityError), transaction.atomic():
        Reminder.objects.update(ended_at=now)
    with pytest.raises(IntegrityError), transaction.atomic():
        Reminder.objects.update(state=SENT)

    # Moved, it is another visit to be reminded of.
    visit.sequence += 1
    plan_reminders(visit, now=now)
    assert Reminder.objects.count() == 8


# -- sent ---------------------------------------------------------------------------------------------------


def test_a_patient_is_told_and_mailed_when_it_is_due_and_once(
    visit: Appointment, patient: Person, clock: time_machine.Traveller
) -> None:
    clock.move_to(A_DAY_BEFORE - timedelta(seconds=1))
    assert oldest_due_reminder() == A_DAY_BEFORE
    assert send_due() == 0
    clock.move_to(A_DAY_BEFORE)

    assert send_due() == 2
    assert send_due() == 0

    assert told(patient) == 1
    [line] = Notification.objects.filter(person=patient, type="reminder.due")
    assert line.title == "Your visit is near"
    assert line.message == "Tuesday 2 March 2027, 09:00 (UTC), with Ada Ohm."
    [mail] = Message.objects.filter(kind="visit_reminder")
    assert (mail.person, mail.address) == (patient, "ana@example.org")
    clock.move_to(TWO_HOURS_BEFORE)
    assert send_due() == 2
    assert told(patient) == 2
    assert Message.objects.filter(kind="visit_reminder").count() == 2
    assert not Reminder.objects.exclude(state=SENT, attempts=1).exists()


def test_only_the_patient_is_told_and_nothing_of_the_notes(
    patient: Person, clock: time_machine.Traveller
) -> None:
    world.book(world.a_doctor(), patient, TUESDAY, notes="a-marker")
    clock.move_to(A_DAY_BEFORE)
    send_due()

    [entry] = Entry.objects.filter(event__type="reminder.due")
    assert entry.topic == f"user.{patient.pk}"
    assert '"actor":null' in entry.body
    assert '"start":"2027-03-02T09:00:00' in entry.body
    assert "a-marker" not in entry.body


def test_mark_and_event_are_one_transaction(
    visit: Appointment,
    patient: Person,
    clock: time_machine.Traveller,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock.move_to(A_DAY_BEFORE)

    def tell_and_fail(reminder: Reminder, appointment: Appointment) -> None:
        ways[Channel.IN_APP].hand_over(reminder, appointment)
        raise DatabaseError("gone")

    ways = dict(WAYS)
    monkeypatch.setitem(WAYS, Channel.IN_APP, Way(lambda patient: None, tell_and_fail))
    # What fails stops no other, and stays claimed until its lease ends.
    assert send_due() == 2
    assert told(patient) == 0
    assert states()[("1d", "email", SENT, "")] == 1
    assert states()[("1d", "in_app", "waiting", "")] == 1
    assert send_due() == 0

    monkeypatch.setitem(WAYS, Channel.IN_APP, ways[Channel.IN_APP])
    clock.shift(LEASE)
    assert send_due() == 1
    assert told(patient) == 1


def test_a_claim_that_ran_out_is_taken_and_the_frozen_first_one_does_nothing(
    visit: Appointment, patient: Person, clock: time_machine.Traveller
) -> None:
    Reminder.objects.filter(channel=Channel.EMAIL).delete()
    clock.move_to(A_DAY_BEFORE)
    first = claimed()
    assert claim_reminder() is None
    clock.shift(LEASE)
    second = claimed()
    assert second.reminder == first.reminder

    assert remind(first) is None
    assert told(patient) == 0
    assert remind(second) is SENT
    assert remind(first) is None
    assert remind(second) is None

    assert told(patient) == 1
    row = Reminder.objects.get(pk=first.reminder.pk)
    assert (row.state, row.attempts, row.claim, row.claimed_until) == (SENT, 2, None, None)


@pytest.mark.django_db(transaction=True)
def test_of_eight_workers_at_once_each_reminder_is_sent_by_one(
    patient: Person, clock: time_machine.Traveller
) -> None:
    doctor = world.a_doctor()
    for hour in range(9, 12):
        world.book(doctor, patient, TUESDAY.replace(hour=hour))
    clock.move_to(world.utc("2027-03-01 12:00"))

    results = together(*[send_due] * 8)

    assert not [each for each in results if isinstance(each, Exception)], results
    assert sum(each for each in results if isinstance(each, int)) == 6
    assert not Reminder.objects.filter(kind="1d").exclude(state=SENT, attempts=1).exists()
    assert told(patient) == 3
    assert Message.objects.filter(kind="visit_reminder").count() == 3


@pytest.mark.django_db(transaction=True)
def test_a_visit_cancelled_at_that_moment_is_told_of_before_or_not_at_all(
    patient: Person, clock: time_machine.Traveller
) -> None:
    doctor = world.a_doctor()
    for hour in range(9, 14):
        visit = world.book(doctor, patient, TUESDAY.replace(hour=hour))
        clock.move_to(visit.start - timedelta(days=1))
        mine = [claimed(), claimed()]

        results = together(partial(world.cancel, visit), *[partial(remind, each) for each in mine])

        assert not [each for each in results if isinstance(each, Exception)], results
        assert not visit.reminders.filter(state="waiting").exists()
    kinds = [kind for kind in world.types_in(user_topic(patient.pk)) if kind != "record.voided"]
    about = [
        (entry.event.subject_id, entry.event.type)
        for entry in world.entries(user_topic(patient.pk))
        if entry.event.type in ("reminder.due", "appointment.cancelled")
    ]
    assert kinds.count("appointment.cancelled") == 5
    # Never a reminder after the news that there is no visit.
    for number, (visit_id, kind) in enumerate(about):
        assert (
            kind == "appointment.cancelled" or (visit_id, "appointment.cancelled") in about[number:]
        )


# -- late, pointless, in vain --------------------------------------------------------------------------------


def test_late_ones_are_sent_skipped_for_the_next_one_or_skipped_for_the_visit(
    visit: Appointment, patient: Person, clock: time_machine.Traveller
) -> None:
    clock.move_to(TWO_HOURS_BEFORE - timedelta(seconds=1))
    first = claimed()  # Late by hours, and still sent: nothing newer is due.
    assert remind(first) is SENT
    clock.move_to(TWO_HOURS_BEFORE)
    assert send_due() == 3
    kind, channel = first.reminder.kind, first.reminder.channel
    other = "email" if channel == "in_app" else "in_app"
    assert states() == Counter(
        [
            (kind, channel, SENT, ""),
            ("1d", other, SKIPPED, "overtaken"),
            ("2h", "in_app", SENT, ""),
            ("2h", "email", SENT, ""),
        ]
    )


def test_after_a_night_without_workers_nobody_is_reminded_of_what_has_begun(
    visit: Appointment, patient: Person, clock: time_machine.Traveller
) -> None:
    clock.move_to(TUESDAY)

    assert send_due() == 4

    assert {(state, reason) for _, _, state, reason in states()} == {(SKIPPED, "visit_begun")}
    assert told(patient) == 0
    assert not Message.objects.filter(kind="visit_reminder").exists()


@pytest.mark.parametrize(
    ("change", "end"),
    [
        ({"status": Status.CANCELLED}, (VOIDED, "cancelled")),
        ({"sequence": 1}, (VOIDED, "moved")),
        ({"status": Status.ARRIVED}, (SKIPPED, "arrived")),
    ],
)
def test_the_visit_is_looked_at_again_right_before_sending(
    change: dict[str, Any],
    end: tuple[str, str],
    visit: Appointment,
    patient: Person,
    clock: time_machine.Traveller,
) -> None:
    clock.move_to(A_DAY_BEFORE)
    mine = [claimed(), claimed()]
    Appointment.objects.filter(pk=visit.pk).update(**change)

    assert [remind(each) for each in mine] == [end[0]] * 2

    assert {(state, why) for kind, _, state, why in states() if kind == "1d"} == {end}
    assert told(patient) == 0


def test_whoever_has_no_address_is_told_in_the_app_and_who_has_no_account_is_not(
    clock: time_machine.Traveller,
) -> None:
    doctor, ana, gone = world.a_doctor(), world.a_patient(email=""), world.a_patient()
    back = world.a_patient(email_bounced_at=TUESDAY)
    world.book(doctor, ana, TUESDAY)
    world.book(doctor, back, TUESDAY + timedelta(minutes=60))
    world.book(doctor, gone, TUESDAY + timedelta(minutes=30))
    Person.objects.filter(pk=gone.pk).update(is_active=False)
    clock.move_to(A_DAY_BEFORE + timedelta(hours=1))
    assert send_due() == 6

    found = {(r.appointment.patient, r.channel): (r.state, r.reason)
             for r in Reminder.objects.filter(kind="1d").select_related("appointment__patient")}  # fmt: skip
    assert found == {
        (ana, "in_app"): (SENT, ""),
        (ana, "email"): (SKIPPED, "no_address"),
        (back, "in_app"): (SENT, ""),
        (back, "email"): (SKIPPED, "bounced"),
        (gone, "in_app"): (SKIPPED, "no_account"),
        (gone, "email"): (SKIPPED, "no_account"),
    }
    assert (told(ana), told(gone)) == (1, 0)


@pytest.mark.django_db(transaction=True)
def test_so_many_sms_are_sent_to_one_patient_within_a_day_and_the_others_are_said_to_be_skipped(
    clock: time_machine.Traveller, settings: Any
) -> None:
    settings.SMS, settings.SMS_REMINDERS_PER_DAY = "console", 2
    doctor = world.a_doctor()
    ana, ben = (world.a_patient(phone_number=f"+49301234{n}") for n in (100, 200))
    for hour in range(9, 13):
        world.book(doctor, ana, TUESDAY.replace(hour=hour))
    world.book(doctor, ben, TUESDAY.replace(hour=13))
    clock.move_to(world.utc("2027-03-01 14:00"))

    results = together(*[send_due] * 4)

    assert not [each for each in results if isinstance(each, Exception)], results
    by_sms = Message.objects.filter(channel=Channel.SMS)
    assert Counter(by_sms.values_list("person", flat=True)) == {ana.pk: 2, ben.pk: 1}
    assert states()["1d", "sms", SKIPPED, "too_many_sms"] == 2
    assert (states()["1d", "in_app", SENT, ""], states()["1d", "email", SENT, ""]) == (5, 5)
    # What was not to be sent counts for nothing, and a day later there is room again.
    by_sms.filter(person=ana).update(dropped_at=the_clock.now())
    Reminder.objects.filter(kind="1d").update(state=SENT)
    clock.move_to(TWO_HOURS_BEFORE)
    send_due()
    assert states()["2h", "sms", SENT, ""] == 1


def test_every_channel_has_its_way() -> None:
    # News of a reminder in the app go to its patient's browsers like all news.
    assert reminders.WAYS.keys() == set(Channel) - {Channel.PUSH}


def test_how_they_ended_is_kept_for_a_year(
    visit: Appointment, clock: time_machine.Traveller
) -> None:
    clock.move_to(TUESDAY)
    send_due()
    clock.shift(timedelta(days=365))
    drop_expired()
    assert Reminder.objects.count() == 4
    clock.shift(1)
    drop_expired()
    assert not Reminder.objects.exists()


def test_visits_of_before_there_were_reminders_get_what_a_booking_plans(
    visit: Appointment, patient: Person, clock: time_machine.Traveller
) -> None:
    def rows() -> set[Any]:
        named = ("appointment", "sequence", "kind", "channel", "due_at", "until", "state")
        return set(Reminder.objects.values_list(*named))

    doctor = visit.doctor
    world.cancel(world.book(doctor, patient, TUESDAY + timedelta(hours=1)))
    world.book(doctor, patient, world.utc("2027-03-01 09:00"))
    planned = {row for row in rows() if row[0] == visit.pk}
    Reminder.objects.all().delete()
    migration = import_module("clinic.migrations.0011_reminders_of_visits")

    migration.plan(apps, None)
    assert rows() == planned
    migration.plan(apps, None)
    assert rows() == planned
