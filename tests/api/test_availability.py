"""A doctor's weekly hours: both forms in, both forms out, every mistake by the name of its field."""

from typing import Any

import pytest

from clinic.models import WorkingWindow
from clinic.rules.hours import Weekday
from tests import world
from tests.api.client import UNKNOWN, Api, Json, ok, refused, refused_fields

pytestmark = pytest.mark.django_db

OWN = "/api/doctors/availability/"
SHAPE = {"available_days", "appointment_duration", "max_patients_per_day", "time_zone"}
DAYS = [day.name for day in Weekday]
CLOSED: Json = {"is_available": False, "start_time": None, "end_time": None, "windows": []}


def span(start: Any, end: Any) -> Json:
    return {"start_time": start, "end_time": end}


def day(**form: Any) -> Json:
    return {"is_available": True, **form}


def test_hours_are_read_in_both_forms() -> None:
    split = day(windows=[span("13:00", "17:00"), span("09:00", "12:00")])
    doctor = world.a_doctor(hours={"MONDAY": split}, minutes=20, limit=9, zone="Asia/Tokyo")

    answer = ok(Api(doctor).get(OWN))

    assert answer.keys() == {"availability"}
    shown = answer["availability"]
    assert shown.keys() == SHAPE
    assert (shown["appointment_duration"], shown["max_patients_per_day"]) == (20, 9)
    assert shown["time_zone"] == "Asia/Tokyo"
    assert list(shown["available_days"]) == DAYS
    assert shown["available_days"]["TUESDAY"] == CLOSED
    assert shown["available_days"]["MONDAY"] == {
        **span("09:00", "17:00"),
        "is_available": True,
        "windows": [span("09:00", "12:00"), span("13:00", "17:00")],
    }


@pytest.mark.parametrize(
    ("given", "windows"),
    [
        (day(**span("09:00", "17:00")), [("09:00", "17:00")]),
        (day(**span("09:00:00", "17:30:00")), [("09:00", "17:30")]),
        (day(**span("00:00", "23:59")), [("00:00", "23:59")]),
        (day(**span("09:00", "12:00"), windows=None), [("09:00", "12:00")]),
        (day(**span(None, None), windows=[span("10:00", "11:00")]), [("10:00", "11:00")]),
        (
            day(windows=[span("09:00", "12:00"), span("12:00", "13:00")]),
            [("09:00", "12:00"), ("12:00", "13:00")],
        ),
        ({"is_available": False, **span(None, None)}, []),
        ({"is_available": False, **span("09:00", "17:00")}, []),
        ({"is_available": False}, []),
        ({}, []),
    ],
)
@pytest.mark.parametrize("key", ["monday", "MONDAY", "Monday"])
def test_both_forms_are_taken_under_any_case(key: str, given: Json, windows: list[Any]) -> None:
    doctor = world.a_doctor()

    answer = ok(Api(doctor).put(OWN, {"available_days": {key: given}}))

    shown = answer["availability"]["available_days"]
    assert shown["MONDAY"]["windows"] == [span(*window) for window in windows]
    assert shown["MONDAY"]["is_available"] is bool(windows)
    assert all(shown[name] == CLOSED for name in DAYS if name != "MONDAY")
    assert ok(Api(doctor).get(OWN)) == answer


@pytest.mark.parametrize(
    ("days", "field", "code"),
    [
        ({"FUNDAY": {}}, "available_days.FUNDAY", "invalid"),
        ({"": {}}, "available_days.", "invalid"),
        ({"MONDAY": {}, "monday": {}}, "available_days.monday", "invalid"),
        ({"MONDAY": None}, "available_days.MONDAY", "invalid"),
        ({"MONDAY": []}, "available_days.MONDAY", "invalid"),
        ({"MONDAY": True}, "available_days.MONDAY", "invalid"),
        ([], "available_days", "invalid"),
        ("MONDAY", "available_days", "invalid"),
        (5, "available_days", "invalid"),
        (None, "available_days", "null"),
        ({"MONDAY": day()}, "available_days.MONDAY.start_time", "invalid"),
        ({"MONDAY": day(start_time="09:00")}, "available_days.MONDAY.end_time", "invalid"),
        ({"monday": day(**span("17:00", "09:00"))}, "available_days.MONDAY.end_time", "invalid"),
        ({"MONDAY": day(**span("09:00", "09:00"))}, "available_days.MONDAY.end_time", "invalid"),
        ({"MONDAY": day(**span("9:00", "17:00"))}, "available_days.MONDAY.start_time", "invalid"),
        ({"MONDAY": day(**span("24:00", "25:00"))}, "available_days.MONDAY.start_time", "invalid"),
        ({"MONDAY": day(**span("09:60", "17:00"))}, "available_days.MONDAY.start_time", "invalid"),
        ({"MONDAY": day(**span("0٩:00", "17:00"))}, "available_days.MONDAY.start_time", "invalid"),
        ({"MONDAY": day(**span(9, 17))}, "available_days.MONDAY.start_time", "invalid"),
        ({"MONDAY": day(**span("09:00Z", "17:00"))}, "available_days.MONDAY.start_time", "invalid"),
        ({"MONDAY": {"is_available": "yes"}}, "available_days.MONDAY.is_available", "invalid"),
        ({"MONDAY": {"is_available": 1}}, "available_days.MONDAY.is_available", "invalid"),
        ({"MONDAY": {"open": True}}, "available_days.MONDAY.open", "unknown"),
        ({"MONDAY": day(windows=[])}, "available_days.MONDAY.windows", "invalid"),
        ({"MONDAY": day(windows={})}, "available_days.MONDAY.windows", "invalid"),
        ({"MONDAY": day(windows=[[]])}, "available_days.MONDAY.windows.0", "invalid"),
        (
            {"MONDAY": day(windows=[span("09:00", "12:00"), span("11:59", "13:00")])},
            "available_days.MONDAY.windows",
            "overlap",
        ),
        (
            {"MONDAY": day(windows=[span("09:00", "12:00"), span("13:00", "noon")])},
            "available_days.MONDAY.windows.1.end_time",
            "invalid",
        ),
        (
            {"MONDAY": day(windows=[{**span("09:00", "12:00"), "room": 1}])},
            "available_days.MONDAY.windows.0.room",
            "unknown",
        ),
    ],
)
def test_a_mistake_is_named_by_its_exact_field_and_changes_nothing(
    days: Json, field: str, code: str
) -> None:
    api = Api(world.a_doctor())
    before = ok(api.get(OWN))

    found = refused_fields(api.put(OWN, {"available_days": days, "appointment_duration": 10}))

    assert found == {field: code}
    assert ok(api.get(OWN)) == before


@pytest.mark.parametrize(
    "change",
    [
        {"available_days": {"SUNDAY": day(**span("10:00", "11:00"))}},
        {"appointment_duration": 45},
        {"max_patients_per_day": 3},
        {"max_patients_per_day": None},
        {"time_zone": "America/Lima"},
        {"appointment_duration": 15, "time_zone": "Asia/Tokyo"},
    ],
)
def test_any_subset_may_be_put_and_the_rest_stays(change: Json) -> None:
    api = Api(world.a_doctor(limit=8))
    before = ok(api.get(OWN))["availability"]

    after = ok(api.put(OWN, change))["availability"]

    assert {name for name in SHAPE if after[name] != before[name]} == change.keys()


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"appointment_duration": 4}, "appointment_duration", "min_value"),
        ({"appointment_duration": 481}, "appointment_duration", "max_value"),
        ({"appointment_duration": None}, "appointment_duration", "null"),
        ({"appointment_duration": "half an hour"}, "appointment_duration", "invalid"),
        ({"appointment_duration": 12.5}, "appointment_duration", "invalid"),
        ({"appointment_duration": 10**30}, "appointment_duration", "max_value"),
        ({"max_patients_per_day": 0}, "max_patients_per_day", "min_value"),
        ({"max_patients_per_day": 1001}, "max_patients_per_day", "max_value"),
        ({"time_zone": "Berlin"}, "time_zone", "invalid"),
        ({"time_zone": ""}, "time_zone", "blank"),
        ({"doctor": 5}, "doctor", "unknown"),
        ({"is_approved": True}, "is_approved", "unknown"),
    ],
)
def test_numbers_out_of_range_and_unknown_zones_are_refused(
    change: Json, field: str, code: str
) -> None:
    assert refused_fields(Api(world.a_doctor()).put(OWN, change)) == {field: code}


def test_an_admin_reads_and_sets_any_doctors_hours() -> None:
    admin, doctor = Api(world.an_admin()), world.a_pending_doctor()
    path = f"/api/doctors/{doctor.pk}/availability/"

    answer = ok(admin.put(path, {"available_days": {"SUNDAY": day(**span("10:00", "11:00"))}}))

    assert answer == ok(admin.get(path)) == ok(Api(doctor).get(OWN))
    assert WorkingWindow.objects.get().doctor == doctor


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_hours_of_nobody_are_not_found(method: str) -> None:
    admin, patient = Api(world.an_admin()), world.a_patient()

    for pk in (patient.pk, UNKNOWN):
        response = admin.send(method, f"/api/doctors/{pk}/availability/", {})
        refused(response, 404, "not_found")
