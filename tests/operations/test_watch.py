"""`manage.py watch` as a real process: what it prints, what it keeps, and how it ends."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from clinic.actions.people import deactivate_person
from clinic.actions.sessions import end_session
from clinic.events import CATALOGUE
from clinic.management.commands.watch import DEVICE, in_words, line_of
from clinic.models import Person, Session
from realtime.client import Event
from tests import world
from tests.realtime.test_story import Clinic
from tests.servers import starts
from tests.servers.process import Process, wait_until
from tests.servers.web import Web

pytestmark = pytest.mark.engine("sqlite")

MANAGE = Path(__file__).resolve().parents[2] / "manage.py"
MARKER = "marker-of-the-patient-s-own-words"


class Watching(Process):
    """The command at work; ready when it says what it watches."""

    name = "watch"

    def __init__(self, *options: str, web: Web, folder: Path) -> None:
        super().__init__(folder=folder)
        self.log.unlink(missing_ok=True)  # of the one before, on the same topics
        self.options = ["--url", web.base_url, *options]
        self.remarks = folder / "remarks.log"

    def command(self) -> list[str]:
        return [sys.executable, str(MANAGE), "watch", *self.options]

    def open(self, log: Any) -> starts.Started:
        with self.remarks.open("wb") as remarks:
            return starts.start(self.command(), env=self.environment(), stdout=log, stderr=remarks)

    def answers(self) -> bool:
        return "Watching " in self.said

    @property
    def said(self) -> str:
        return self.remarks.read_text()

    @property
    def lines(self) -> list[str]:
        return self.log.read_text().splitlines()

    def wait_for_lines(self, count: int) -> list[str]:
        wait_until(lambda: len(self.lines) >= count, seconds=30, what=f"line {count}")
        return self.lines


Watch = Callable[..., Watching]


@pytest.fixture
def watch(web: Web, server_dir: Path) -> Iterator[Watch]:
    with ExitStack() as stack:

        def start(*options: str, ready: bool = True) -> Watching:
            watching = Watching(*options, web=web, folder=server_dir / "watch")
            stack.callback(watching.dismiss)
            watching.launch()
            if ready:
                watching.wait_until_it_answers()
            return watching

        yield start


@pytest.fixture
def clinic(web: Web) -> Clinic:
    return Clinic(web)


def own_session() -> Session:
    return Session.objects.filter(device=DEVICE).latest("created_at")


def numbers(lines: list[str]) -> list[int]:
    return [int(line.split()[2].partition("#")[2]) for line in lines]


def test_events_are_printed_as_they_come_and_ctrl_c_ends_it_with_its_session(
    clinic: Clinic, watch: Watch
) -> None:
    watching = watch("--user", clinic.doctor.username, "--topic", clinic.calendar)
    assert own_session().person_id == clinic.doctor.id
    assert own_session().ended_at is None
    # Who only looks keeps no restore and no upgrade from the database.
    open_files = {each.readlink() for each in Path(f"/proc/{watching.pid}/fd").iterdir()}
    assert not [each for each in open_files if each.suffix == ".sqlite3"]

    appointment = clinic.book()

    [line] = watching.wait_for_lines(1)
    day, at, where, what, said = line.split(maxsplit=4)
    datetime.fromisoformat(f"{day}T{at}")
    assert where.startswith(f"{clinic.calendar}#")
    assert what == "appointment.booked"
    assert said.startswith(f"{appointment['patient']['name']} with {appointment['doctor']['name']}")
    assert said.endswith(f", by {appointment['patient']['name']}")

    watching.signal(signal.SIGINT)
    assert watching.wait_for_exit() == 0
    assert own_session().ended_at is not None
    assert "Traceback" not in watching.said


def test_a_rerun_goes_on_where_it_ended(clinic: Clinic, watch: Watch, tmp_path: Path) -> None:
    options = ["--user", clinic.doctor.username, "--topic", clinic.calendar]
    options += ["--state", str(tmp_path / "numbers.json")]

    first = watch(*options, "--count", "2")
    for _ in range(3):
        clinic.book()
    assert first.wait_for_exit() == 0
    seen = numbers(first.lines)

    clinic.book()
    second = watch(*options, "--count", "2")
    assert second.wait_for_exit() == 0
    seen += numbers(second.lines)
    third = watch(*options, "--once")
    clinic.book()
    assert third.wait_for_exit() == 0
    seen += numbers(third.lines)
    assert seen == list(range(seen[0], seen[0] + 5))


def test_a_server_that_is_killed_is_waited_for_in_one_line(
    web: Web, clinic: Clinic, watch: Watch
) -> None:
    watching = watch("--user", clinic.doctor.username, "--topic", clinic.calendar)
    clinic.book()
    watching.wait_for_lines(1)
    web.kill()
    wait_until(lambda: "No connection to" in watching.said, seconds=30, what="a remark")
    web.start()
    clinic.book()

    seen = numbers(watching.wait_for_lines(2))
    assert seen == [seen[0], seen[0] + 1]
    remarks = watching.said.splitlines()
    assert [line for line in remarks if "No connection" in line] == [
        f"No connection to {web.base_url} (the connection was lost): trying until there is."
    ]
    assert any(line.startswith("Watching again as ") for line in remarks)
    watching.signal(signal.SIGTERM)
    assert watching.wait_for_exit() == 0


@pytest.mark.proof
def test_a_server_that_was_never_there_is_waited_for_and_ctrl_c_still_ends_it(
    web: Web, clinic: Clinic, watch: Watch
) -> None:
    web.stop()
    watching = watch("--user", clinic.doctor.username, ready=False)
    wait_until(lambda: "No connection to" in watching.said, seconds=30, what="a remark")
    watching.signal(signal.SIGINT)
    assert watching.wait_for_exit() == 0
    assert own_session().ended_at is not None
    assert watching.lines == []


def test_notes_are_shown_only_to_who_asks_for_whole_frames(
    web: Web, clinic: Clinic, watch: Watch
) -> None:
    options = ["--user", clinic.doctor.username, "--topic", clinic.calendar, "--once"]
    readable = watch(*options)
    whole = Watching(*options, "--json", web=web, folder=readable.folder / "json")
    whole.start()
    body = {"doctor_id": clinic.doctor.id, "start": clinic.next_start(), "notes": MARKER}
    clinic.http.as_(clinic.patient).post("/api/appointments/book/", body, status=201)

    assert [readable.wait_for_exit(), whole.wait_for_exit()] == [0, 0]
    assert MARKER not in readable.log.read_text()
    frame = json.loads(whole.lines[0])
    assert (frame["op"], frame["data"]["notes"]) == ("event", MARKER)


def test_who_is_deactivated_is_watched_no_longer(clinic: Clinic, watch: Watch) -> None:
    watching = watch("--user", clinic.doctor.username)
    head = Person.objects.get(username="head")
    deactivate_person(actor=head, person_id=clinic.doctor.id)
    assert watching.wait_for_exit() == 1
    last = watching.said.splitlines()[-1]
    assert last == "The clinic closed the socket: This account may not be used here. (4403)."

    again = watch("--user", clinic.doctor.username, ready=False)
    assert again.wait_for_exit() == 1
    assert again.said == f"{clinic.doctor.username} is deactivated and may not sign in.\n"


def test_a_session_that_is_ended_elsewhere_ends_the_command(clinic: Clinic, watch: Watch) -> None:
    watching = watch("--user", clinic.doctor.username)
    end_session(own_session().pk)
    assert watching.wait_for_exit() == 1
    assert watching.said.splitlines()[-1].startswith("The session of this command has ended: ")


def test_a_reader_who_has_enough_is_no_failure(web: Web, clinic: Clinic) -> None:
    options = [str(MANAGE), "watch", "--url", web.base_url, "--user", clinic.doctor.username]
    with subprocess.Popen(
        [sys.executable, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as watching:
        assert watching.stdout is not None
        assert watching.stderr is not None
        assert watching.stderr.readline().startswith("Watching ")
        assert "from" in watching.stderr.readline()
        watching.stdout.close()
        clinic.book()
        assert watching.wait(30) == 0
        assert "BrokenPipe" not in watching.stderr.read()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--user", "nobody"], "Nobody here is called nobody.\n"),
        (["--user", ""], "Nobody here is called .\n"),
        (["--user", "someone", "--url", "foo"], "'foo' is not an address like http"),
        (["--user", "someone", "--state", "/nowhere/x"], "The numbers cannot be kept: "),
        (["--user", "someone", "--count", "0"], "0 is not a number from 1 on"),
        (["--user", "someone", "--count", "2", "--once"], "not allowed with argument"),
        ([], "the following arguments are required: --user"),
    ],
)
@pytest.mark.usefixtures("transactional_db")
def test_what_cannot_be_watched_is_one_sentence(options: list[str], sentence: str) -> None:
    world.a_patient("someone")
    done = starts.run([sys.executable, str(MANAGE), "watch", *options])
    assert done.returncode in (1, 2)
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert not Session.objects.filter(device=DEVICE, ended_at=None).exists()


# -- words ---------------------------------------------------------------------------------------------------

PERSON = {"first_name": MARKER.upper(), "last_name": "Adler", "role": "DOCTOR", "address": MARKER}
VISIT = {
    "patient": {"id": 1, "name": "Ana Adler"}, "doctor": {"id": 2, "name": "Dr Kwame Osei"},
    "start": "2026-11-21T23:30:00+00:00", "end": "2026-11-22T00:00:00+00:00",
    "notes": MARKER, "reason": MARKER,
}  # fmt: skip
SLOT = {"start": VISIT["start"], "end": VISIT["end"], "state": "taken"}
OFFERED = {"id": 7, "patient": VISIT["patient"], "offer": VISIT}
RECORD = {"record": 4, "record_id": "HR-4", "record_type": "CONSULTATION", "title": MARKER}
NOTE = {"id": 2, "doctor": VISIT["doctor"], "content": MARKER}
CARE = {"doctor": VISIT["doctor"], "patient": VISIT["patient"], "why": "booking", "record_id": None}
SAID: dict[str, tuple[dict[str, Any], str]] = {
    "appointment": (VISIT, "Ana Adler with Dr Kwame Osei, 2026-11-22 00:30–01:00"),
    "reminder": (VISIT | {"kind": "1d"}, "of Dr Kwame Osei, 2026-11-22 00:30–01:00"),
    "waitlist": (OFFERED, "Ana Adler with Dr Kwame Osei, 2026-11-22 00:30–01:00"),
    "slot": (SLOT, "2026-11-22 00:30–01:00 is taken"),
    "hours": ({"dates": ["2026-11-21", "2026-11-22"]}, "on 2026-11-21, 2026-11-22"),
    "record": (RECORD, "HR-4 (consultation)"),
    "doctor": (PERSON, f"{MARKER.upper()} Adler (doctor)"),
    "person": (PERSON, f"{MARKER.upper()} Adler (doctor)"),
    "notification": ({"unread": 3, "up_to": 9}, "3 unread"),
    # What they are is that person's alone.
    "preferences": ({"language": "de", "quiet_hours": MARKER}, ""),
    "annotation": (RECORD, "HR-4 (consultation)"),
    "doctor.assigned": (CARE, "Dr Kwame Osei and Ana Adler"),
    "doctor.unassigned": (CARE | {"record_id": "HR-4"}, "Dr Kwame Osei and Ana Adler (HR-4)"),
}
PARIS = ZoneInfo("Europe/Paris")


@pytest.mark.parametrize("kind", sorted(CATALOGUE))
def test_every_event_is_said_in_words_and_none_says_health_content(kind: str) -> None:
    data, words = SAID.get(kind) or SAID[kind.partition(".")[0]]
    assert in_words(kind, data, PARIS) == words
    assert MARKER not in words


def test_of_an_annotation_itself_only_its_author_is_said() -> None:
    assert in_words("annotation.added", NOTE, PARIS) == "by Dr Kwame Osei"


def test_hours_of_every_day_and_kinds_of_tomorrow_have_words_too() -> None:
    assert in_words("hours.changed", {"dates": []}, PARIS) == "on every day"
    at = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)
    newer = Event("desk", 7, None, "id", "bed.made", at, {"notes": MARKER}, {"actor": None})
    assert line_of(newer, PARIS) == "2026-11-22 00:30:00  desk#7  bed.made"
