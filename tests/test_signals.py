"""The public signal: after the commit, with ids only, and no receiver can harm what it tells of."""

import logging
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction

from clinic import signals
from clinic.models import Event, HealthRecord
from clinic.signals import doctor_assigned
from tests import world
from tests.api.client import Api

pytestmark = pytest.mark.django_db(transaction=True)
SECRET = "a swollen knee"

heard: list[dict[str, Any]] = []


def hears(**told: Any) -> None:
    told.pop("signal")
    assert told.pop("sender").type == "doctor.assigned"
    heard.append(told)


def fails(**told: Any) -> None:
    raise RuntimeError(HealthRecord.objects.get().description)


@pytest.fixture(autouse=True)
def listening() -> Iterator[None]:
    # Nothing of ours does.
    assert doctor_assigned.receivers == []
    doctor_assigned.connect(hears)
    heard.clear()
    yield
    for receiver in (hears, fails):
        doctor_assigned.disconnect(receiver)


def test_each_way_to_be_assigned_is_told_once_in_ids() -> None:
    doctor, patient, desk = world.a_doctor(), world.a_patient(), world.a_receptionist()
    booked = world.book(doctor, patient)
    world.book(doctor, patient)
    visit = HealthRecord.objects.earliest("pk")
    assignment = world.assign(patient, doctor, actor=desk)
    world.assign(patient, doctor, actor=desk)
    record = world.a_record(patient, doctor)

    both = {"doctor_id": doctor.pk, "patient_id": patient.pk}
    told = [{k: v for k, v in one.items() if k not in ("event_id", "at")} for one in heard]
    by = {"actor_id": booked.patient_id}
    assert told == [
        {**both, **by, "why": "booking", "record_id": visit.pk, "assignment_id": None},
        {**both, "actor_id": desk.pk, "why": "patient", "record_id": None}
        | {"assignment_id": assignment.pk},
        {**both, **by, "why": "record", "record_id": record.pk, "assignment_id": None},
    ]
    rows = Event.objects.filter(type="doctor.assigned")
    assert [(one["event_id"], one["at"]) for one in heard] == list(
        rows.order_by("at").values_list("id", "at")
    )
    assert all(isinstance(value, int | str | UUID | None) for one in told for value in one.values())


def test_what_was_rolled_back_is_never_told() -> None:
    doctor, patient = world.a_doctor(), world.a_patient()

    class Abandoned(Exception):
        pass

    with suppress(Abandoned), transaction.atomic():
        world.assign(patient, doctor)
        raise Abandoned
    assert heard == []

    with transaction.atomic():
        world.assign(patient, doctor)
        assert heard == []
    assert len(heard) == 1


def test_a_receiver_that_raises_harms_nobody_and_is_logged_without_what_it_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    doctor_assigned.disconnect(hears)
    doctor_assigned.connect(fails)
    doctor_assigned.connect(hears)  # after the one that fails
    doctor, patient = world.a_doctor(), world.a_patient()
    body = {"record_type": "OTHER", "title": "Knee", "description": SECRET, "doctor": doctor.pk}

    with caplog.at_level(logging.INFO):
        answer = Api(patient).post("/api/records/", body)

    assert answer.status_code == 201, answer.content
    assert len(heard) == 1
    assert "signal_receiver_failed" in caplog.text
    assert f"{__name__}.fails" in caplog.text
    assert SECRET not in caplog.text


def test_the_settings_send_it_last_so_that_no_screen_waits_for_it(settings: Any) -> None:
    assert settings.EVENT_SINKS[-1] == f"{signals.__name__}.{signals.send.__name__}"
