"""People, as staff list them, and what admins decide about them."""

import pytest

from clinic.models import Event, Person, Session
from tests import world
from tests.api.client import UNKNOWN, Api, ok, refused, refused_fields, same_refusal
from tests.api.test_registering import DOCTOR, USER

pytestmark = pytest.mark.django_db

DECISIONS = ["approve", "reject", "deactivate", "activate"]


def test_an_admin_lists_everyone_and_reads_anyone() -> None:
    admin = world.an_admin()
    others = [world.a_patient(), world.a_doctor(), world.a_pending_doctor(), world.a_receptionist()]
    api = Api(admin)

    answer = ok(api.get("/api/users/"))

    assert answer.keys() == {"users", "count", "next", "previous"}
    assert {user["id"] for user in answer["users"]} == {admin.pk, *(one.pk for one in others)}
    for user in answer["users"]:
        assert user.keys() == (DOCTOR if user["role"] == "DOCTOR" else USER)
        assert ok(api.get(f"/api/users/{user['id']}/")) == {"user": user}


@pytest.mark.parametrize("make", [world.an_admin, world.a_receptionist])
def test_staff_list_doctors_pending_ones_too_and_patients(make: object) -> None:
    api = Api(make())  # type: ignore[operator]
    doctors = [world.a_doctor(), world.a_pending_doctor()]
    patient = world.a_patient(phone_number="0171")

    found = ok(api.get("/api/users/doctors/"))
    listed = ok(api.get("/api/users/patients/"))

    assert found.keys() == {"doctors", "count", "next", "previous", "stream"}
    assert {user["id"] for user in found["doctors"]} == {doctor.pk for doctor in doctors}
    assert all(user.keys() == DOCTOR for user in found["doctors"])
    assert found["stream"]["topic"] == "desk"
    assert listed.keys() == {"patients", "count", "next", "previous"}
    assert [(user["id"], user["phone_number"]) for user in listed["patients"]] == [
        (patient.pk, "0171")
    ]


def test_a_list_of_many_people_takes_no_more_queries(django_assert_max_num_queries: object) -> None:
    api = Api(world.an_admin())
    for _ in range(12):
        world.a_doctor()

    with django_assert_max_num_queries(6):  # type: ignore[operator]
        ok(api.get("/api/users/"))


@pytest.mark.parametrize("decision", DECISIONS)
def test_a_decision_about_nobody_is_not_found(decision: str) -> None:
    admin = Api(world.an_admin())

    refused(admin.post(f"/api/users/{UNKNOWN}/{decision}/"), 404, "not_found")


@pytest.mark.parametrize("decision", ["approve", "reject"])
def test_only_doctors_are_approved_or_rejected(decision: str) -> None:
    admin, patient = Api(world.an_admin()), world.a_patient()

    known = admin.post(f"/api/users/{patient.pk}/{decision}/")
    unknown = admin.post(f"/api/users/{UNKNOWN}/{decision}/")

    refused(known, 404, "not_found")
    assert same_refusal(known, unknown)


def test_an_approved_doctor_is_found_and_booked() -> None:
    admin, patient = Api(world.an_admin()), Api(world.a_patient())
    doctor = world.a_pending_doctor()
    assert not ok(patient.get("/api/doctors/"))["doctors"]

    user = ok(admin.post(f"/api/users/{doctor.pk}/approve/"))["user"]

    assert user.keys() == DOCTOR
    assert user["is_approved"] is True
    assert [found["id"] for found in ok(patient.get("/api/doctors/"))["doctors"]] == [doctor.pk]


def test_a_rejected_doctor_is_shut_out() -> None:
    admin, doctor = Api(world.an_admin()), world.a_pending_doctor()
    signed_in = Api(doctor)

    user = ok(admin.post(f"/api/users/{doctor.pk}/reject/"))["user"]

    assert (user["is_approved"], user["is_active"]) == (False, False)
    refused(signed_in.get("/api/users/me/"), 401, "token_invalid")


def test_an_approved_doctor_is_not_rejected_but_deactivated() -> None:
    admin, doctor = Api(world.an_admin()), world.a_doctor()

    assert refused_fields(admin.post(f"/api/users/{doctor.pk}/reject/")) == {"id": "invalid"}
    assert ok(admin.post(f"/api/users/{doctor.pk}/deactivate/"))["user"]["is_active"] is False
    assert not ok(Api(world.a_patient()).get("/api/doctors/"))["doctors"]


def test_nobody_deactivates_themselves() -> None:
    admin = world.an_admin()
    api = Api(admin)

    refused(api.post(f"/api/users/{admin.pk}/deactivate/"), 403, "forbidden")

    assert ok(api.get("/api/users/me/"))["user"]["is_active"] is True


@pytest.mark.parametrize(
    ("decision", "make"),
    [
        ("approve", world.a_doctor),
        ("activate", world.a_patient),
        ("deactivate", lambda: world.a_patient(is_active=False)),
        ("reject", lambda: world.a_pending_doctor(is_active=False)),
    ],
)
def test_deciding_what_is_so_already_is_no_event(decision: str, make: object) -> None:
    admin = Api(world.an_admin())
    someone = make()  # type: ignore[operator]

    ok(admin.post(f"/api/users/{someone.pk}/{decision}/"))

    assert not Event.objects.exists()


def test_decisions_end_no_other_sessions() -> None:
    admin, patient, other = Api(world.an_admin()), world.a_patient(), world.a_patient()
    Api(other)

    ok(admin.post(f"/api/users/{patient.pk}/deactivate/"))

    assert Session.objects.filter(ended_at=None).count() == 2
    assert Person.objects.filter(is_active=False).get() == patient
