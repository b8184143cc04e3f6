"""The outbox: written with the change, claimed by one worker at a time, tried again ever more slowly, ended once."""

from collections import Counter
from datetime import datetime, time, timedelta
from functools import partial
from itertools import pairwise
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from clinic import clock as the_clock
from clinic.actions.appointments import cancel_appointment
from clinic.actions.messages import (
    KILLED,
    LEASE,
    Claimed,
    claim_message,
    give_up_killed,
    mark_dropped,
    mark_failed,
    mark_sent,
    plan_for_events,
    plan_message,
    plan_message_to_address,
)
from clinic.actions.notifications import mark_read
from clinic.events import Subject
from clinic.models import Appointment, Event, Message, MessageKind, Person, Preferences
from clinic.queries.messages import ATTEMPTS, PAUSES, due_channels, is_read, oldest_due_message
from clinic.rules.messages import MOST_PER_HOUR, Channel
from tests import world
from tests.together import together

pytestmark = pytest.mark.django_db


def planned(**fields: Any) -> Message:
    mail = maybe_planned(**fields)
    assert mail is not None
    return mail


def maybe_planned(**fields: Any) -> Message | None:
    person = fields.pop("person", None) or world.a_patient()
    with transaction.atomic():
        return plan_message(**{"kind": MessageKind.INVITE, "person": person, **fields})


def claimed() -> Claimed:
    found = claim_message(Channel.EMAIL)
    assert found is not None
    return found


def test_a_mail_goes_with_the_change_it_tells_of_or_not_at_all() -> None:
    person = world.a_patient("ana")

    with transaction.atomic():
        plan_message(kind=MessageKind.INVITE, person=person)
        transaction.set_rollback(True)
    assert not Message.objects.exists()

    mail = planned(person=person, subject=Subject("appointment", 7))
    assert (mail.address, mail.subject_kind, mail.subject_id) == (
        "ana@example.org",
        "appointment",
        7,
    )
    assert claimed().message == mail


@pytest.mark.django_db(transaction=True)
def test_outside_of_a_transaction_no_mail_is_planned() -> None:
    with pytest.raises(transaction.TransactionManagementError):
        plan_message(kind=MessageKind.INVITE, person=world.a_patient())
    with pytest.raises(transaction.TransactionManagementError):
        plan_message_to_address(kind=MessageKind.INVITE, address="a@example.org", once="x")


def test_somebody_without_an_address_gets_no_mail() -> None:
    assert maybe_planned(person=world.a_patient(email="")) is None
    assert claim_message(Channel.EMAIL) is None


def test_the_same_is_mailed_once() -> None:
    person = world.a_patient()

    mails = [maybe_planned(person=person, once=once) for once in ("7", "7", "8", None, None)]

    assert [mail is not None for mail in mails] == [True, False, True, True, True]
    with pytest.raises(IntegrityError), transaction.atomic():
        Message.objects.update(once="7")


@pytest.mark.django_db(transaction=True)
def test_the_same_planned_by_eight_at_once_is_mailed_once() -> None:
    person = world.a_patient()

    results = together(*[partial(maybe_planned, person=person, once="visit.7")] * 8)

    assert not [result for result in results if isinstance(result, Exception)]
    assert sum(result is not None for result in results) == 1
    assert Message.objects.count() == 1


def test_a_mail_waits_until_it_is_due(clock: time_machine.Traveller) -> None:
    now = planned()
    later = planned(due_at=the_clock.now() + timedelta(hours=1))
    assert oldest_due_message() == now.due_at
    assert mark_sent(claimed())
    assert oldest_due_message() == later.due_at

    clock.shift(timedelta(hours=1, seconds=-1))
    assert claim_message(Channel.EMAIL) is None
    clock.shift(1)
    assert claimed().message == later


def test_whom_nobody_claims_is_claimed_by_its_number_too() -> None:
    first, second = planned(), planned()

    found = claim_message(Channel.EMAIL, message_id=second.pk)

    assert found is not None
    assert found.message == second
    assert claim_message(Channel.EMAIL, message_id=second.pk) is None
    assert claim_message(Channel.EMAIL, message_id=10**15) is None
    assert claimed().message == first


def test_a_claim_ends_and_then_belongs_to_whoever_comes(clock: time_machine.Traveller) -> None:
    planned()
    first = claimed()
    assert claim_message(Channel.EMAIL) is None
    clock.shift(LEASE)
    second = claimed()

    assert second.message == first.message
    assert second.message.attempts == 2
    # Who was thought dead comes back: what it says no longer counts.
    assert not mark_sent(first)
    assert not mark_dropped(first)
    assert not mark_failed(first, reason="unreachable", for_good=True)
    assert mark_sent(second)
    mail = Message.objects.get()
    assert (mail.sent_at, mail.failed_at, mail.dropped_at) == (the_clock.now(), None, None)
    assert (mail.claim, mail.claimed_until, mail.reason) == (None, None, "")


@pytest.mark.parametrize(
    "end", [mark_sent, mark_dropped, partial(mark_failed, reason="refused", for_good=True)]
)
def test_what_has_ended_is_never_taken_again(end: Any, clock: time_machine.Traveller) -> None:
    planned()
    assert end(claimed())

    clock.shift(timedelta(days=30))

    assert claim_message(Channel.EMAIL) is None
    assert give_up_killed() == 0
    assert oldest_due_message() is None
    with pytest.raises(IntegrityError), transaction.atomic():
        Message.objects.update(sent_at=the_clock.now(), failed_at=the_clock.now())


def test_what_fails_is_tried_again_after_growing_pauses_and_then_given_up(
    clock: time_machine.Traveller,
) -> None:
    planned()
    moments: list[datetime] = []
    while (mine := claim_message(Channel.EMAIL)) is not None:
        moments.append(the_clock.now())
        assert mark_failed(mine, reason="unreachable")
        clock.shift(timedelta(seconds=59))
        assert claim_message(Channel.EMAIL) is None
        clock.move_to(Message.objects.get().due_at)

    pauses = [after - before for before, after in pairwise(moments)]
    assert tuple(pauses) == PAUSES == tuple(sorted(PAUSES))
    mail = Message.objects.get()
    assert mail.attempts == len(moments) == ATTEMPTS == 8
    assert (mail.failed_at, mail.reason) == (moments[-1], "unreachable")
    assert claim_message(Channel.EMAIL) is None


def test_what_can_never_arrive_fails_at_once() -> None:
    planned()

    mark_failed(claimed(), reason="refused", for_good=True)

    assert Message.objects.get().failed_at is not None
    assert claim_message(Channel.EMAIL) is None


def test_what_kills_its_sender_every_time_is_given_up(clock: time_machine.Traveller) -> None:
    planned()
    for _ in range(ATTEMPTS):
        assert give_up_killed() == 0
        claimed()
        clock.shift(LEASE)

    assert claim_message(Channel.EMAIL) is None
    assert give_up_killed() == 1
    assert give_up_killed() == 0
    mail = Message.objects.get()
    assert (mail.failed_at, mail.reason, mail.claim) == (the_clock.now(), KILLED, None)


@pytest.mark.django_db(transaction=True)
def test_of_eight_workers_at_once_each_gets_another_mail() -> None:
    person = world.a_patient()
    mails = {planned(person=person).pk for _ in range(12)}

    taken: list[int] = []
    while results := [
        each for each in together(*[partial(claim_message, Channel.EMAIL)] * 8) if each is not None
    ]:
        assert not [each for each in results if isinstance(each, Exception)], results
        taken += [each.message.pk for each in results if isinstance(each, Claimed)]

    assert sorted(taken) == sorted(mails)
    assert not Message.objects.exclude(attempts=1).exists()


def test_a_mail_to_an_address_belongs_to_nobody_yet() -> None:
    with transaction.atomic():
        mail = plan_message_to_address(
            kind=MessageKind.PASSWORD_RESET, address="x@example.org", once="x"
        )

    assert mail is not None
    assert (mail.person, mail.address) == (None, "x@example.org")


# -- from events to messages --------------------------------------------------------------------------------


def outbox() -> set[tuple[str, str, str]]:
    rows = Message.objects.exclude(kind__in=["email_verification", "doctor_assigned"])
    return set(rows.values_list("kind", "channel", "person__username"))


def a_visit(**patient: Any) -> Appointment:
    return world.book(
        world.a_doctor("ada", email="ada@example.org"), world.a_patient("ana", **patient)
    )


def test_an_event_becomes_its_messages_once() -> None:
    a_visit()
    assert outbox() == set()

    assert plan_for_events() == 2  # the booking, and that the doctor was assigned by it
    assert outbox() == {("visit_booked", "email", "ana")}
    assert plan_for_events() == 0
    assert not Event.objects.exclude(unsent=None).exists()


def test_who_does_not_want_mails_and_who_has_no_address_gets_none() -> None:
    visit = a_visit()
    Preferences.objects.create(person=visit.patient, email=False)
    world.book(visit.doctor, world.a_patient("bo", email=""))

    plan_for_events()

    assert outbox() == set()


def test_what_happens_at_night_is_told_in_the_morning_and_what_is_near_at_once(
    clock: time_machine.Traveller, settings: Any
) -> None:
    settings.SMS = "console"
    clock.move_to(world.utc("2027-03-01 23:00"))
    desk, doctor = world.a_receptionist(), world.a_doctor()
    ana = world.a_patient("ana", phone_number="+49 30 1234567")
    Preferences.objects.create(person=ana, quiet_from=time(22), quiet_until=time(7))
    morning, now = world.utc("2027-03-02 07:00"), the_clock.now()
    far = world.book(doctor, ana, world.utc("2027-03-05 09:00"), actor=desk)
    near = world.book(doctor, ana, world.utc("2027-03-02 09:00"), actor=desk)
    plan_for_events()
    assert set(Message.objects.filter(kind="visit_booked").values_list("due_at", flat=True)) == {
        morning
    }

    for visit in (far, near):
        cancel_appointment(actor=desk, appointment_id=visit.pk)
    plan_for_events()

    told = Message.objects.filter(kind="visit_cancelled", person=ana)
    assert set(told.values_list("subject_id", "channel", "due_at", "unless_read")) == {
        (far.pk, "email", morning, False),
        (near.pk, "email", now, False),
        (near.pk, "sms", now + timedelta(minutes=10), True),
    }


def test_events_wait_for_their_messages_and_are_overdue_when_nobody_writes_them(
    clock: time_machine.Traveller,
) -> None:
    a_visit()
    began = the_clock.now()
    clock.shift(timedelta(minutes=9))
    assert oldest_due_message() == began


def test_who_books_and_cancels_again_and_again_fills_no_mailbox(
    clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(MOST_PER_HOUR, Channel.EMAIL, 3)  # type: ignore[attr-defined]
    doctor, ana = world.a_doctor(), world.a_patient("ana")

    def told() -> Counter[str]:
        for _ in range(4):
            world.cancel(world.book(doctor, ana), actor=ana)
            plan_for_events()
        return Counter(
            Message.objects.filter(event__actor=ana, person=ana).values_list("reason", flat=True)
        )

    assert told() == {"": 3, "too_many": 5}
    # The desk's news come through, and an hour later there is room again.
    desk = world.a_receptionist()
    world.cancel(world.book(doctor, ana), actor=desk)
    plan_for_events()
    assert Message.objects.get(event__actor=desk, person=ana).dropped_at is None
    clock.shift(timedelta(hours=1, seconds=1))
    assert told() == {"": 6, "too_many": 11}


def test_an_event_that_cannot_be_understood_stops_no_other() -> None:
    desk, doctor, ana = world.a_receptionist(), world.a_doctor(), world.a_patient("ana")
    visit = world.book(doctor, ana, actor=desk)
    Preferences.objects.create(person=ana, quiet_from=time(22), quiet_until=time(7))
    # As of a backup from a machine that knows newer zones.
    Person.objects.filter(pk=ana.pk).update(time_zone="Mars/Olympus_Mons")
    world.book(doctor, world.a_patient("bo", email="bo@example.org"))

    while plan_for_events():
        pass

    assert outbox() == {("visit_booked", "email", "bo")}
    assert list(Event.objects.exclude(unsent=None).values_list("subject_id", flat=True)) == [
        visit.pk
    ]


def test_a_way_that_only_a_newer_version_knows_stops_no_other() -> None:
    Message.objects.filter(pk=planned().pk).update(channel="pigeon")
    planned()
    assert due_channels(the_clock.now()) == [Channel.EMAIL]


@pytest.mark.django_db(transaction=True)
def test_of_eight_workers_at_once_none_writes_a_message_twice() -> None:
    doctor = world.a_doctor()
    for number in range(6):
        world.book(doctor, world.a_patient(f"p{number}", email=f"p{number}@example.org"))

    results = together(*[plan_for_events] * 8)

    assert not [each for each in results if isinstance(each, Exception)], results
    while plan_for_events():
        pass
    assert Message.objects.filter(kind="visit_booked").count() == 6


def test_the_outbox_is_written_in_the_same_number_of_statements_for_one_event_and_for_many() -> (
    None
):
    doctor = world.a_doctor()

    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert plan_for_events()
        return len(captured)

    world.book(doctor, world.a_patient("p", email="p@example.org"))
    one = statements()
    for number in range(5):
        world.book(doctor, world.a_patient(f"p{number}", email=f"p{number}@example.org"))
    assert statements() == one


def test_read_anywhere_means_read(clock: time_machine.Traveller) -> None:
    visit = world.book(world.a_doctor(), world.a_patient("ana"))
    cancel_appointment(actor=world.a_receptionist(), appointment_id=visit.pk)
    event = Event.objects.get(type="appointment.cancelled")
    of_patient = Message(person=visit.patient, event=event)
    of_doctor = Message(person=visit.doctor.person, event=event)
    assert not is_read(of_patient)

    mark_read(actor=visit.patient, up_to=10**6)

    assert is_read(of_patient)
    assert not is_read(of_doctor)
