"""The clinic's own data."""

from datetime import date
from typing import Any, Final

import pytest

from clinic.models import Appointment, Clinic, Closure, Reminder, Room
from clinic.rules.statuses import Status
from tests import world
from tests.api.client import Api, ok, refused, refused_fields

pytestmark = pytest.mark.django_db
REMINDERS: Final = {"reminders": None, "usual_reminders": ["1d", "2h"]}
NOTHING: Final = {"name": "", "time_zone": "UTC", "closures": [], "rooms": [], **REMINDERS}


def clinic(**changes: Any) -> Any:
    return ok(Api(world.an_admin()).patch("/api/clinic/", changes))["clinic"]


@pytest.mark.parametrize(
    "make", [world.a_patient, world.a_pending_doctor, world.a_receptionist, world.an_admin]
)
def test_everyone_signed_in_reads_the_clinic(make: object) -> None:
    defaults = {"name": "Am Park", "time_zone": "Europe/Berlin"}
    Clinic.objects.update_or_create(id=Clinic.THE_ONE, defaults=defaults)
    one, two = (Room.objects.create(name=name) for name in ("1", "2b"))
    Closure.objects.create(day=date(2027, 1, 1), reason="New Year")

    answer = ok(Api(make()).get("/api/clinic/"))  # type: ignore[operator]

    assert answer == {
        "clinic": {
            "name": "Am Park",
            "time_zone": "Europe/Berlin",
            "closures": [{"date": "2027-01-01", "reason": "New Year"}],
            "rooms": [{"id": one.pk, "name": "1"}, {"id": two.pk, "name": "2b"}],
            **REMINDERS,
        }
    }


def test_a_clinic_nobody_has_named_is_readable() -> None:
    answer = ok(Api(world.a_patient()).get("/api/clinic/"))

    assert answer["clinic"] == NOTHING


def test_an_admin_changes_what_they_name_and_nothing_else() -> None:
    before = clinic(name="Am Park", time_zone="Europe/Berlin", rooms=[{"name": "1"}])

    after = clinic(closures=[{"date": "2027-12-25", "reason": "Christmas"}, {"date": "2027-12-26"}])

    closed = [
        {"date": "2027-12-25", "reason": "Christmas"}, {"date": "2027-12-26", "reason": ""},
    ]  # fmt: skip
    assert after == {**before, "closures": closed}
    shown_only = {"usual_reminders"}
    assert clinic(**{name: after[name] for name in after.keys() - shown_only}) == after
    assert clinic(closures=[], rooms=[]) == {**before, "closures": [], "rooms": []}


def test_a_room_keeps_its_id_under_another_name() -> None:
    one, two = clinic(rooms=[{"name": "1"}, {"name": "2"}])["rooms"]

    renamed = clinic(rooms=[{**two, "name": "Lab"}, {"id": None, "name": "1"}])["rooms"]

    assert renamed == [{"id": two["id"], "name": "Lab"}, one]


def test_a_room_in_use_is_not_removed() -> None:
    doctor, patient = world.a_doctor(), world.a_patient()
    rooms = clinic(rooms=[{"name": "Lab"}])["rooms"]
    start = world.next_free_start(doctor)
    world.an_appointment(doctor, patient, start, status=Status.ARRIVED, room="Lab")
    admin = Api(world.an_admin())

    told = refused(admin.patch("/api/clinic/", {"rooms": [], "name": "New"}), 409, "room_in_use")

    assert "Lab" in told["detail"]
    left = ok(admin.get("/api/clinic/"))["clinic"]
    assert (left["rooms"], left["name"]) == (rooms, "")


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"name": ""}, {"name": "blank"}),
        ({"name": None}, {"name": "null"}),
        ({"name": "x" * 121}, {"name": "max_length"}),
        ({"time_zone": "Atlantis"}, {"time_zone": "invalid"}),
        ({"address": "here"}, {"address": "unknown"}),
        ({"rooms": ["1"]}, {"rooms.0.non_field_errors": "invalid"}),
        ({"rooms": [{"name": " "}]}, {"rooms.0.name": "blank"}),
        ({"rooms": [{"name": "x" * 41}]}, {"rooms.0.name": "max_length"}),
        ({"rooms": [{"name": "1"}, {"name": "1"}]}, {"rooms.1.name": "unique"}),
        ({"rooms": [{"name": "1", "id": 7}]}, {"rooms.0.id": "does_not_exist"}),
        ({"rooms": [{"name": "1", "floor": 2}]}, {"rooms.0.floor": "unknown"}),
        ({"rooms": {"name": "1"}}, {"rooms": "not_a_list"}),
        ({"closures": [{"date": "2027-02-30"}]}, {"closures.0.date": "invalid"}),
        ({"closures": [{"reason": "Rest"}]}, {"closures.0.date": "required"}),
        ({"closures": [{"date": "2027-01-01"}] * 2}, {"closures.1.date": "unique"}),
        ({"reminders": ["1d", "soon"]}, {"reminders.1": "invalid"}),
        ({"reminders": "1d"}, {"reminders": "not_a_list"}),
    ],
)
def test_what_cannot_be_is_refused_by_field(changes: Any, refusal: dict[str, str]) -> None:
    admin = Api(world.an_admin())

    assert refused_fields(admin.patch("/api/clinic/", changes)) == refusal

    assert ok(admin.get("/api/clinic/"))["clinic"] == NOTHING


def test_the_clinic_s_lead_times_hold_for_visits_booked_from_then_on() -> None:
    doctor, ana = world.a_doctor(), world.a_patient()
    starts = iter(world.next_free_starts(doctor, 4))
    before = world.book(doctor, ana, next(starts))
    kinds = []
    for leads in (["5m"], [], None):
        assert clinic(reminders=leads)["reminders"] == leads
        kinds.append(_kinds_of(world.book(doctor, ana, next(starts))))

    assert kinds[:2] == [{"5m"}, set()]
    assert _kinds_of(before) == kinds[2] >= {"2h"}


def _kinds_of(visit: Appointment) -> set[str]:
    return set(Reminder.objects.filter(appointment=visit).values_list("kind", flat=True))


def test_patients_see_a_closed_day_at_once() -> None:
    doctor, patient = world.a_doctor(), Api(world.a_patient())
    day = f"{world.next_free_start(doctor):%Y-%m-%d}"
    path = f"/api/doctors/{doctor.pk}/slots/"
    assert ok(patient.get(path, **{"from": day, "to": day}))["slots"]

    clinic(closures=[{"date": day}])

    assert not ok(patient.get(path, **{"from": day, "to": day}))["slots"]
