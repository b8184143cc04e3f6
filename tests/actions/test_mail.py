"""The outbox: written with the change, claimed by one worker at a time, tried again ever more slowly, ended once."""

from datetime import datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, transaction

from clinic import clock as the_clock
from clinic.actions.mail import (
    KILLED,
    LEASE,
    Claimed,
    claim_mail,
    give_up_killed,
    mark_dropped,
    mark_failed,
    mark_sent,
    plan_mail,
    plan_mail_to_address,
)
from clinic.events import Subject
from clinic.models import Mail, MailKind
from clinic.queries.mail import ATTEMPTS, PAUSES, oldest_due_mail
from tests import world
from tests.together import together

pytestmark = pytest.mark.django_db


def planned(**fields: Any) -> Mail:
    mail = maybe_planned(**fields)
    assert mail is not None
    return mail


def maybe_planned(**fields: Any) -> Mail | None:
    person = fields.pop("person", None) or world.a_patient()
    with transaction.atomic():
        return plan_mail(**{"kind": MailKind.INVITE, "person": person, **fields})


def claimed() -> Claimed:
    found = claim_mail()
    assert found is not None
    return found


def test_a_mail_goes_with_the_change_it_tells_of_or_not_at_all() -> None:
    person = world.a_patient("ana")

    with transaction.atomic():
        plan_mail(kind=MailKind.INVITE, person=person)
        transaction.set_rollback(True)
    assert not Mail.objects.exists()

    mail = planned(person=person, subject=Subject("appointment", 7))
    assert (mail.address, mail.subject_kind, mail.subject_id) == (
        "ana@example.org",
        "appointment",
        7,
    )
    assert claimed().mail == mail


@pytest.mark.django_db(transaction=True)
def test_outside_of_a_transaction_no_mail_is_planned() -> None:
    with pytest.raises(transaction.TransactionManagementError):
        plan_mail(kind=MailKind.INVITE, person=world.a_patient())
    with pytest.raises(transaction.TransactionManagementError):
        plan_mail_to_address(kind=MailKind.INVITE, address="a@example.org", once="x")


def test_somebody_without_an_address_gets_no_mail() -> None:
    assert maybe_planned(person=world.a_patient(email="")) is None
    assert claim_mail() is None


def test_the_same_is_mailed_once() -> None:
    person = world.a_patient()

    mails = [maybe_planned(person=person, once=once) for once in ("7", "7", "8", None, None)]

    assert [mail is not None for mail in mails] == [True, False, True, True, True]
    with pytest.raises(IntegrityError), transaction.atomic():
        Mail.objects.update(once="7")


@pytest.mark.django_db(transaction=True)
def test_the_same_planned_by_eight_at_once_is_mailed_once() -> None:
    person = world.a_patient()

    results = together(*[partial(maybe_planned, person=person, once="visit.7")] * 8)

    assert not [result for result in results if isinstance(result, Exception)]
    assert sum(result is not None for result in results) == 1
    assert Mail.objects.count() == 1


def test_a_mail_waits_until_it_is_due(clock: time_machine.Traveller) -> None:
    now = planned()
    later = planned(due_at=the_clock.now() + timedelta(hours=1))
    assert oldest_due_mail() == now.due_at
    assert mark_sent(claimed())
    assert oldest_due_mail() == later.due_at

    clock.shift(timedelta(hours=1, seconds=-1))
    assert claim_mail() is None
    clock.shift(1)
    assert claimed().mail == later


def test_whom_nobody_claims_is_claimed_by_its_number_too() -> None:
    first, second = planned(), planned()

    found = claim_mail(mail_id=second.pk)

    assert found is not None
    assert found.mail == second
    assert claim_mail(mail_id=second.pk) is None
    assert claim_mail(mail_id=10**15) is None
    assert claimed().mail == first


def test_a_claim_ends_and_then_belongs_to_whoever_comes(clock: time_machine.Traveller) -> None:
    planned()
    first = claimed()
    assert claim_mail() is None
    clock.shift(LEASE)
    second = claimed()

    assert second.mail == first.mail
    assert second.mail.attempts == 2
    # Who was thought dead comes back: what it says no longer counts.
    assert not mark_sent(first)
    assert not mark_dropped(first)
    assert not mark_failed(first, error="unreachable", for_good=True)
    assert mark_sent(second)
    mail = Mail.objects.get()
    assert (mail.sent_at, mail.failed_at, mail.dropped_at) == (the_clock.now(), None, None)
    assert (mail.claim, mail.claimed_until, mail.error) == (None, None, "")


@pytest.mark.parametrize(
    "end", [mark_sent, mark_dropped, partial(mark_failed, error="refused", for_good=True)]
)
def test_what_has_ended_is_never_taken_again(end: Any, clock: time_machine.Traveller) -> None:
    planned()
    assert end(claimed())

    clock.shift(timedelta(days=30))

    assert claim_mail() is None
    assert give_up_killed() == 0
    assert oldest_due_mail() is None
    with pytest.raises(IntegrityError), transaction.atomic():
        Mail.objects.update(sent_at=the_clock.now(), failed_at=the_clock.now())


def test_what_fails_is_tried_again_after_growing_pauses_and_then_given_up(
    clock: time_machine.Traveller,
) -> None:
    planned()
    moments: list[datetime] = []
    while (mine := claim_mail()) is not None:
        moments.append(the_clock.now())
        assert mark_failed(mine, error="unreachable")
        clock.shift(timedelta(seconds=59))
        assert claim_mail() is None
        clock.move_to(Mail.objects.get().due_at)

    pauses = [after - before for before, after in pairwise(moments)]
    assert tuple(pauses) == PAUSES == tuple(sorted(PAUSES))
    mail = Mail.objects.get()
    assert mail.attempts == len(moments) == ATTEMPTS == 8
    assert (mail.failed_at, mail.error) == (moments[-1], "unreachable")
    assert claim_mail() is None


def test_what_can_never_arrive_fails_at_once() -> None:
    planned()

    mark_failed(claimed(), error="refused", for_good=True)

    assert Mail.objects.get().failed_at is not None
    assert claim_mail() is None


def test_what_kills_its_sender_every_time_is_given_up(clock: time_machine.Traveller) -> None:
    planned()
    for _ in range(ATTEMPTS):
        assert give_up_killed() == 0
        claimed()
        clock.shift(LEASE)

    assert claim_mail() is None
    assert give_up_killed() == 1
    assert give_up_killed() == 0
    mail = Mail.objects.get()
    assert (mail.failed_at, mail.error, mail.claim) == (the_clock.now(), KILLED, None)


@pytest.mark.django_db(transaction=True)
def test_of_eight_workers_at_once_each_gets_another_mail() -> None:
    person = world.a_patient()
    mails = {planned(person=person).pk for _ in range(12)}

    taken: list[int] = []
    while results := [each for each in together(*[claim_mail] * 8) if each is not None]:
        assert not [each for each in results if isinstance(each, Exception)], results
        taken += [each.mail.pk for each in results if isinstance(each, Claimed)]

    assert sorted(taken) == sorted(mails)
    assert not Mail.objects.exclude(attempts=1).exists()


def test_a_mail_to_an_address_belongs_to_nobody_yet() -> None:
    with transaction.atomic():
        mail = plan_mail_to_address(kind=MailKind.PASSWORD_RESET, address="x@example.org", once="x")

    assert mail is not None
    assert (mail.person, mail.address) == (None, "x@example.org")
