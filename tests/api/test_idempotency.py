"""One effect and one answer for a request that is sent more than once."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine

from clinic import clock
from clinic.actions.retention import drop_expired
from clinic.models import Appointment, Doctor, Entry, IdempotentAnswer
from tests import world
from tests.api.client import Api, Json, ok, refused, refused_fields
from tests.together import together

BOOK = "/api/appointments/book/"


def booking(**changes: Any) -> Json:
    doctor = world.a_doctor()
    start = world.next_free_start(doctor).isoformat()
    return {"doctor_id": doctor.pk, "start": start, "notes": "my knee", **changes}


def every_signed_in_post() -> dict[str, tuple[Api, Json]]:
    """An address with a body for each POST that is not about signing in."""
    admin, patient = Api(world.an_admin()), world.a_patient()
    visit = world.book(world.a_doctor(), patient)
    times = {"start": "2190-01-01T00:00:00Z", "end": "2190-01-02T00:00:00Z"}
    return {
        BOOK: (Api(world.a_patient()), booking()),
        f"/api/appointments/{visit.pk}/cancel/": (Api(patient), {"reason": "ill"}),
        "/api/doctors/time_off/": (Api(world.a_doctor()), times),
        "/api/notifications/read/": (Api(visit.doctor), {"up_to": 100}),
        f"/api/users/{world.a_pending_doctor().pk}/approve/": (admin, {}),
        f"/api/users/{world.a_pending_doctor().pk}/reject/": (admin, {}),
        f"/api/users/{world.a_patient().pk}/deactivate/": (admin, {}),
        f"/api/users/{world.a_patient(is_active=False).pk}/activate/": (admin, {}),
    }


@pytest.mark.django_db
def test_every_signed_in_post_is_answered_once() -> None:
    for path, (api, body) in every_signed_in_post().items():
        first = api.post(path, body, key="the-same")
        told = Entry.objects.count()
        again = api.post(path, body, key="the-same")
        assert first.status_code in (200, 201), path
        assert (again.status_code, again.content) == (first.status_code, first.content), path
        assert Entry.objects.count() == told, path
        refused(api.post(path, {**body, "x": 1}, key="the-same"), 422, "idempotency_key_reused")


@pytest.mark.django_db
def test_the_answer_stays_what_it_was() -> None:
    api, body = Api(world.a_patient()), booking()
    first = ok(api.post(BOOK, body, key="k"), 201)
    ok(api.post(f"/api/appointments/{first['appointment']['id']}/cancel/"))

    assert ok(api.post(BOOK, body, key="k"), 201) == first
    assert Appointment.objects.count() == 1


@pytest.mark.django_db
def test_a_key_belongs_to_one_person_and_one_path() -> None:
    ana, ben, body = world.a_patient(), world.a_patient(), booking()
    visit = ok(Api(ana).post(BOOK, body, key="k"), 201)["appointment"]

    refused(Api(ben).post(BOOK, body, key="k"), 409, "slot_taken")
    ok(Api(ana).post(f"/api/appointments/{visit['id']}/cancel/", key="k"))


@pytest.mark.django_db
def test_the_order_and_the_spelling_of_the_body_do_not_matter() -> None:
    api, body = Api(world.a_patient()), booking()
    first = ok(api.post(BOOK, body, key="k"), 201)

    assert ok(api.post(BOOK, dict(reversed(body.items())), key="k"), 201) == first


@pytest.mark.django_db
def test_refusals_are_not_kept() -> None:
    api, body = Api(world.a_patient()), booking()
    start = datetime.fromisoformat(body["start"])
    taken = world.book(Doctor.objects.get(), world.a_patient(), start)
    refused(api.post(BOOK, body, key="k"), 409, "slot_taken")
    refused_fields(api.post(BOOK, {}, key="k"))
    assert not IdempotentAnswer.objects.exists()
    world.cancel(taken)

    ok(api.post(BOOK, body, key="k"), 201)


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["", "x" * 201, "a\0b", "\x7f", "tab\t"])
def test_a_key_is_printable_and_not_endless(key: str) -> None:
    api, body = Api(world.a_patient()), booking()

    assert refused_fields(api.post(BOOK, body, key=key)) == {"Idempotency-Key": "invalid"}
    assert not Appointment.objects.exists()


@pytest.mark.django_db
def test_a_key_of_two_hundred_characters_works() -> None:
    api, body = Api(world.a_patient()), booking()

    assert ok(api.post(BOOK, body, key="k" * 200), 201) == ok(
        api.post(BOOK, body, key="k" * 200), 201
    )


@pytest.mark.django_db
def test_without_a_key_each_request_stands_for_itself() -> None:
    api, body = Api(world.a_patient()), booking()
    ok(api.post(BOOK, body), 201)

    assert api.post(BOOK, body).status_code == 409
    assert not IdempotentAnswer.objects.exists()


@pytest.mark.django_db
def test_a_key_is_forgotten_after_a_day() -> None:
    api, body = Api(world.a_patient()), booking()
    ok(api.post(BOOK, body, key="k"), 201)
    with time_machine.travel(clock.now() + timedelta(hours=23), tick=False):
        drop_expired()
        assert IdempotentAnswer.objects.exists()
    with time_machine.travel(clock.now() + timedelta(hours=25), tick=False):
        drop_expired()
        assert not IdempotentAnswer.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/api/auth/login/", "/api/token/"])
def test_tokens_are_never_kept_under_a_key(path: str) -> None:
    world.a_patient("ana")
    body = {"username": "ana", "password": world.PASSWORD}

    answers = [ok(Api().post(path, body, key="k")) for _ in range(2)]

    assert answers[0] != answers[1]
    assert not IdempotentAnswer.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_parallel_twin_waits_and_gets_the_same_answer() -> None:
    token, body = world.tokens(world.a_patient()).access, booking()

    answers = together(*[lambda: Api(token=token).post(BOOK, body, key="k").content] * 4)

    assert len(set(answers)) == 1, answers
    assert b'"SCHEDULED"' in answers[0]  # type: ignore[operator]
    assert Appointment.objects.count() == 1
