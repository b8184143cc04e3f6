"""What staff see of messages and reminders, and sending once more."""

from datetime import datetime, timedelta
from typing import Any, Final

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinic import clock
from clinic.actions.outbox import MENDABLE
from clinic.models import Appointment, Message, Person, Reminder
from clinic.rules.messages import Channel, Why
from tests import world
from tests.api.client import UNKNOWN, Api, Json, ok, refused, refused_fields

pytestmark = pytest.mark.django_db

PATH: Final = "/api/messages/"


@pytest.fixture
def ana() -> Person:
    return world.a_patient("ana", phone_number="0171 123467")


@pytest.fixture
def visit(ana: Person) -> Appointment:
    """Tomorrow or later; its own messages and reminders are gone."""
    visit = world.book(world.a_doctor(zone="Europe/Berlin"), ana)
    Message.objects.all().delete()
    Reminder.objects.all().delete()
    return visit


def ago(**passed: float) -> datetime:
    return clock.now() - timedelta(**passed)


def a_message(person: Person | None, **fields: Any) -> Message:
    at = ago(minutes=1)
    address = person.email if person else "x@example.org"
    usual = {"kind": "visit_booked", "address": address, "created_at": at, "due_at": at}
    return Message.objects.create(person=person, **{**usual, **fields})


def a_reminder(visit: Appointment, kind: str, **fields: Any) -> Reminder:
    usual = {"channel": "in_app", "due_at": ago(minutes=1), "until": visit.start, "sequence": 0}
    return Reminder.objects.create(appointment=visit, kind=kind, **{**usual, **fields})


def load(**query: Any) -> Json:
    return ok(Api(world.a_receptionist()).get(PATH, **query))


def shown(answer: Json) -> list[tuple[str, int]]:
    return [(line["source"], line["id"]) for line in answer["messages"]]


def key(row: Any) -> tuple[str, int]:
    return row._meta.model_name, row.pk


def test_a_line_says_what_to_whom_how_and_why_not(ana: Person, visit: Appointment) -> None:
    failed = a_message(
        ana, subject_kind="appointment", subject_id=visit.pk, failed_at=ago(), attempts=8,
        reason="unreachable", address=ana.email,
    )  # fmt: skip
    reminded = a_reminder(visit, "2h", state="sent", ended_at=ago(minutes=2))
    mailed = a_message(
        ana, kind="visit_reminder", subject_kind="reminder", subject_id=reminded.pk,
        channel="sms", address=ana.phone_number, sent_at=ago(minutes=3),
    )  # fmt: skip
    anybody = a_message(
        None, kind="password_reset", dropped_at=ago(minutes=4), reason="no_account"
    )  # fmt: skip

    answer = load()

    where = {"id": visit.pk, "start": _wire(visit.start), "time_zone": "Europe/Berlin"}
    assert answer["messages"] == [
        _line(failed, "visit_booked", "failed", failed.failed_at, address="a•••@example.org",
              reason="unreachable", attempts=8, visit=where, can_retry=True),
        _line(reminded, "visit_reminder", "sent", reminded.ended_at, lead="2h", visit=where,
              person=_ref(ana), channel="in_app"),
        _line(mailed, "visit_reminder", "sent", mailed.sent_at, lead="2h", visit=where,
              channel="sms", address="•••67"),
        _line(anybody, "password_reset", "skipped", anybody.dropped_at, person=None,
              address="x•••@example.org", reason="no_account"),
    ]  # fmt: skip
    assert answer["next"] is None
    assert "ana@" not in str(answer)


def _line(row: Any, kind: str, state: str, ended: Any, **fields: Any) -> Json:
    usual = {
        "source": key(row)[0], "id": row.pk, "kind": kind, "lead": "", "channel": "email",
        "person": _ref(getattr(row, "person", None)), "address": "", "state": state, "reason": "",
        "due_at": _wire(row.due_at), "ended_at": _wire(ended), "attempts": 0, "visit": None,
        "can_retry": False,
    }  # fmt: skip
    return {**usual, **fields}


def _ref(person: Person | None) -> Json:
    return person and {"id": person.pk, "name": person.name}


def _wire(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def test_the_newest_come_first_and_what_waits_comes_soonest_first(
    ana: Person, visit: Appointment
) -> None:
    sent = a_message(ana, sent_at=ago(minutes=9))
    told = a_reminder(visit, "1d", state="sent", ended_at=ago(minutes=8))
    handed_over = a_reminder(visit, "1d", channel="email", state="sent", ended_at=ago(minutes=8))
    dropped = a_message(ana, dropped_at=ago(minutes=7), reason="read")
    voided = a_reminder(visit, "2h", state="voided", reason="moved", ended_at=ago(minutes=6))
    late = a_message(ana, due_at=ago(minutes=5.5))
    failed = a_message(ana, failed_at=ago(minutes=5), reason="refused", channel="push")
    soon = a_reminder(visit, "5m", due_at=ago(hours=-1))
    later = a_message(ana, due_at=ago(hours=-2))
    a_reminder(visit, "no_show", due_at=ago(hours=1))

    assert shown(load()) == [*map(key, (failed, late, voided, dropped, told, sent))]
    assert shown(load(state="due")) == [*map(key, (late, soon, later))]
    assert shown(load(state="sent")) == [*map(key, (told, sent))]
    assert shown(load(state="skipped")) == [*map(key, (voided, dropped))]
    assert shown(load(state="failed")) == [key(failed)]
    assert shown(load(channel="push")) == [key(failed)]
    assert shown(load(kind="visit_reminder")) == [*map(key, (voided, told))]
    assert shown(load(kind="visit_booked", state="sent")) == [key(sent)]
    assert shown(load(patient=world.a_patient().pk)) == []
    assert len(shown(load(patient=ana.pk))) == 6
    answers = [load(), load(state="due"), load(channel="push"), load(patient=world.a_patient().pk)]
    assert [each["count"] for each in answers] == [6, 3, 1, 0]
    assert load(kind="visit_booked", state="due")["count"] == 2
    assert key(handed_over) not in shown(load())
    counts = load(state="failed")["counts"]
    today = {name: counts.pop(name) for name in ("due", "sent_today", "skipped_today")}
    assert counts == {"overdue": 1, "failed": 1}
    # Around midnight some of them are yesterday's, or tomorrow's.
    assert all(0 <= today[name] <= most for name, most in
               {"due": 3, "sent_today": 2, "skipped_today": 2}.items())  # fmt: skip


@pytest.mark.parametrize("state", [None, "due"])
def test_the_pages_hold_every_line_once_also_of_one_moment(
    ana: Person, visit: Appointment, state: str | None
) -> None:
    at = ago(minutes=1)
    for number in range(3):
        a_message(ana, due_at=at)
        a_reminder(visit, f"{number + 1}d", due_at=at)
        a_message(ana, due_at=at - timedelta(minutes=number))
    query = {"state": state} if state else {}
    whole = shown(load(**query))

    desk, pages = Api(world.a_receptionist()), []
    answer = ok(desk.get(PATH, limit=2, **query))
    while answer["next"]:
        assert answer["count"] == len(whole)
        pages.append(shown(answer))
        answer = ok(desk.follow(answer["next"]))
    pages.append(shown(answer))

    assert [len(page) for page in pages] == [2, 2, 2, 2, 1]
    assert [line for page in pages for line in page] == whole


def test_so_many_queries_for_a_few_and_for_many(ana: Person, visit: Appointment) -> None:
    desk = Api(world.a_receptionist())
    ok(desk.get(PATH))  # The very first answer of an installation makes the clinic's row.
    few_and_many = []
    for _ in range(2):
        for number in range(15):
            about: dict[str, Any] = {"subject_kind": "appointment", "subject_id": visit.pk}
            a_message(ana, sent_at=ago(minutes=number), **about)
            a_message(world.a_patient(), failed_at=ago(minutes=number), **about)
            start = visit.start + timedelta(days=1 + Appointment.objects.count())
            other = world.an_appointment(visit.doctor, ana, start)
            told = a_reminder(other, "1d", state="sent", ended_at=ago(minutes=number))
            a_message(ana, subject_kind="reminder", subject_id=told.pk, sent_at=ago())
        with CaptureQueriesContext(connection) as captured:
            ok(desk.get(PATH, limit=100))
        few_and_many.append(len(captured))

    assert few_and_many[0] == few_and_many[1] <= 15


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"state": "lost"}, "state"),
        ({"channel": "fax"}, "channel"),
        ({"kind": "poem"}, "kind"),
        ({"patient": "ana"}, "patient"),
        ({"limit": 101}, "limit"),
        ({"cursor": "1-2-3"}, "cursor"),
        ({"cursor": "next"}, "cursor"),
        ({"cursor": f"{'9' * 30}-0-1"}, "cursor"),
    ],
)
def test_what_cannot_be_asked_for_is_refused_by_field(query: Json, field: str) -> None:
    assert refused_fields(Api(world.an_admin()).get(PATH, **query)).keys() == {field}


# -- once more --------------------------------------------------------------------------------------------------


def retry(message: Message) -> Any:
    return Api(world.a_receptionist()).post(f"{PATH}{message.pk}/retry/")


def test_a_failed_message_is_due_again_with_all_its_attempts(
    ana: Person, visit: Appointment
) -> None:
    failed = a_message(
        ana, failed_at=ago(), attempts=8, reason="refused", address="old@example.org",
        subject_kind="appointment", subject_id=visit.pk,
    )  # fmt: skip

    line = ok(retry(failed))["message"]

    assert (line["state"], line["attempts"], line["reason"]) == ("due", 0, "")
    assert line["can_retry"] is False
    failed.refresh_from_db()
    assert (failed.address, failed.failed_at) == (ana.email, None)
    assert failed.due_at <= clock.now()
    refused(retry(failed), 409, "invalid_transition")


def test_a_gateway_knows_one_that_is_tried_again_but_not_at_another_address(ana: Person) -> None:
    end = {"failed_at": ago(), "reason": "refused"}
    again, elsewhere = a_message(ana, **end), a_message(ana, address="old@example.org", **end)

    for message, is_same in ((again, True), (elsewhere, False)):
        seal = message.seal
        ok(retry(message))
        message.refresh_from_db()
        assert (message.seal == seal) is is_same


@pytest.mark.parametrize("why", Why)
def test_one_that_was_dropped_is_sent_when_the_address_works_now(ana: Person, why: Why) -> None:
    moved = a_message(ana, dropped_at=ago(), reason=why, address="old@example.org")
    Person.objects.filter(pk=ana.pk).update(email_bounced_at=ago())
    refused(retry(moved), 409, "invalid_transition")
    Person.objects.filter(pk=ana.pk).update(email_bounced_at=None)
    same = a_message(ana, dropped_at=ago(), reason=why)

    if why is Why.BOUNCED:
        assert ok(retry(same))["message"]["state"] == "due"
    else:
        refused(retry(same), 409, "invalid_transition")
    if why in MENDABLE:
        assert ok(retry(moved))["message"]["address"] == "a•••@example.org"
    else:
        refused(retry(moved), 409, "invalid_transition")


def test_a_mail_that_came_back_has_failed(ana: Person) -> None:
    back = a_message(ana, sent_at=ago(hours=1), bounced_at=ago(), reason="refused")

    answer = load(state="failed")
    assert shown(answer) == [key(back)]
    assert (answer["counts"]["failed"], shown(load(state="sent"))) == (1, [])
    assert ok(retry(back))["message"]["state"] == "due"
    assert shown(load(state="due")) == [key(back)]


def test_what_cannot_help_is_refused(ana: Person, visit: Appointment) -> None:
    past = world.an_appointment(visit.doctor, ana, ago(minutes=1))
    gone = world.a_patient(is_active=False)
    nowhere = world.a_patient(email="")
    end = {"failed_at": ago(), "reason": "unreachable"}
    for message in (
        a_message(ana),
        a_message(ana, sent_at=ago()),
        a_message(gone, **end),
        a_message(nowhere, **{**end, "address": "gone@example.org"}),
        a_message(ana, subject_kind="appointment", subject_id=past.pk, **end),
    ):
        before = Message.objects.filter(pk=message.pk).values().get()
        problem = refused(retry(message), 409, "invalid_transition")
        assert problem["allowed"] == []
        assert Message.objects.filter(pk=message.pk).values().get() == before
    refused(Api(world.an_admin()).post(f"{PATH}{UNKNOWN}/retry/"), 404, "not_found")


def test_what_tells_of_another_address_goes_to_the_one_of_before(ana: Person) -> None:
    told = a_message(
        ana, kind="email_changed", address="old@example.org", failed_at=ago(), reason="refused"
    )

    ok(retry(told))

    told.refresh_from_db()
    assert told.address == "old@example.org"
    assert told.channel == Channel.EMAIL
