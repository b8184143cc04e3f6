"""Many book and cancel at once: nobody is booked twice, no day is overfull, and all numbers agree."""

import random
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import (
    IntegrityError,
    OperationalError,
    connection,
    connections,
    transaction,
)

from clinic.actions.appointments import cancel_appointment, reschedule_appointment
from clinic.actions.visit_links import act_by_link
from clinic.errors import (
    DayFull,
    InvalidTransition,
    PatientBusy,
    SlotTaken,
    VersionConflict,
    VisitMoved,
)
from clinic.links import VisitAct, new_visit_token
from clinic.models import Appointment, Doctor, Entry, HealthRecord, Person, TopicHead
from clinic.models.appointments import DOCTOR_OVERLAP
from clinic.rules.statuses import Status
from clinic.topics import calendar_topic
from tests import world
from tests.models.rawsql import count_overlaps, execute
from tests.together import together

pytestmark = pytest.mark.django_db(transaction=True)

THREADS = 6
EXPECTED = (SlotTaken, PatientBusy, DayFull, InvalidTransition)


@pytest.fixture(autouse=True)
def no_sinks(settings: Any) -> None:
    settings.EVENT_SINKS = []


class Crowd:
    """Threads that each make some attempts; what became of them is counted."""

    def __init__(self, attempts: int, attempt: Callable[[random.Random], str]) -> None:
        self.outcomes: Counter[str] = Counter()
        self._attempts = attempts // THREADS
        self._attempt = attempt
        self._lock = threading.Lock()

    def run(self) -> Counter[str]:
        threads = [threading.Thread(target=self._work, args=(n,)) for n in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return self.outcomes

    def _work(self, number: int) -> None:
        dice = random.Random(number)
        try:
            for _ in range(self._attempts):
                outcome = self._outcome(dice)
                with self._lock:
                    self.outcomes[outcome] += 1
        finally:
            connections.close_all()

    def _outcome(self, dice: random.Random) -> str:
        try:
            return self._attempt(dice)
        except EXPECTED as refusal:
            return refusal.code
        except Exception as failure:  # noqa: BLE001 - the test asks for it
            return f"failed: {type(failure).__name__}: {failure}"


def book_or_cancel(
    doctors: Sequence[Doctor], patients: Sequence[Person], starts: Sequence[datetime], desk: Person
) -> Callable[[random.Random], str]:
    """One attempt: two in three book, the rest cancel something of a patient."""

    def attempt(dice: random.Random) -> str:
        patient = dice.choice(patients)
        if dice.random() < 2 / 3:
            world.book(dice.choice(doctors), patient, dice.choice(starts))
            return "booked"
        mine = Appointment.objects.filter(patient=patient, status=Status.SCHEDULED)
        appointment_id = mine.order_by("?").values_list("pk", flat=True).first()
        if appointment_id is None:
            return "nothing to cancel"
        before = Appointment.objects.get(pk=appointment_id).version
        after = cancel_appointment(actor=desk, appointment_id=appointment_id)
        return "cancelled" if before == 1 and after.version == 2 else "cancelled before"

    return attempt


@pytest.mark.parametrize(
    "attempts",
    [800, pytest.param(100_000, marks=[pytest.mark.proof, pytest.mark.timeout(7200)])],
)
def test_nobody_is_booked_twice_by_a_crowd(attempts: int) -> None:
    doctors = [world.a_doctor() for _ in range(3)]
    patients = [world.a_patient() for _ in range(4)]
    starts = world.next_free_starts(doctors[0], 5)

    outcomes = Crowd(
        attempts, book_or_cancel(doctors, patients, starts, world.a_receptionist())
    ).run()

    print(f"{attempts} attempts: {dict(outcomes)}")
    assert not [outcome for outcome in outcomes if outcome.startswith("failed")], outcomes
    assert min(outcomes[kind] for kind in ("booked", "cancelled", "slot_taken", "patient_busy")) > 0
    assert count_overlaps() == 0
    _counts_agree(outcomes, doctors)


def _counts_agree(outcomes: Counter[str], doctors: Sequence[Doctor]) -> None:
    standing = Appointment.objects.filter(status=Status.SCHEDULED).count()
    assert Appointment.objects.count() == HealthRecord.objects.count() == outcomes["booked"]
    assert HealthRecord.objects.filter(voided_at=None).count() == standing
    told = Counter(Entry.objects.filter(topic="desk").values_list("event__type", flat=True))
    assert told["appointment.booked"] == outcomes["booked"]
    assert told["appointment.cancelled"] == outcomes["booked"] - standing
    for doctor in doctors:
        topic = str(calendar_topic(doctor.pk))
        head = TopicHead.objects.get(topic=topic).seq
        assert [entry.seq for entry in world.entries(topic)] == list(range(1, head + 1))


def write_past_the_actions(
    doctors: Sequence[Doctor], patients: Sequence[Person], first: datetime
) -> Callable[[random.Random], str]:
    """One attempt, without locks and without looking: insert a row of any length, or set one's status."""

    def attempt(dice: random.Random) -> str:
        start = first + timedelta(minutes=dice.randrange(0, 120, 5))
        try:
            if dice.random() < 1 / 2:
                minutes = dice.choice([5, 15, 40])
                world.an_appointment(
                    dice.choice(doctors), dice.choice(patients), start, minutes=minutes
                )
                return "inserted"
            rows = Appointment.objects.filter(doctor=dice.choice(doctors), start=start)
            changed = rows.update(status=dice.choice([Status.CANCELLED, Status.SCHEDULED]))
            return f"changed {bool(changed)}"
        except IntegrityError as error:
            return "doctor" if DOCTOR_OVERLAP in str(error) else "patient"
        except OperationalError as error:
            # Two that wait for each other's row: PostgreSQL refuses one of them.
            return "deadlock" if "deadlock" in str(error) else f"failed: {error}"

    return attempt


@pytest.mark.parametrize(
    "attempts",
    [1_800, pytest.param(100_000, marks=[pytest.mark.proof, pytest.mark.timeout(7200)])],
)
def test_the_engine_alone_refuses_every_overlap_of_a_crowd(attempts: int) -> None:
    doctors = [world.a_doctor() for _ in range(3)]
    patients = [world.a_patient() for _ in range(4)]

    outcomes = Crowd(
        attempts, write_past_the_actions(doctors, patients, world.utc("2027-03-01 09:00"))
    ).run()

    print(f"{attempts} attempts: {dict(outcomes)}")
    assert not [outcome for outcome in outcomes if outcome.startswith("failed")], outcomes
    assert min(outcomes[kind] for kind in ("inserted", "doctor", "patient", "changed True")) > 0
    assert Appointment.objects.count() == outcomes["inserted"]
    assert count_overlaps() == 0


def test_without_the_database_settling_it_a_crowd_does_book_twice() -> None:
    """The same crowd on a table that only a check before the insert protects: why there is a rule."""
    execute("CREATE TABLE naive (doctor int, starts timestamp)")
    try:
        slots = [datetime(2027, 3, 1) + n * timedelta(hours=1) for n in range(200)]

        for number, slot in enumerate(slots):
            together(*[lambda n=number, s=slot: _check_then_insert(n, s)] * THREADS)
            if _booked_twice():
                break

        assert _booked_twice() > 0
    finally:
        execute("DROP TABLE naive")


def _check_then_insert(doctor: int, start: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM naive WHERE doctor = %s AND starts = %s", [doctor, start]
        )
        if cursor.fetchone()[0] == 0:
            cursor.execute("INSERT INTO naive VALUES (%s, %s)", [doctor, start])


def _booked_twice() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM (SELECT 1 FROM naive GROUP BY doctor, starts HAVING count(*) > 1) t"
        )
        return int(cursor.fetchone()[0])


@pytest.mark.parametrize(
    "rounds", [6, pytest.param(500, marks=[pytest.mark.proof, pytest.mark.timeout(3600)])]
)
def test_the_daily_limit_is_never_exceeded(rounds: int) -> None:
    limit = 2
    doctor = world.a_doctor(limit=limit, hours={"MONDAY": world.LONG_DAY})
    patients = [world.a_patient() for _ in range(THREADS)]
    [start] = world.next_free_starts(doctor, 1)

    for week in range(rounds):
        monday = start + timedelta(weeks=week)
        times = [monday + n * timedelta(minutes=30) for n in range(THREADS)]
        results = together(
            *(
                lambda patient=patient, time=time: world.book(doctor, patient, time)
                for patient, time in zip(patients, times, strict=True)
            )
        )

        kinds = Counter(type(result) for result in results)
        assert kinds == {Appointment: limit, DayFull: THREADS - limit}, results
    assert Appointment.objects.count() == rounds * limit


@pytest.mark.parametrize(
    "rounds", [8, pytest.param(500, marks=[pytest.mark.proof, pytest.mark.timeout(3600)])]
)
def test_a_patient_wanted_by_many_doctors_at_once_gets_one(rounds: int) -> None:
    """Different doctors' locks do not meet: here only the patient's own rule can settle it."""
    doctors = [world.a_doctor() for _ in range(THREADS)]
    starts = world.next_free_starts(doctors[0], rounds)
    patient = world.a_patient()

    for start in starts:
        results = together(
            *(lambda doctor=doctor, s=start: world.book(doctor, patient, s) for doctor in doctors)
        )

        assert Counter(type(result) for result in results) == {
            Appointment: 1,
            PatientBusy: THREADS - 1,
        }, results
    assert count_overlaps() == 0


def test_one_slot_wanted_by_many_is_given_once() -> None:
    doctor = world.a_doctor()
    patients = [world.a_patient() for _ in range(THREADS)]

    for start in world.next_free_starts(doctor, 8):
        results = together(
            *(
                lambda patient=patient, s=start: world.book(doctor, patient, s)
                for patient in patients
            )
        )

        assert Counter(type(result) for result in results) == {
            Appointment: 1,
            SlotTaken: THREADS - 1,
        }, results


def test_many_cancel_at_once_and_it_is_told_once() -> None:
    doctor, patient, desk = world.a_doctor(), world.a_patient(), world.a_receptionist()

    for _ in range(5):
        appointment = world.book(doctor, patient)
        results = together(*[lambda a=appointment: world.cancel(a, actor=desk)] * THREADS)

        assert {result.version for result in results if isinstance(result, Appointment)} == {2}
        assert len(results) == THREADS
    told = Entry.objects.filter(topic="desk", event__type="appointment.cancelled")
    assert told.count() == 5


def test_a_transaction_that_is_undone_leaves_the_slot_to_others() -> None:
    doctor = world.a_doctor()
    [start] = world.next_free_starts(doctor, 1)

    def book_and_undo() -> None:
        with transaction.atomic():
            world.book(doctor, world.a_patient("undoer"), start)
            raise InterruptedError

    [undone] = together(book_and_undo)

    assert isinstance(undone, InterruptedError)
    assert world.book(doctor, world.a_patient(), start).start == start


def test_a_visit_that_is_moved_at_this_moment_is_not_cancelled_by_a_link_to_its_old_time() -> None:
    doctor = world.a_doctor()
    for day in range(4):
        visit = world.book(doctor, world.a_patient())
        ana, old = visit.patient, visit.start
        later = old + timedelta(days=7 + day)
        token = new_visit_token(VisitAct.CANCEL, ana, visit)

        by_link, moved = together(
            lambda token=token: act_by_link(token=token, act=VisitAct.CANCEL),  # type: ignore[misc]
            lambda ana=ana, visit=visit, later=later: reschedule_appointment(  # type: ignore[misc]
                actor=ana, appointment_id=visit.pk, when=later
            ),
        )

        visit.refresh_from_db()
        if isinstance(by_link, Exception):
            assert isinstance(by_link, VisitMoved | VersionConflict)
            assert (visit.status, visit.start) == (Status.SCHEDULED, later)
        else:
            assert isinstance(moved, InvalidTransition)
            assert (visit.status, visit.start) == (Status.CANCELLED, old)
