"""One effect and one answer for a request that is sent more than once."""

import itertools
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from clinic.actions.appointments import book_appointment
from clinic.actions.idempotency import Answer, answer_once
from clinic.errors import IdempotencyKeyReused, SlotTaken
from clinic.models import Appointment, Doctor, Entry, IdempotentAnswer, Person
from tests import world
from tests.together import together

PATH = "/api/appointments/book/"
BODY = {"doctor_id": 1, "notes": "ü"}


class Effect:
    """Something that happens, counted."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> Answer:
        self.times += 1
        return Answer(201, {"turn": self.times})


def ask(actor: Person, effect: Callable[[], Answer], **changes: Any) -> Answer:
    fields = {"path": PATH, "key": "k-1", "request": BODY, **changes}
    return answer_once(actor=actor, effect=effect, **fields)


@pytest.mark.django_db
def test_the_same_request_has_one_effect_and_one_answer() -> None:
    patient, effect = world.a_patient(), Effect()

    answers = [ask(patient, effect) for _ in range(3)]

    assert effect.times == 1
    assert answers == [Answer(201, {"turn": 1})] * 3


@pytest.mark.django_db
@pytest.mark.parametrize("changes", [{"key": "k-2"}, {"path": "/api/elsewhere/"}, {"key": "K-1"}])
def test_another_key_or_path_is_another_request(changes: dict[str, Any]) -> None:
    patient, effect = world.a_patient(), Effect()
    ask(patient, effect)

    assert ask(patient, effect, **changes) == Answer(201, {"turn": 2})


@pytest.mark.django_db
def test_keys_belong_to_their_person() -> None:
    effect = Effect()

    answers = [ask(world.a_patient(), effect) for _ in range(2)]

    assert answers == [Answer(201, {"turn": 1}), Answer(201, {"turn": 2})]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "request_", [{}, None, {"doctor_id": 2, "notes": "ü"}, {"doctor_id": "1", "notes": "ü"}]
)
def test_another_body_under_the_same_key_is_refused(request_: Any) -> None:
    patient, effect = world.a_patient(), Effect()
    ask(patient, effect)

    with pytest.raises(IdempotencyKeyReused):
        ask(patient, effect, request=request_)
    assert effect.times == 1


@pytest.mark.django_db
def test_the_order_of_a_bodys_fields_does_not_matter() -> None:
    patient, effect = world.a_patient(), Effect()
    ask(patient, effect)

    assert ask(patient, effect, request=dict(reversed(BODY.items()))) == Answer(201, {"turn": 1})


@pytest.mark.django_db
def test_a_refusal_is_not_kept() -> None:
    doctor, patient, other = world.a_doctor(), world.a_patient(), world.a_patient()
    start = world.next_free_start(doctor)
    in_the_way = world.book(doctor, other, start)

    with pytest.raises(SlotTaken):
        ask(patient, _booking(doctor, patient, start))
    assert not IdempotentAnswer.objects.exists()
    world.cancel(in_the_way)

    assert ask(patient, _booking(doctor, patient, start)).status == 201


@pytest.mark.django_db
def test_what_was_rolled_back_can_be_asked_again_and_what_was_not_is_not_repeated() -> None:
    patient, effect = world.a_patient(), Effect()
    with suppress(ZeroDivisionError), transaction.atomic():
        ask(patient, effect)
        raise ZeroDivisionError

    assert ask(patient, effect) == Answer(201, {"turn": 2})
    assert ask(patient, effect) == Answer(201, {"turn": 2})


@pytest.mark.django_db
def test_a_kept_answer_is_encrypted() -> None:
    ask(world.a_patient(), lambda: Answer(201, {"notes": "sarcoma-81"}))

    with connection.cursor() as cursor:
        cursor.execute("SELECT body FROM clinic_idempotentanswer")
        assert b"sarcoma-81" not in bytes(cursor.fetchone()[0])


@pytest.mark.django_db
def test_a_copy_of_the_database_does_not_say_what_was_asked(settings: Any) -> None:
    ana, ben = world.a_patient(), world.a_patient()
    for actor, key in ((ana, "k-1"), (ana, "k-2"), (ben, "k-1")):
        ask(actor, Effect(), key=key)

    assert IdempotentAnswer.objects.values("body_digest").distinct().count() == 3

    # Nobody without the secret key can try bodies out; with another one nothing is done twice.
    settings.SECRET_KEY, effect = "another secret key" * 3, Effect()
    with pytest.raises(IdempotencyKeyReused):
        ask(ana, effect)
    assert effect.times == 0


def _booking(doctor: Doctor, patient: Person, start: Any) -> Callable[[], Answer]:
    def effect() -> Answer:
        booking = book_appointment(actor=patient, doctor_id=doctor.pk, when=start)
        return Answer(201, {"id": booking.appointment.pk})

    return effect


@pytest.mark.django_db(transaction=True)
def test_parallel_twins_book_once_and_all_get_that_booking(settings: Any) -> None:
    settings.EVENT_SINKS = []
    doctor, patient = world.a_doctor(), world.a_patient()
    starts = world.next_free_starts(doctor, 5)

    for number, start in enumerate(starts):
        effect = _booking(doctor, patient, start)
        twins = [lambda n=number, e=effect: ask(patient, e, key=f"k-{n}")] * 6
        answers = together(*twins)

        booked = Appointment.objects.get(start=start)
        assert answers == [Answer(201, {"id": booked.pk})] * 6
    assert Appointment.objects.count() == IdempotentAnswer.objects.count() == len(starts)
    told = Entry.objects.filter(topic="desk", event__type="appointment.booked")
    assert told.count() == len(starts)


@pytest.mark.django_db(transaction=True)
def test_a_twin_waits_for_the_first_and_tries_itself_when_that_is_refused() -> None:
    patient = world.a_patient()
    first_is_inside = threading.Event()
    turns = itertools.count(1)

    def effect() -> Answer:
        if (turn := next(turns)) == 1:
            first_is_inside.set()
            time.sleep(0.5)
            raise SlotTaken
        return Answer(201, {"turn": turn})

    def twin() -> Answer:
        assert first_is_inside.wait(10)
        return ask(patient, effect)

    first, second = together(lambda: ask(patient, effect), twin)

    assert isinstance(first, SlotTaken)
    assert second == Answer(201, {"turn": 2})


@pytest.mark.django_db
def test_while_the_heads_of_topics_are_locked_nothing_but_their_events_is_written() -> None:
    """The answer is kept before: others who change the same topics would wait for that, too."""
    doctor, patient = world.a_doctor(), world.a_patient()
    start = world.next_free_start(doctor)

    def book() -> Answer:
        visit = book_appointment(actor=patient, doctor_id=doctor.pk, when=start).appointment
        return Answer(201, {"id": visit.pk})

    with CaptureQueriesContext(connection) as captured:
        ask(patient, book)

    said = [query["sql"] for query in captured.captured_queries]
    [locked] = [at for at, sql in enumerate(said) if "ON CONFLICT (topic)" in sql]
    afterwards = [sql.split(" (")[0] for sql in said[locked + 1 :]]
    assert [sql for sql in afterwards if not sql.startswith(("RELEASE", "COMMIT"))] == [
        "INSERT INTO clinic_notification",
        "INSERT INTO clinic_entry",
    ]
