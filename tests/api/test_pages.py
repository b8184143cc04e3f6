"""Every list pages alike."""

from itertools import pairwise

import pytest

from tests import world
from tests.api.client import Api, Json, ok, refused_fields

pytestmark = pytest.mark.django_db

# What an admin may list, by the plural its items stand under.
LISTS = {
    "/api/users/": "users", "/api/users/doctors/": "doctors", "/api/users/patients/": "patients",
    "/api/doctors/": "doctors", "/api/appointments/": "appointments",
    "/api/appointments/available_doctors/": "doctors", "/api/notifications/": "notifications",
}  # fmt: skip
EVERY = pytest.mark.parametrize("path", LISTS)


@pytest.fixture
def api() -> Api:
    """An admin of a clinic with at least five of everything."""
    api = Api(world.an_admin())
    for _ in range(5):
        world.book(world.a_doctor(), world.a_patient())
    return api


def ids(answer: Json, path: str) -> list[int]:
    return [item["id"] for item in answer[LISTS[path]]]


@EVERY
def test_pages_follow_each_other_without_gap_or_overlap(api: Api, path: str) -> None:
    whole = ok(api.get(path))
    page = ok(api.get(path, limit=2))
    assert page["previous"] is None
    seen = ids(page, path)
    forth = [page]

    while page["next"]:
        page = ok(api.follow(page["next"]))
        forth.append(page)
        seen += ids(page, path)

    assert seen == ids(whole, path)
    assert all(one["count"] == len(seen) == whole["count"] for one in forth)
    assert whole["next"] is None
    for earlier, later in pairwise(forth):
        assert ids(ok(api.follow(later["previous"])), path) == ids(earlier, path)


@pytest.mark.engine("sqlite")
@EVERY
@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ({"limit": "0"}, "limit", "min_value"),
        ({"limit": "101"}, "limit", "max_value"),
        ({"limit": "-1"}, "limit", "min_value"),
        ({"limit": "all"}, "limit", "invalid"),
        ({"limit": "1.5"}, "limit", "invalid"),
        ({"offset": "-1"}, "offset", "min_value"),
        ({"offset": str(2**63)}, "offset", "max_value"),
        ({"offset": "9" * 400}, "offset", "max_value"),
    ],
)
def test_limits_out_of_range_are_refused(path: str, query: Json, field: str, code: str) -> None:
    assert refused_fields(Api(world.an_admin()).get(path, **query)) == {field: code}


@EVERY
def test_a_page_beyond_the_end_is_empty(api: Api, path: str) -> None:
    answer = ok(api.get(path, offset=1000, limit=100))

    assert (ids(answer, path), answer["next"]) == ([], None)
    assert answer["previous"] is not None


def test_twenty_five_unless_said_otherwise_and_a_hundred_at_most() -> None:
    api = Api(world.an_admin())
    for _ in range(27):
        world.a_patient(password=None)

    assert len(ok(api.get("/api/users/patients/"))["patients"]) == 25
    assert len(ok(api.get("/api/users/patients/", limit=100))["patients"]) == 27


def test_filters_stay_in_the_addresses_of_neighbours(api: Api) -> None:
    page = ok(api.get("/api/appointments/", status="SCHEDULED", limit=2, offset=2))

    for url in (page["next"], page["previous"]):
        assert "status=SCHEDULED" in url
        assert "limit=2" in url


def test_one_that_leaves_a_page_takes_nothing_of_the_next_along() -> None:
    """Whoever loads all pages has all that stood all the time, whatever moved meanwhile."""
    doctor, desk = world.a_doctor(), Api(world.a_receptionist())
    starts = world.next_free_starts(doctor, 5)
    visits = [world.book(doctor, world.a_patient(), start).pk for start in starts[:4]]

    page = ok(desk.get("/api/appointments/", limit=2))
    moved = {"start": starts[4].isoformat()}
    ok(desk.post(f"/api/appointments/{visits[0]}/reschedule/", moved))
    rest = ok(desk.follow(page["next"]))

    assert ids(page, "/api/appointments/") == visits[:2]
    assert ids(rest, "/api/appointments/") == visits[2:]


@pytest.mark.engine("sqlite")
@pytest.mark.parametrize(
    "place",
    [
        "x", "1", "1,2,3", ",", "2027-03-01,1", "2027-03-01T09:00:00,1", "2027-03-01T09:00:00Z,x",
        "0001-01-01T00:00:00+14:00,1", "2027-13-01T09:00:00Z,1",
    ],
)  # fmt: skip
def test_what_is_no_place_is_refused(place: str) -> None:
    answer = Api(world.an_admin()).get("/api/appointments/", after=place)

    assert refused_fields(answer) == {"after": "invalid"}


@pytest.mark.parametrize("place", ["2027-03-01T09:00:00Z," + "9" * 60, "9999-12-31T23:59:59Z,1"])
def test_behind_everything_there_is_nothing(api: Api, place: str) -> None:
    assert ids(ok(api.get("/api/appointments/", after=place)), "/api/appointments/") == []


def test_names_are_in_no_address(api: Api) -> None:
    assert "after" not in ok(api.get("/api/users/", limit=2))["next"]
    assert "after" in ok(api.get("/api/appointments/", limit=2))["next"]
