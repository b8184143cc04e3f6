"""The clinic's own data."""

from datetime import date

import pytest

from clinic.models import Clinic, Closure
from tests import world
from tests.api.client import Api, ok

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "make", [world.a_patient, world.a_pending_doctor, world.a_receptionist, world.an_admin]
)
def test_everyone_signed_in_reads_the_clinic(make: object) -> None:
    defaults = {"name": "Am Park", "time_zone": "Europe/Berlin", "rooms": ["1", "2b"]}
    Clinic.objects.update_or_create(id=Clinic.THE_ONE, defaults=defaults)
    Closure.objects.create(day=date(2027, 1, 1), reason="New Year")

    answer = ok(Api(make()).get("/api/clinic/"))  # type: ignore[operator]

    assert answer == {
        "clinic": {
            "name": "Am Park",
            "time_zone": "Europe/Berlin",
            "closures": [{"date": "2027-01-01", "reason": "New Year"}],
            "rooms": ["1", "2b"],
        }
    }


def test_a_clinic_nobody_has_named_is_readable() -> None:
    answer = ok(Api(world.a_patient()).get("/api/clinic/"))

    assert answer["clinic"].keys() == {"name", "time_zone", "closures", "rooms"}
