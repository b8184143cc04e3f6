"""A clinic of the first schema comes to this version without losing anything; and the way back, when it cannot."""

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any, Final

import pytest

from tests.operations.installation import Install, Installation, Rows

FIRST: Final = Path(__file__).with_name("first_schema.sql")
# Columns that a later schema keeps in another form: `rooms` are rows since clinic.0002_rooms, and reasons are
# sealed since clinic.0008_sealed_reasons.
MOVED: Final = {
    ("clinic_clinic", "rooms"),
    ("clinic_appointment", "reason"),
    ("clinic_timeoff", "reason"),
}
CONTENT: Final = """
import json
from clinic.models import Appointment, Entry, HealthRecord, IdempotentAnswer, Notification, TimeOff
print(json.dumps({
    "reasons": [one.reason for one in Appointment.objects.order_by("id")],
    "absences": [one.reason for one in TimeOff.objects.all()],
    "notes": [one.notes for one in Appointment.objects.order_by("id")],
    "records": [[one.title, one.description] for one in HealthRecord.objects.order_by("id")],
    "inbox": [[one.title, one.message] for one in Notification.objects.all()],
    "answers": [json.loads(one.body) for one in IdempotentAnswer.objects.all()],
    "entries": [json.loads(one.body)["data"]["text"] for one in Entry.objects.order_by("id")],
}))
"""
GOES_ON: Final = """
import json
from django.db import transaction
from clinic.events import HoursChanged
from clinic.journal import record
from clinic.queries.journal import epoch, frames_after
with transaction.atomic():
    record(HoursChanged(doctor_id=2), actor=None)
print(json.dumps([epoch(), [frame.seq for frame in frames_after("slots.2", 5, limit=100)]]))
"""
NEW_ROW: Final = """
from tests import world
print(world.a_patient("new").pk)
"""


def first_keys() -> dict[str, Any]:
    def secret(name: str) -> str:
        digest = hashlib.sha256(f"the first schema's {name}".encode()).digest()
        return base64.b64encode(digest).decode()

    ring = {"k1": secret("first data key"), "k2": secret("second data key")}
    return {
        "secret_key": secret("secret key"),
        "jwt_key": secret("jwt key"),
        "data_keys": {"primary": "k2", "keys": ring},
    }


def first_clinic(install: Install) -> Installation:
    made = install()
    made.keys.write_text(json.dumps(first_keys()))
    made.manage("migrate", "clinic", "0001", "--verbosity", "0")
    made.manage("migrate", "sessions", "--verbosity", "0")
    made.script(rows_for(made))
    return made


def rows_for(clinic: Installation) -> str:
    rows = FIRST.read_text()
    if clinic.database_url is None:
        return rows
    own_ids = {"clinic_clinic", "clinic_event", "clinic_session", "clinic_epoch"}
    counted = sorted(set(re.findall(r"INTO (\w+) \(id\b", rows)) - own_ids)
    return "\n".join(
        [
            "SET TIME ZONE 'UTC';",
            re.sub(r"X'([0-9a-f]+)'", r"'\\x\1'", rows),
            *(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table};"
                for table in counted
            ),
        ]
    )


@pytest.fixture(scope="module")
def before(install: Install) -> Installation:
    return first_clinic(install)


@pytest.fixture(scope="module")
def kept(before: Installation) -> dict[str, Rows]:
    """What was there before the upgrade."""
    return of_the_clinic(before)


def of_the_clinic(clinic: Installation) -> dict[str, Rows]:
    return {name: rows for name, rows in clinic.content().items() if name.startswith("clinic_")}


@pytest.fixture(scope="module")
def said(before: Installation, kept: dict[str, Rows]) -> str:
    return before.manage("upgrade")


@pytest.fixture(scope="module")
def upgraded(before: Installation, said: str) -> Installation:
    return before


def test_every_table_of_the_first_schema_has_rows(kept: dict[str, Rows]) -> None:
    assert len(kept) >= 16
    assert [name for name, rows in kept.items() if not rows] == []


def test_every_row_is_there_with_every_value_it_had(
    upgraded: Installation, kept: dict[str, Rows]
) -> None:
    for table, rows in kept.items():
        columns = {column for column in rows[0] if (table, column) not in MOVED}
        assert values(upgraded.query(f'SELECT * FROM "{table}"'), columns) == values(rows, columns)


def values(rows: Rows, columns: set[str]) -> list[str]:
    return sorted(repr([(name, row[name]) for name in sorted(columns)]) for row in rows)


def test_rooms_that_were_names_are_rows(upgraded: Installation) -> None:
    found = upgraded.query("SELECT name FROM clinic_room ORDER BY position")

    assert [row["name"] for row in found] == ["Room 1", "Röntgen"]


def test_what_was_sealed_is_read(upgraded: Installation) -> None:
    """With two keys, of which the older one seals nothing any more."""
    assert json.loads(upgraded.python(CONTENT)) == {
        "reasons": ["", "It's better", "", ""],
        "absences": ["Holidays"],
        "notes": ["Brustschmerz seit gestern – «Druck»", "", "brings the X-ray", ""],
        "records": [
            ["Visit to Daniel Okafor", "ECG without findings; Blutdruck 130/85"],
            ["Allergies", "Penicillin, seit 1999"],
            ["Visit to Daniel Okafor", ""],
            ["Visit to Daniel Okafor", ""],
        ],
        "inbox": [["Your visit is booked", "Monday at 9:00 with Daniel Okafor"]],
        "answers": [{"message": "Booked."}],
        "entries": ["größer"] * 7,
    }


def test_topics_go_on_counting_in_the_same_epoch(
    upgraded: Installation, kept: dict[str, Rows]
) -> None:
    """No client notices: an upgrade loses no tail."""
    [epoch] = kept["clinic_epoch"]

    now, numbers = json.loads(upgraded.python(GOES_ON))

    assert now.replace("-", "") == str(epoch["value"]).replace("-", "")
    assert numbers == [6, 7, 8]


def test_new_rows_do_not_collide_with_old_ones(upgraded: Installation) -> None:
    assert int(upgraded.python(NEW_ROW)) > 7


def test_overlaps_are_refused_as_ever(upgraded: Installation) -> None:
    with pytest.raises(Exception, match=r"appointment_(doctor|patient)_overlap"):
        upgraded.query("UPDATE clinic_appointment SET status = 'SCHEDULED' WHERE id = 2")


def test_what_to_do_next_is_said(said: str) -> None:
    assert "Backed up and read back: " in said
    assert said.strip().endswith("Start it again: `make up`.")


def test_the_backup_made_before_brings_the_first_clinic_back(
    upgraded: Installation, kept: dict[str, Rows], install: Install
) -> None:
    """By this version, which brings it to its own schema on the way."""
    [backup] = (upgraded.data / "backups").iterdir()
    manifest = json.loads((backup / "manifest.json").read_text())
    assert manifest["rows"]["clinic_entry"] == 7
    assert "clinic_room" not in manifest["rows"]
    other = install(keys=upgraded.keys)

    other.manage("restore", backup)

    columns = set(kept["clinic_person"][0])
    found = other.query("SELECT * FROM clinic_person")
    assert values(found, columns) == values(kept["clinic_person"], columns)
    assert json.loads(other.python(CONTENT))["entries"] == ["größer"] * 7


@pytest.mark.timeout(240)
def test_an_upgrade_that_fails_loses_nothing_and_says_the_way_back(install: Install) -> None:
    clinic = first_clinic(install)
    # What the next migration wants to make is there already, and not what it should be.
    clinic.query("CREATE TABLE clinic_room (nonsense integer)")
    was = of_the_clinic(clinic)

    told = clinic.manage("upgrade", status=1)

    assert "clinic_room" in told
    command = re.search(r"^  make restore FROM=(\S+) FORCE=1$", told, re.MULTILINE)
    assert command is not None, told
    rows = json.loads((Path(command[1]) / "manifest.json").read_text())["rows"]
    assert {name: rows[name] for name in was} == {name: len(found) for name, found in was.items()}
    assert of_the_clinic(clinic) == was

    clinic.query("DROP TABLE clinic_room")
    assert "Start it again" in clinic.manage("upgrade")


def test_a_new_clinic_has_nothing_to_back_up(install: Install) -> None:
    clinic = install()

    assert "There is nothing to back up yet." in clinic.manage("upgrade")
    assert not (clinic.data / "backups").exists()
