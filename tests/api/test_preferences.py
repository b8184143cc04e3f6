"""How somebody wants to be told, over HTTP."""

from typing import Any, Final

import pytest

from clinic.models import Preferences
from clinic.topics import user_topic
from tests import world
from tests.api.client import Api, Json, ok, refused_fields

pytestmark = pytest.mark.django_db

PATH: Final = "/api/users/me/preferences/"
ALL: Final = {"in_app": True, "email": True, "push": True, "sms": True}
NOTHING_CHOSEN: Final = {
    "channels": ALL, "lead_times": None, "quiet_hours": None, "language": "en",
}  # fmt: skip


def chosen(api: Api, **change: Any) -> Json:
    answer = ok(api.put(PATH, change))["preferences"]
    assert ok(api.get(PATH))["preferences"] == answer
    return answer


@pytest.mark.parametrize("make", [world.a_patient, world.a_pending_doctor, world.an_admin])
def test_who_has_chosen_nothing_has_the_usual(make: Any) -> None:
    assert ok(Api(make()).get(PATH)) == {"preferences": NOTHING_CHOSEN}
    assert not Preferences.objects.exists()


def test_any_part_can_be_chosen_and_the_rest_stays() -> None:
    api = Api(world.a_patient())
    night = {"from": "22:00", "until": "07:00"}

    assert chosen(api) == NOTHING_CHOSEN
    quiet = chosen(api, quiet_hours={"from": "22:00:00", "until": "07:00"})
    assert quiet == {**NOTHING_CHOSEN, "quiet_hours": night}
    less = chosen(api, channels={"email": False, "in_app": True}, lead_times=[])
    assert less == {**quiet, "channels": {**ALL, "email": False}, "lead_times": []}
    more = chosen(api, channels={"sms": False}, lead_times=["60d", "1m"], language="de")
    channels = {**less["channels"], "sms": False}
    assert more == {**less, "channels": channels, "lead_times": ["60d", "1m"], "language": "de"}
    # What was answered can be sent back, and null is how it was.
    assert chosen(api, **more) == more
    usual = chosen(api, channels=ALL, lead_times=None, quiet_hours=None, language="en")
    assert usual == NOTHING_CHOSEN


def test_a_language_the_clinic_does_not_write_stays_until_another_is_chosen() -> None:
    api = Api(world.a_patient(language="pt"))

    assert chosen(api, language="pt")["language"] == "pt"
    assert chosen(api, language="de")["language"] == "de"
    assert refused_fields(api.put(PATH, {"language": "pt"})) == {"language": "invalid_choice"}


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"channels": {"in_app": False}}, {"channels.in_app": "always_on"}),
        ({"channels": {"email": None}}, {"channels.email": "null"}),
        ({"channels": {"email": "maybe"}}, {"channels.email": "invalid"}),
        ({"channels": {"fax": True}}, {"channels.fax": "unknown"}),
        ({"channels": []}, {"channels.non_field_errors": "invalid"}),
        ({"lead_times": "1d"}, {"lead_times": "not_a_list"}),
        ({"lead_times": ["1d", "off"]}, {"lead_times.1": "invalid"}),
        ({"lead_times": ["0m"]}, {"lead_times.0": "invalid"}),
        ({"lead_times": ["1w"]}, {"lead_times.0": "invalid"}),
        ({"lead_times": ["1d,2h"]}, {"lead_times.0": "invalid"}),
        ({"lead_times": [None]}, {"lead_times.0": "null"}),
        ({"lead_times": ["61d"]}, {"lead_times.0": "max_value"}),
        ({"lead_times": ["1d", "1d"]}, {"lead_times.1": "unique"}),
        ({"lead_times": ["1d", "2d", "3d", "4d", "5d", "6d"]}, {"lead_times": "max_length"}),
        ({"quiet_hours": {"from": "22:00"}}, {"quiet_hours.until": "required"}),
        ({"quiet_hours": {"from": "22:00", "until": "24:00"}}, {"quiet_hours.until": "invalid"}),
        ({"quiet_hours": {"from": "7:00", "until": "07:00"}}, {"quiet_hours.until": "same"}),
        ({"quiet_hours": "22-7"}, {"quiet_hours.non_field_errors": "invalid"}),
        ({"language": "xx"}, {"language": "invalid_choice"}),
        ({"language": None}, {"language": "null"}),
        ({"email": False}, {"email": "unknown"}),
    ],
)
def test_what_cannot_be_is_refused_by_field(change: Json, refusal: dict[str, str]) -> None:
    api = Api(world.a_patient())

    assert refused_fields(api.put(PATH, {"channels": {"sms": False}, **change})) == refusal

    assert ok(api.get(PATH))["preferences"] == NOTHING_CHOSEN


def test_other_devices_are_told_of_a_change_and_of_nothing_else() -> None:
    ana = world.a_patient()
    api = Api(ana)
    for wish in ({"email": False}, {"email": False}, {}):
        ok(api.put(PATH, {"channels": wish}))

    assert world.types_in(user_topic(ana.pk)) == ["preferences.changed"]
