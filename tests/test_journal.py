"""The journal: gapless numbers in commit order, one record per transaction, sinks after commit."""

import dataclasses
import json
import random
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, connections, transaction

from clinic import events
from clinic.context import RequestContext, current_request
from clinic.crypto import DecryptionError
from clinic.events import HoursChanged, NotificationRead
from clinic.journal import Announcement, RecordedTwice, announce_rights, numbered_last, record
from clinic.models import Entry, Event, Notification, Person, Preferences, Reminder, TopicHead
from clinic.queries.journal import frame_text, frames_after, head_of, position_of
from clinic.rules.slots import Slot, SlotState, Span
from clinic.shapes.payloads import data_types
from clinic.topics import DESK, calendar_topic, slots_topic, user_topic
from tests import world
from tests.contract import check_received

NINE = datetime(2027, 3, 1, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)

heard: list[Announcement] = []
"""What the sinks of these tests were told."""


def hears(announcement: Announcement) -> None:
    heard.append(announcement)


def fails(announcement: Announcement) -> None:
    raise RuntimeError("the sink is broken")


class Abandoned(Exception):
    """What a writer raises to undo its transaction."""


@pytest.fixture(autouse=True)
def listening(settings: Any) -> Iterator[None]:
    settings.EVENT_SINKS = ["tests.test_journal.hears"]
    heard.clear()
    yield
    heard.clear()


def read(person_id: int) -> NotificationRead:
    """An event in one topic only, that of this number."""
    return NotificationRead(person_id=person_id, up_to=1, ids=(), unread=0, read_at=NINE)


def slot_taken(doctor_id: int) -> events.SlotTaken:
    slot = Slot(Span(NINE, NINE + HOUR), SlotState.TAKEN)
    return events.SlotTaken(doctor_id=doctor_id, time_zone="Europe/Berlin", slot=slot)


def seqs(topic: object) -> list[int]:
    return [entry.seq for entry in world.entries(topic)]


def bodies(topic: object) -> list[dict[str, Any]]:
    return [json.loads(entry.body) for entry in world.entries(topic)]


# -- numbers ---------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_topic_that_never_had_an_event_is_at_zero() -> None:
    assert head_of(DESK) == 0
    assert (position_of(DESK).head, position_of(DESK).first_kept) == (0, 1)


@pytest.mark.django_db
def test_every_topic_counts_for_itself_from_one() -> None:
    for people in ([7], [7, 8], [8, 7, 7]):
        with transaction.atomic():
            record(*(read(person) for person in people), actor=None)

    assert seqs(user_topic(7)) == [1, 2, 3, 4]
    assert seqs(user_topic(8)) == [1, 2]
    assert (head_of(user_topic(7)), head_of(user_topic(8))) == (4, 2)


@pytest.mark.django_db
def test_the_events_of_one_call_keep_their_order() -> None:
    with transaction.atomic():
        record(HoursChanged(doctor_id=3), slot_taken(3), HoursChanged(doctor_id=3), actor=None)

    assert world.types_in(slots_topic(3)) == ["hours.changed", "slot.taken", "hours.changed"]


@pytest.mark.django_db
def test_a_fact_has_the_same_id_in_all_its_topics() -> None:
    doctor, patient = world.a_doctor(), world.a_patient()

    world.book(doctor, patient)

    places = [calendar_topic(doctor.pk), DESK, user_topic(patient.pk), user_topic(doctor.pk)]
    ids = {
        body["id"]
        for topic in places
        for body in bodies(topic)
        if body["type"] == "appointment.booked"
    }
    assert len(ids) == 1
    assert Event.objects.get(pk=ids.pop()).type == "appointment.booked"


@pytest.mark.django_db
def test_the_frame_is_the_entry_behind_its_topic_and_number() -> None:
    with transaction.atomic():
        record(read(7), read(7), actor=None)

    [first, second] = [json.loads(frame.text) for frame in frames_after("user.7", 0, limit=10)]

    assert list(first) == ["op", "topic", "seq", "id", "type", "at", "actor", "data"]
    assert (first["op"], first["topic"], first["seq"]) == ("event", "user.7", 1)
    assert second["seq"] == 2
    assert [frame.seq for frame in frames_after("user.7", 1, limit=10)] == [2]
    assert [frame.seq for frame in frames_after("user.7", 0, limit=1)] == [1]


# -- one record per transaction ----------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_recording_outside_a_transaction_is_refused() -> None:
    with pytest.raises(transaction.TransactionManagementError, match="transaction"):
        record(read(7), actor=None)
    assert not Entry.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_recording_twice_in_one_transaction_is_refused() -> None:
    with transaction.atomic():
        record(read(7), actor=None)
        with pytest.raises(RecordedTwice):
            record(read(8), actor=None)
    assert seqs(user_topic(7)) == [1]
    assert head_of(user_topic(8)) == 0


@pytest.mark.django_db(transaction=True)
def test_recording_twice_is_noticed_across_inner_transactions() -> None:
    with transaction.atomic():
        with transaction.atomic():
            record(read(7), actor=None)
        with pytest.raises(RecordedTwice), transaction.atomic():
            record(read(8), actor=None)


@pytest.mark.django_db(transaction=True)
def test_what_was_rolled_back_was_not_recorded() -> None:
    with transaction.atomic():
        with suppress(Abandoned), transaction.atomic():
            record(read(7), actor=None)
            raise Abandoned
        record(read(7), actor=None)

    assert seqs(user_topic(7)) == [1]
    assert len(heard) == 1


@pytest.mark.django_db(transaction=True)
def test_one_transaction_after_the_other_may_record() -> None:
    for _ in range(3):
        with transaction.atomic():
            record(read(7), actor=None)

    assert seqs(user_topic(7)) == [1, 2, 3]


@pytest.mark.django_db
def test_two_actions_inside_one_django_test_case_both_record() -> None:
    doctor, patient = world.a_doctor(), world.a_patient()

    world.cancel(world.book(doctor, patient))
    world.book(doctor, patient)

    kinds = [kind for kind in world.types_in(DESK) if kind.startswith("appointment")]
    assert kinds == ["appointment.booked", "appointment.cancelled", "appointment.booked"]


@pytest.mark.django_db
def test_inside_a_django_test_case_recording_twice_is_still_noticed() -> None:
    with transaction.atomic():
        record(read(7), actor=None)
        with pytest.raises(RecordedTwice), transaction.atomic():
            record(read(8), actor=None)


@pytest.mark.django_db
def test_an_announcement_of_rights_alone_may_stand_beside_a_record() -> None:
    with transaction.atomic():
        announce_rights(7)
        record(read(7), actor=None)
        announce_rights(8)


# -- numbered last -----------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_what_is_numbered_last_has_its_number_at_the_end_and_not_before() -> None:
    with transaction.atomic():
        with numbered_last():
            record(read(7), actor=None)
            assert head_of(user_topic(7)) == 0
        assert head_of(user_topic(7)) == 1
        assert heard == []
    assert seqs(user_topic(7)) == [1]
    assert [dict(announcement.heads) for announcement in heard] == [{"user.7": 1}]


@pytest.mark.django_db(transaction=True)
def test_what_was_rolled_back_meanwhile_has_no_number() -> None:
    with transaction.atomic(), numbered_last():
        with suppress(Abandoned), transaction.atomic():
            record(read(7), actor=None)
            raise Abandoned
        record(read(8), actor=None)

    assert seqs(user_topic(7)) == []
    assert seqs(user_topic(8)) == [1]
    assert [dict(announcement.heads) for announcement in heard] == [{"user.8": 1}]


@pytest.mark.django_db(transaction=True)
def test_nothing_of_a_failure_is_numbered_last() -> None:
    with suppress(Abandoned), transaction.atomic(), numbered_last():
        record(read(7), actor=None)
        raise Abandoned
    with transaction.atomic():
        record(read(8), actor=None)

    assert head_of(user_topic(7)) == 0
    assert seqs(user_topic(8)) == [1]


@pytest.mark.django_db(transaction=True)
def test_recording_twice_is_refused_though_the_numbers_are_still_to_come() -> None:
    with transaction.atomic(), numbered_last():
        record(read(7), actor=None)
        with pytest.raises(RecordedTwice):
            record(read(8), actor=None)
    assert seqs(user_topic(7)) == [1]


# -- who is told what ----------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_nobody_is_notified_of_what_they_did_themselves() -> None:
    doctor, patient, desk = world.a_doctor(), world.a_patient(), world.a_receptionist()

    world.book(doctor, patient)
    assert [n.person_id for n in Notification.objects.all()] == [doctor.pk, doctor.pk]

    Notification.objects.all().delete()
    world.book(doctor, patient, actor=desk)
    assert {n.person_id for n in Notification.objects.all()} == {doctor.pk, patient.pk}

    Notification.objects.all().delete()
    world.cancel(world.book(doctor, world.a_patient(), actor=desk), actor=doctor.person)
    lines = Notification.objects.filter(type="appointment.cancelled")
    assert [n.person_id for n in lines] == [Person.objects.latest("pk").pk]


@pytest.mark.django_db
def test_a_line_of_the_inbox_has_the_number_of_its_event_in_that_persons_topic() -> None:
    doctor, patient = world.a_doctor(), world.a_patient()
    world.book(doctor, patient)
    world.book(doctor, patient)

    for line in Notification.objects.filter(person=doctor.person):
        entry = Entry.objects.get(topic=f"user.{doctor.pk}", seq=line.seq)
        body = json.loads(entry.body)
        assert body["type"] == line.type
        assert body["notification"]["id"] == line.pk
        assert body["notification"]["seq"] == line.seq
    assert "notification" not in bodies(DESK)[0]
    assert "notification" not in bodies(calendar_topic(doctor.pk))[0]
    assert "notification" not in bodies(user_topic(patient.pk))[0]


@pytest.mark.django_db
def test_the_cause_is_told_to_the_one_who_acted_and_to_nobody_else() -> None:
    doctor, desk = world.a_doctor(), world.a_receptionist()
    patient = world.a_patient()
    token = current_request.set(RequestContext(request_id="r-1", cause="key-of-the-patient"))
    try:
        world.book(doctor, patient)
        world.cancel(world.book(doctor, patient, actor=desk), actor=doctor.person)
    finally:
        current_request.reset(token)

    with_cause = {
        (entry.topic, entry.event.actor_id)
        for entry in Entry.objects.select_related("event")
        if "cause" in json.loads(entry.body)
    }
    assert with_cause == {
        (f"user.{patient.pk}", patient.pk),
        (f"user.{doctor.pk}", doctor.pk),
    }
    assert set(Event.objects.values_list("cause", "request_id")) == {("key-of-the-patient", "r-1")}


@pytest.mark.django_db
def test_what_is_told_of_slots_names_nobody() -> None:
    doctor = world.a_doctor(limit=2, zone="Europe/Berlin")
    patient = world.a_patient(first_name="Zacharias", last_name="Quetzal")
    token = current_request.set(RequestContext(cause="secret-key-1"))
    try:
        for _ in range(2):
            world.cancel(world.book(doctor, patient, notes="rash"))
            world.book(doctor, patient, notes="rash")
    finally:
        current_request.reset(token)

    told = bodies(slots_topic(doctor.pk))
    assert {body["type"] for body in told} == {"slot.taken", "slot.freed", "hours.changed"}
    for body in told:
        assert body["actor"] is None
        assert set(body) == {"id", "type", "at", "actor", "data"}
        assert set(body["data"]) in (
            {"start", "end", "appointment_date", "start_time", "state"},
            {"dates"},
        )
        text = json.dumps(body)
        for secret in ("Zacharias", "Quetzal", "rash", "secret-key-1", patient.username):
            assert secret not in text


@pytest.mark.django_db
def test_the_desk_gets_no_notes_and_the_parties_do() -> None:
    doctor, patient = world.a_doctor(), world.a_patient()
    world.book(doctor, patient, notes="itching-4711")

    seen = {
        topic: any("itching-4711" in json.dumps(body) for body in bodies(topic))
        for topic in ("desk", f"calendar.{doctor.pk}", f"user.{patient.pk}", f"user.{doctor.pk}")
    }

    assert seen.pop("desk") is False
    assert all(seen.values())


@pytest.mark.django_db
def test_the_audit_row_says_who_did_what_to_which_thing() -> None:
    doctor, patient, desk = world.a_doctor(), world.a_patient(), world.a_receptionist()
    appointment = world.book(doctor, patient, actor=desk)

    row = Event.objects.get(type="appointment.booked")

    assert (row.actor, row.subject_kind, row.subject_id) == (desk, "appointment", appointment.pk)


@pytest.mark.django_db
@pytest.mark.parametrize("kind", sorted(events.CATALOGUE))
def test_every_event_of_the_catalogue_can_be_recorded(kind: str) -> None:
    """Topics, payload and, where somebody is notified, words: for each of them."""
    doctor, patient = world.a_doctor(), world.a_patient()
    booked = world.book(doctor, patient)
    slot = Slot(Span(NINE, NINE + HOUR), SlotState.FREE)
    fields: dict[str, Any] = {
        "appointment": booked,
        "old": Span(NINE, NINE + HOUR),
        "doctor_before": world.a_doctor(),
        "preferences": Preferences(person=doctor.person),
        "reminder": Reminder(appointment=booked, kind="1d"),
        "doctor_id": doctor.pk,
        "time_zone": "UTC",
        "slot": slot,
        "dates": (NINE.date(),),
        "record": booked.health_record,
        "readers": (doctor.pk,),
        "annotations": (),
        "annotation": world.annotate(booked.health_record, doctor),
        "doctor": doctor,
        "patient": patient,
        "why": "record",
        "assignment": world.assign(patient, doctor),
        "person": doctor.person,
        "person_id": patient.pk,
        "up_to": 1,
        "ids": (),
        "unread": 0,
        "read_at": NINE,
        "entry_id": 7,
        "span": Span(NINE, NINE + HOUR),
        "expires_at": NINE,
    }
    wanted = events.CATALOGUE[kind]
    event = wanted(**{field.name: fields[field.name] for field in dataclasses.fields(wanted)})

    with transaction.atomic():
        record(event, actor=None)

    entries = Entry.objects.filter(event__type=kind)
    assert {entry.topic for entry in entries} == {str(topic) for topic in event.topics()}
    assert {topic.kind for topic in event.topics()} == data_types(wanted).keys()
    for entry in entries:
        check_received(json.loads(frame_text(entry.topic, entry.seq, entry.body)))
    lines = Notification.objects.filter(type=kind)
    assert {line.person_id for line in lines} >= set(event.notifies())
    assert all(line.title and line.message for line in lines)


# -- at rest ----------------------------------------------------------------------------------------------


def raw_body(entry: Entry) -> bytes:
    with connection.cursor() as cursor:
        cursor.execute("SELECT body FROM clinic_entry WHERE id = %s", [entry.pk])
        return bytes(cursor.fetchone()[0])


def put_body(entry: Entry, body: bytes) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE clinic_entry SET body = %s WHERE id = %s",
            [body, entry.pk],
        )


@pytest.mark.django_db
def test_entries_and_inbox_lines_are_encrypted() -> None:
    doctor, patient = world.a_doctor(), world.a_patient(first_name="Marker99x")
    world.book(doctor, patient, notes="Marker99x")

    for entry in Entry.objects.all():
        assert b"Marker99x" not in raw_body(entry)
        assert b"appointment" not in raw_body(entry)
    with connection.cursor() as cursor:
        cursor.execute("SELECT title, message FROM clinic_notification")
        for title, message in cursor.fetchall():
            assert b"booked" not in bytes(title)
            assert b"Marker99x" not in bytes(message)


@pytest.mark.django_db
def test_a_tampered_entry_is_not_sent_and_nothing_is_sent_past_it() -> None:
    with transaction.atomic():
        record(read(7), read(7), read(7), actor=None)
    entry = world.entries(user_topic(7))[1]
    body = bytearray(raw_body(entry))
    body[-1] ^= 1
    put_body(entry, bytes(body))

    with pytest.raises(DecryptionError):
        Entry.objects.get(pk=entry.pk).body  # noqa: B018
    assert [frame.seq for frame in frames_after("user.7", 0, limit=10)] == [1]


@pytest.mark.django_db
def test_an_entry_put_into_another_persons_topic_is_not_sent() -> None:
    with transaction.atomic():
        record(read(7), read(8), actor=None)
    [mine], [other] = world.entries(user_topic(7)), world.entries(user_topic(8))
    put_body(mine, raw_body(other))

    with pytest.raises(DecryptionError):
        Entry.objects.get(pk=mine.pk).body  # noqa: B018
    assert frames_after("user.7", 0, limit=10) == []
    assert len(frames_after("user.8", 0, limit=10)) == 1


# -- sinks --------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_sinks_are_told_names_and_numbers_after_the_commit() -> None:
    with transaction.atomic():
        record(read(7), read(7), slot_taken(3), actor=None, rights_of=[5])
        assert heard == []

    assert heard == [Announcement({"user.7": 2, "slots.3": 1}, frozenset({5}))]


@pytest.mark.django_db(transaction=True)
def test_sinks_are_told_nothing_of_what_was_rolled_back() -> None:
    with suppress(Abandoned), transaction.atomic():
        record(read(7), actor=None)
        announce_rights(7)
        raise Abandoned

    assert heard == []
    assert head_of(user_topic(7)) == 0


@pytest.mark.django_db(transaction=True)
def test_a_failing_sink_harms_neither_the_change_nor_the_caller(settings: Any) -> None:
    settings.EVENT_SINKS = ["tests.test_journal.fails"]
    with transaction.atomic():
        record(read(7), actor=None)
    assert seqs(user_topic(7)) == [1]

    settings.EVENT_SINKS = ["tests.test_journal.hears"]
    with transaction.atomic():
        record(read(7), actor=None)
    assert heard == [Announcement({"user.7": 2})]


# -- many writers -------------------------------------------------------------------------------------------

THREADS = 6


class Writers:
    """Threads that record over overlapping topics, undo one in ten, and note what they committed."""

    TOPICS = (1, 2, 3, 4, 5)

    def __init__(self, rounds: int) -> None:
        self.rounds = rounds
        self.committed: list[dict[str, int]] = []
        self.abandoned = 0
        self.failures: list[Exception] = []
        self._lock = threading.Lock()

    def run(self) -> None:
        threads = [threading.Thread(target=self._write, args=(n,)) for n in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _write(self, number: int) -> None:
        dice = random.Random(number)
        try:
            for _ in range(self.rounds):
                self._once(dice)
        except Exception as failure:  # noqa: BLE001 - the test asks for it
            self.failures.append(failure)
        finally:
            connections.close_all()

    def _once(self, dice: random.Random) -> None:
        # Repeated and in any order: the locks must be taken sorted all the same.
        people = dice.choices(self.TOPICS, k=dice.randint(1, 4))
        undo = dice.random() < 0.1
        try:
            with transaction.atomic():
                record(*(read(person) for person in people), actor=None)
                if undo:
                    raise Abandoned
        except Abandoned:
            with self._lock:
                self.abandoned += 1


def _write_and_follow(rounds: int) -> tuple[Writers, dict[str, list[int]]]:
    """Let the writers write while a reader follows each topic by its last number, as sockets do."""
    writers = Writers(rounds)
    names = [f"user.{person}" for person in Writers.TOPICS]
    followed: dict[str, list[int]] = {name: [] for name in names}
    done = threading.Event()

    def follow() -> None:
        try:
            last_look = False
            while not last_look:
                last_look = done.is_set()
                for name, seen in followed.items():
                    frames = frames_after(name, seen[-1] if seen else 0, limit=1000)
                    seen.extend(frame.seq for frame in frames)
        finally:
            connections.close_all()

    reader = threading.Thread(target=follow)
    reader.start()
    writers.run()
    done.set()
    reader.join()
    return writers, followed


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "rounds", [40, pytest.param(2000, marks=[pytest.mark.proof, pytest.mark.timeout(3600)])]
)
def test_numbers_are_gapless_and_in_commit_order_under_many_writers(rounds: int) -> None:
    writers, followed = _write_and_follow(rounds)

    assert writers.failures == []
    assert writers.abandoned > 0
    counted = 0
    for name, seen in followed.items():
        head = TopicHead.objects.get(topic=name).seq
        complete = list(range(1, head + 1))
        # No hole, none twice; and whoever followed while it was written missed none of it.
        assert seqs(name) == complete
        assert seen == complete
        counted += head
    assert counted == Entry.objects.count()
    assert Event.objects.count() == counted
    announced: dict[str, list[int]] = {name: [] for name in followed}
    for announcement in heard:
        for topic, seq in announcement.heads.items():
            announced[topic].append(seq)
    for name, numbers in announced.items():
        assert len(set(numbers)) == len(numbers)
        assert max(numbers) == head_of(user_topic(int(name.removeprefix("user."))))
    assert len(heard) == THREADS * rounds - writers.abandoned
