"""One's own profile: what can be changed, and what never is."""

import pytest

from clinic.models import Doctor, Person
from tests import world
from tests.api.client import Api, Json, ok, refused_fields
from tests.api.test_registering import DOCTOR, USER

pytestmark = pytest.mark.django_db

ME = "/api/users/me/"
# Everything a person may not give themselves, with a value that would be one.
READ_ONLY = {
    "id": 4711, "username": "other", "email_verified_at": "2001-01-01T00:00:00Z", "role": "ADMIN",
    "is_approved": True, "is_active": False, "created_at": "2001-01-01T00:00:00Z",
    "updated_at": "2001-01-01T00:00:00Z", "available_days": world.EVERY_DAY,
    "appointment_duration": 5, "max_patients_per_day": 1,
}  # fmt: skip


@pytest.mark.parametrize(
    ("make", "fields"),
    [
        (world.a_patient, USER), (world.a_receptionist, USER), (world.an_admin, USER),
        (world.a_doctor, DOCTOR), (world.a_pending_doctor, DOCTOR),
    ],
)  # fmt: skip
def test_everyone_reads_their_own_profile(make: object, fields: set[str]) -> None:
    someone = make()  # type: ignore[operator]

    answer = ok(Api(someone).get(ME))

    assert answer.keys() == {"user"}
    assert answer["user"].keys() == fields
    assert answer["user"]["id"] == someone.pk


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_every_field_of_the_profile_can_be_changed(method: str) -> None:
    api = Api(world.a_patient())
    changes = {
        "first_name": "Ána", "last_name": "Ďurišová", "date_of_birth": "1988-02-29",
        "phone_number": "+49 30 1234", "address": "Weg 1\nHaus B", "location": "Ost",
        "time_zone": "Europe/Bratislava", "language": "sk",
    }  # fmt: skip

    answer = ok(api.send(method, ME, changes))

    assert answer["user"] | changes == answer["user"]
    assert ok(api.get(ME)) == answer


def test_what_is_not_named_stays() -> None:
    api = Api(world.a_patient(phone_number="1", location="Ost"))

    ok(api.put(ME, {"location": "West"}))

    user = ok(api.get(ME))["user"]
    assert (user["phone_number"], user["location"]) == ("1", "West")


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
@pytest.mark.parametrize("make", [world.a_patient, world.a_pending_doctor])
@pytest.mark.parametrize("field", READ_ONLY)
def test_read_only_fields_may_come_along_and_are_never_stored(
    make: object, method: str, field: str
) -> None:
    someone = make()  # type: ignore[operator]
    api = Api(someone)
    before = ok(api.get(ME))["user"]

    after = ok(api.send(method, ME, {field: READ_ONLY[field]}))["user"]

    assert {**after, "updated_at": None} == {**before, "updated_at": None}
    assert after["updated_at"] != READ_ONLY["updated_at"]


def test_the_answer_can_be_sent_back_whole() -> None:
    api = Api(world.a_doctor())
    user = ok(api.get(ME))["user"]

    again = ok(api.put(ME, user))["user"]

    assert {**again, "updated_at": None} == {**user, "updated_at": None}


@pytest.mark.parametrize(
    "field", ["is_superuser", "is_staff", "password", "groups", "is_demo", "x"]
)
def test_unknown_fields_are_refused(field: str) -> None:
    patient = world.a_patient()

    assert refused_fields(Api(patient).patch(ME, {field: True})) == {field: "unknown"}
    assert not Person.objects.filter(is_staff=True).exists()


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"date_of_birth": "1990-13-01"}, "date_of_birth", "invalid"),
        ({"date_of_birth": 19900101}, "date_of_birth", "invalid"),
        ({"time_zone": "Nowhere/Land"}, "time_zone", "invalid"),
        ({"time_zone": "../../etc/localtime"}, "time_zone", "invalid"),
        ({"time_zone": None}, "time_zone", "null"),
        ({"language": "x" * 13}, "language", "max_length"),
        ({"first_name": None}, "first_name", "null"),
        ({"first_name": ["a"]}, "first_name", "invalid"),
        ({"address": "x" * 301}, "address", "max_length"),
    ],
)
def test_a_refusal_names_the_field_and_changes_nothing(
    changes: Json, field: str, code: str
) -> None:
    api = Api(world.a_patient())
    before = ok(api.get(ME))

    assert refused_fields(api.patch(ME, {"location": "West", **changes})) == {field: code}
    assert ok(api.get(ME)) == before


def test_a_doctor_changes_their_specialization_and_a_patient_has_none() -> None:
    doctor, patient = world.a_doctor(), world.a_patient()

    assert ok(Api(doctor).patch(ME, {"specialization": "Surgery"}))["user"]["specialization"] == (
        "Surgery"
    )
    assert "specialization" not in ok(Api(patient).patch(ME, {"specialization": "Surgery"}))["user"]
    assert Doctor.objects.count() == 1
