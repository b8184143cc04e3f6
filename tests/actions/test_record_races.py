"""Records while somebody else does something: a right, once ended, is not used; what was written stays.

Only where several write at the same moment: SQLite lets one at a time.
"""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction

from clinic.actions.annotations import remove_annotation, update_annotation
from clinic.actions.records import assign_record, update_record
from clinic.errors import NotFound
from clinic.models import Annotation, Assignment, HealthRecord
from clinic.topics import user_topic
from tests import world
from tests.together import together

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.engine("postgres")]


@pytest.fixture(autouse=True)
def no_sinks(settings: Any) -> None:
    settings.EVENT_SINKS = []


def meanwhile(first: Callable[[], Any], second: Callable[[], Any]) -> Any:
    """What the second comes to, which begins when the first has done its work and not yet committed."""
    done = threading.Event()

    def hold() -> None:
        with transaction.atomic():
            first()
            done.set()
            time.sleep(0.5)

    def follow() -> Any:
        assert done.wait(10)
        return second()

    held, followed = together(hold, follow)
    assert held is None, held
    return followed


def test_cancelling_does_not_void_what_a_doctor_is_writing_in() -> None:
    doctor, patient = world.a_doctor(), world.a_patient()
    visit = world.book(doctor, patient)

    meanwhile(lambda: world.annotate(visit.health_record, doctor), lambda: world.cancel(visit))

    assert HealthRecord.objects.get().voided_at is None


def test_cancelling_does_not_undo_what_a_patient_is_writing() -> None:
    doctor, patient = world.a_doctor(), world.a_patient()
    visit = world.book(doctor, patient)
    changes = {"title": "Left knee"}

    meanwhile(
        lambda: update_record(actor=patient, record_id=visit.health_record.pk, changes=changes),
        lambda: world.cancel(visit),
    )

    left = HealthRecord.objects.get()
    assert (left.title, left.version, left.voided_at) == ("Left knee", 2, None)


def test_no_note_is_written_once_the_assignment_has_ended() -> None:
    doctor, patient = world.a_doctor(), world.a_patient()
    record, assignment = world.a_record(patient), world.assign(patient, doctor)

    refused = meanwhile(lambda: world.end(assignment), lambda: world.annotate(record, doctor))

    assert isinstance(refused, NotFound)
    assert not Annotation.objects.exists()


@pytest.mark.parametrize(
    "act",
    [
        lambda actor, note: update_annotation(actor=actor, annotation_id=note, content="Run."),
        lambda actor, note: remove_annotation(actor=actor, annotation_id=note),
    ],
)
def test_no_note_is_changed_once_its_author_is_not_named_any_more(act: Callable[..., Any]) -> None:
    doctor, patient = world.a_doctor(), world.a_patient()
    record = world.a_record(patient, doctor)
    note = world.annotate(record, doctor, "Rest.")

    refused = meanwhile(
        lambda: assign_record(actor=patient, record_id=record.pk, doctor_id=None),
        lambda: act(doctor.person, note.pk),
    )

    assert isinstance(refused, NotFound)
    assert Annotation.objects.get(removed_at=None).content == "Rest."


def test_who_is_not_assigned_any_more_is_not_told_of_what_comes_after() -> None:
    doctor, patient = world.a_doctor(), world.a_patient()
    record, assignment = world.a_record(patient), world.assign(patient, doctor)

    meanwhile(
        lambda: world.end(assignment),
        lambda: update_record(actor=patient, record_id=record.pk, changes={"title": "Hip"}),
    )

    assert HealthRecord.objects.get().title == "Hip"
    assert world.types_in(user_topic(doctor.pk))[-1] == "doctor.unassigned"


def test_assigned_by_many_at_once_it_is_one_assignment_and_told_once() -> None:
    doctor, patient, desk = world.a_doctor(), world.a_patient(), world.a_receptionist()

    assigned = together(*[lambda: world.assign(patient, doctor, actor=desk)] * 6)

    [assignment] = Assignment.objects.all()
    assert assigned == [assignment] * 6
    assert world.types_in(user_topic(doctor.pk)) == ["doctor.assigned"]

    ended = together(*[lambda: world.end(assignment, actor=desk)] * 6)

    assert {each.ended_at for each in ended if isinstance(each, Assignment)} == {
        Assignment.objects.get().ended_at
    }
    assert world.types_in(user_topic(doctor.pk)) == ["doctor.assigned", "doctor.unassigned"]
