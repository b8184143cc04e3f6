"""Records, annotations, comments and assignments over HTTP."""

from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext

from clinic.models import HealthRecord, Person
from clinic.queries.journal import epoch
from tests import world
from tests.api.client import Api, ok

pytestmark = pytest.mark.django_db
CLINICAL = {"title", "description", "annotations", "attachments"}


def test_a_record_from_its_making_to_its_withdrawal() -> None:
    doctor, patient = world.a_doctor(), world.a_patient()
    body = {"record_type": "LAB_RESULT", "title": "Blood", "content": "fine", "doctor": doctor.pk}

    made = ok(Api(patient).post("/api/records/", body), 201)["record"]
    path = f"/api/records/{made['id']}/"
    assert (made["description"], made["doctor"]["id"], made["version"]) == ("fine", doctor.pk, 1)

    note = ok(Api(doctor).post(f"{path}add_annotation/", {"content": "Good."}), 201)["annotation"]
    response = Api(patient).get(path)
    assert ok(response)["record"]["annotations"] == [note]
    assert ok(response)["stream"]["topic"] == f"record.{made['id']}"
    assert response["ETag"] == '"1"'

    changed = _patch_of(1, patient, path, "Blood count")
    assert ok(changed)["record"]["version"] == 2
    assert _patch_of(1, patient, path, "X").status_code == 412

    history = ok(Api(doctor).get(f"{path}history/"))
    assert [row["title"] for row in history["versions"]] == ["Blood", "Blood count"]

    assert Api(patient).delete(path).status_code == 204
    assert Api(patient).get(path).status_code == 404
    assert ok(Api(doctor).get(path))["record"]["withdrawn"] is True


def test_put_replaces_and_patch_changes() -> None:
    patient = world.a_patient()
    record = world.a_record(patient, title="Knee", description="It hurts.")
    path = f"/api/records/{record.pk}/"

    patched = ok(Api(patient).patch(path, {"title": "Left knee"}))["record"]
    put = ok(Api(patient).put(path, {"title": "Knee", "record_type": "OTHER"}))["record"]

    assert (patched["title"], patched["description"]) == ("Left knee", "It hurts.")
    assert (put["title"], put["description"]) == ("Knee", "")


@pytest.mark.parametrize("who", ["desk", "admin"])
def test_staff_see_that_records_exist_and_not_what_they_say(who: str) -> None:
    viewer = world.a_receptionist() if who == "desk" else world.an_admin()
    doctor, patient = world.a_doctor(), world.a_patient()
    record = world.a_record(patient, doctor)
    world.annotate(record, doctor)

    answer = ok(Api(viewer).get(f"/api/records/{record.pk}/"))
    [listed] = ok(Api(viewer).get("/api/records/"))["records"]

    assert answer.keys() == {"record"}  # no stream: they may not watch its topic
    shown = answer["record"]
    assert not CLINICAL & shown.keys()
    assert listed == shown
    assert ok(Api(viewer).get("/api/comments/"))["comments"] == []


def test_one_annotation_has_three_doors() -> None:
    doctor, patient = world.a_doctor(), world.a_patient()
    record = world.a_record(patient, doctor)
    api = Api(doctor)

    first = ok(api.post(f"/api/records/{record.pk}/add_annotation/", {"content": "one"}), 201)
    second = ok(
        api.post("/api/doctors/annotations/", {"record_id": record.pk, "content": "two"}), 201
    )
    third = ok(api.post("/api/comments/", {"record": record.pk, "comment": "three"}), 201)

    comments = ok(Api(patient).get("/api/comments/", record=record.pk))["comments"]
    assert [one["comment"] for one in comments] == ["three", "two", "one"]
    assert {first["annotation"]["id"], second["annotation"]["id"], third["id"]} == {
        one["id"] for one in comments
    }
    flat = ok(api.patch(f"/api/comments/{third['id']}/", {"comment": "3"}))
    assert flat == ok(Api(patient).get(f"/api/comments/{third['id']}/"))
    assert api.delete(f"/api/annotations/{third['id']}/").status_code == 204
    assert Api(patient).get(f"/api/comments/{third['id']}/").status_code == 404


def test_an_assignment_opens_the_records_and_its_end_closes_them() -> None:
    doctor, patient = world.a_doctor(), world.a_patient()
    record = world.a_record(patient)
    path = f"/api/patients/{patient.pk}/assign/"

    made = ok(Api(world.a_receptionist()).post(path, {"doctor_id": doctor.pk}), 201)["assignment"]
    assert ok(Api(patient).post(path, {"doctor_id": doctor.pk}))["assignment"] == made
    [card] = ok(Api(doctor).get("/api/doctors/my_patients/"))["patients"]
    assert card["id"] == patient.pk
    assert ok(Api(doctor).get("/api/doctors/patients/"))["patients"] == [card]
    ok(Api(doctor).get(f"/api/records/{record.pk}/"))

    listed = f"/api/patients/{patient.pk}/assignments/"
    assert ok(Api(patient).get(listed))["assignments"] == [made]

    ok(Api(doctor).post(f"/api/assignments/{made['id']}/end/"))

    assert ok(Api(patient).get(listed))["assignments"] == []
    assert Api(doctor).get(f"/api/records/{record.pk}/").status_code == 404
    assert ok(Api(doctor).get("/api/doctors/my_patients/"))["patients"] == []


def test_a_doctor_finds_one_of_their_patients() -> None:
    doctor, ana, ben = world.a_doctor(), world.a_patient("ana"), world.a_patient("ben")
    world.assign(ana, doctor)
    world.assign(ben, doctor)
    stranger = world.a_patient("anastasia")
    api, path = Api(doctor), "/api/doctors/my_patients/"

    assert [card["id"] for card in ok(api.get(path, q="ana"))["patients"]] == [ana.pk]
    assert [card["id"] for card in ok(api.get(path, id=ben.pk))["patients"]] == [ben.pk]
    assert ok(api.get(path, id=stranger.pk))["patients"] == []


def test_a_doctor_reads_in_the_inbox_why_a_patient_is_theirs() -> None:
    doctor, ana, desk = world.a_doctor(), world.a_patient(), world.a_receptionist()
    world.assign(ana, doctor, actor=desk)
    world.a_record(ana, doctor)

    lines = ok(Api(doctor).get("/api/notifications/"))["notifications"]

    named, assigned = [line["message"] for line in lines if line["type"] == "doctor.assigned"]
    assert named.startswith(f"{ana.name} named you on a record. You can read record HR-")
    assert assigned == f"{desk.name} assigned you to {ana.name}. You can read all records."


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "record_type"),
        ({"record_type": "DREAM", "title": "x"}, "record_type"),
        ({"record_type": "OTHER", "title": ""}, "title"),
        ({"record_type": "OTHER", "title": "x" * 201}, "title"),
        ({"record_type": "OTHER", "title": "x", "description": "x" * 20_001}, "description"),
        ({"record_type": "OTHER", "title": "x", "doctor_id": 10**15}, "doctor_id"),
        ({"record_type": "OTHER", "title": "x", "is_secret": True}, "is_secret"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_stored(body: dict[str, Any], field: str) -> None:
    answer = ok(Api(world.a_patient()).post("/api/records/", body), 400)

    assert field in {error["field"] for error in answer["errors"]}
    assert not HealthRecord.objects.exists()


def test_read_only_fields_are_ignored() -> None:
    patient, other = world.a_patient(), world.a_patient()
    body = {
        "record_type": "OTHER", "title": "x", "patient": {"id": other.pk}, "version": 9,
        "withdrawn": True, "record_id": "HR-1",
    }  # fmt: skip

    made = ok(Api(patient).post("/api/records/", body), 201)["record"]

    assert (made["patient"]["id"], made["version"], made["withdrawn"]) == (patient.pk, 1, False)
    assert made["record_id"] != "HR-1"


def test_lists_are_filtered_and_cost_the_same_at_any_length(
    django_assert_num_queries: Any,
) -> None:
    doctor, patient = world.a_doctor(), world.a_patient()
    world.a_record(patient, doctor, record_type="LAB_RESULT")
    api = Api(doctor)
    ok(api.get("/api/records/"))
    with django_assert_num_queries(5):
        ok(api.get("/api/records/"))
    for _ in range(12):
        world.annotate(world.a_record(patient, doctor), doctor)

    with django_assert_num_queries(5):
        found = ok(api.get("/api/records/"))

    assert found["count"] == 13
    assert ok(api.get("/api/records/", type="LAB_RESULT"))["count"] == 1
    assert ok(api.get("/api/records/", patient=patient.pk, doctor=doctor.pk))["count"] == 13
    assert ok(api.get("/api/records/", q="rest"))["count"] == 12


def _patch_of(version: int, patient: Person, path: str, title: str) -> HttpResponse:
    headers = {"If-Match": f'"{version}"'}
    return Api(patient).send("PATCH", path, {"title": title}, headers=headers)


def test_a_doctor_finds_no_patient_by_what_is_not_shown() -> None:
    doctor, path = world.a_doctor(), "/api/doctors/my_patients/"
    named = world.a_patient("qx77-login", email="ana@example.org")
    nameless = world.a_patient("zz88", first_name="", last_name="", email="")
    for patient in (named, nameless):
        world.assign(patient, doctor)

    def found(text: str) -> list[int]:
        return [card["id"] for card in ok(Api(doctor).get(path, q=text))["patients"]]

    named.refresh_from_db()
    assert found("login") == []
    assert found(named.last_name) == [named.pk]
    assert found("zz88") == [nameless.pk]  # the name that is shown


@pytest.mark.parametrize("what", ["records", "comments"])
@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_what_is_beyond_reach_takes_as_many_questions_as_what_is_not_there(
    method: str, what: str
) -> None:
    record, stranger = world.a_record(world.a_patient()), world.a_doctor()
    note = world.annotate(record, world.assign(record.patient, world.a_doctor()).doctor)
    api = Api(stranger)
    epoch()  # the very first answer of an installation makes it

    def asked(number: int) -> int:
        body = {"comment": "Rest."} if (method, what) == ("PATCH", "comments") else None
        with CaptureQueriesContext(connection) as captured:
            assert api.send(method, f"/api/{what}/{number}/", body).status_code == 404
        return len(captured)

    assert asked({"records": record.pk, "comments": note.pk}[what]) == asked(10**15)
