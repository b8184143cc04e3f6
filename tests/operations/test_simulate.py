"""`manage.py simulate` against a real server: what it does, what it leaves, and how it ends."""

import io
import random
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from django.core.management import call_command

from clinic.management import play as plays
from clinic.management.arguments import above_zero, whole
from clinic.management.commands.simulate import Bar, _demo_people
from clinic.management.play import SAYS, VERBS, Course, Play, Verb
from clinic.management.visitor import NobodyAnswers, Refused, Visitor
from clinic.models import Appointment, Person, Role, Session, TimeOff
from clinic.rules.statuses import Status
from tests import world
from tests.clients import Http, open_socket
from tests.realtime.stage import in_db
from tests.servers import starts
from tests.servers.fixtures import StartWeb
from tests.servers.process import Process, free_port, wait_until
from tests.servers.web import Web

pytestmark = pytest.mark.engine("sqlite")

MANAGE = Path(__file__).resolve().parents[2] / "manage.py"
FAST = ("--speed", "200", "--minutes", "5")


class Playing(Process):
    """The command at work."""

    name = "simulate"

    def __init__(self, *options: str, folder: Path) -> None:
        super().__init__(folder=folder)
        self.options = options

    def command(self) -> list[str]:
        return [sys.executable, str(MANAGE), "simulate", *self.options]

    @property
    def said(self) -> str:
        return self.log.read_text()

    @property
    def counts(self) -> dict[str, int]:
        """The table at the end: of what, how many."""
        lines = [line for line in self.said.splitlines() if line.startswith("  ")]
        return {line[2:22].strip(): int(line[22:26]) for line in lines}


Simulate = Callable[..., Playing]


@pytest.fixture
def demo(transactional_db: None) -> None:
    call_command("demo")


@pytest.fixture
def simulate(demo: None, web: Web, server_dir: Path) -> Iterator[Simulate]:
    with ExitStack() as stack:

        def start(*options: str) -> Playing:
            playing = Playing("--url", web.base_url, *options, folder=server_dir / "simulate")
            stack.callback(playing.dismiss)
            playing.launch()
            return playing

        yield start


def statuses() -> Counter[str]:
    """Of all appointments that a play booked."""
    return Counter(each.status for each in Appointment.objects.all() if each.notes == SAYS)


def open_sessions() -> int:
    return Session.objects.filter(device="simulate command", ended_at=None).count()


async def test_a_play_moves_open_screens_and_leaves_the_clinic_as_it_was(
    web: Web, simulate: Simulate, settings: Any
) -> None:
    desk = await in_db(Http(web.base_url).login, "demo.desk", settings.DEMO_PASSWORD)
    async with open_socket(web.ws_url, token=desk.access) as screen:
        await screen.watch("desk")
        playing = await in_db(simulate, *FAST, "--bookings", "8", "--seed", "3")
        code = await in_db(playing.wait_for_exit, 90)
        assert code == 0, playing.said
        await screen.until(lambda frame: frame.get("type") == "appointment.cancelled", timeout=30)
        kinds = {frame["type"] for frame in screen.events("desk")}
    # Whoever books with a doctor for the first time is in that doctor's care from then on.
    assert kinds == {"appointment.booked", "appointment.cancelled", "doctor.assigned"}

    def left() -> tuple[Counter[str], int, int]:
        return statuses(), TimeOff.objects.count(), open_sessions()

    counts = playing.counts
    booked = counts["booked"] + counts["booked at the desk"]
    assert booked == 8
    assert await in_db(left) == (Counter({Status.CANCELLED: 8}), 0, 0)
    assert counts["cancelled"] + counts["taken back"] == 8 + counts["time off taken"]
    assert "left standing" not in counts
    assert "(--seed 3)" in playing.said
    assert "Traceback" not in playing.said


@pytest.mark.proof
def test_what_is_to_be_kept_stands(simulate: Simulate) -> None:
    playing = simulate(*FAST, "--bookings", "5", "--keep")
    assert playing.wait_for_exit(90) == 0, playing.said
    counts = playing.counts
    found = statuses()
    assert found[Status.SCHEDULED] == 5 - counts["cancelled"]
    assert found.total() == 5
    left = 5 - counts["cancelled"] + counts["time off taken"]
    assert counts.get("left standing", 0) == left
    assert counts["taken back"] == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_it_and_takes_back_what_it_booked(
    number: signal.Signals, simulate: Simulate
) -> None:
    playing = simulate("--speed", "20", "--minutes", "5", "--bookings", "1000")
    wait_until(lambda: statuses().total() >= 3, seconds=60, what="three bookings")
    playing.signal(number)
    assert playing.wait_for_exit(60) == 0
    assert set(statuses()) == {Status.CANCELLED}
    assert (TimeOff.objects.count(), open_sessions()) == (0, 0)
    assert statuses().total() == playing.counts["booked"] + playing.counts["booked at the desk"]
    assert "Traceback" not in playing.said


def test_the_second_ctrl_c_waits_for_nobody(web: Web, simulate: Simulate) -> None:
    playing = simulate("--speed", "20", "--minutes", "5", "--bookings", "1000")

    def freeze_while_visits_stand() -> bool:
        web.freeze()
        # Of one, the play may not have heard yet.
        stand = statuses()[Status.SCHEDULED] >= 2
        if not stand:
            web.thaw()
        return stand

    wait_until(freeze_while_visits_stand, seconds=60, what="two visits that stand")
    playing.signal(signal.SIGINT)
    time.sleep(3)  # within a second of its own clock it would be the same wish, told by two
    playing.signal(signal.SIGINT)
    assert playing.wait_for_exit() == 1
    web.thaw()
    assert playing.counts["left standing"] > 0
    assert "Traceback" not in playing.said


@pytest.mark.proof
def test_time_ends_it_too(simulate: Simulate) -> None:
    playing = simulate("--minutes", "0.02", "--bookings", "100000")
    assert playing.wait_for_exit(90) == 0, playing.said


@pytest.mark.proof
def test_a_server_that_is_killed_meanwhile_is_waited_for_and_nothing_is_done_twice(
    web: Web, simulate: Simulate
) -> None:
    playing = simulate("--speed", "20", "--minutes", "5", "--bookings", "14", "--keep")
    wait_until(lambda: statuses().total() >= 3, seconds=60, what="three bookings")
    web.kill()
    web.start()
    assert playing.wait_for_exit(110) == 0, playing.said
    assert statuses().total() == 14
    assert "internal" not in playing.said


# -- refusals --------------------------------------------------------------------------------------------------


@pytest.fixture
def visitors(demo: None, web: Web, settings: Any) -> list[Visitor]:
    names = ["demo.ana", "demo.ben", "demo.desk", "demo.osei"]
    found = [Visitor(web.base_url, name, settings.DEMO_PASSWORD, lambda: 20) for name in names]
    for visitor in found:
        visitor.sign_in()
    return found


def test_who_comes_too_late_is_a_part_of_the_play(
    visitors: list[Visitor], monkeypatch: pytest.MonkeyPatch
) -> None:
    play = Play(visitors, random.Random(1))
    [book] = [verb for verb in VERBS if verb.name == "booked"]
    play.attempt(book.name, book.do)
    taken = Appointment.objects.get(id=next(iter(play.visits)))

    # Everybody else still sees that one time as free, no other, and decides by that.
    monkeypatch.setattr(plays, "STALE_SHARE", 1.0)
    play.patients = [each for each in play.patients if each.id != taken.patient_id]
    doctors = Person.objects.filter(role=Role.DOCTOR)
    play.seen = {doctor.pk: [] for doctor in doctors}
    play.seen[taken.doctor_id] = [taken.start.isoformat()]
    for _ in range(20):
        play.attempt(book.name, book.do)

    assert set(play.refused) == {"slot_taken"}
    assert play.done["booked"] == 1
    # A time nobody has: nothing comes of it, and nobody is refused.
    play.seen = {doctor.pk: [] for doctor in doctors}
    before = (play.done.total(), play.refused.total())
    play.attempt(book.name, book.do)
    assert (play.done.total(), play.refused.total()) == before


def test_another_verb_is_one_more_entry(visitors: list[Visitor]) -> None:
    play = Play(visitors, random.Random(1))
    yawn = Verb("yawned", 1, lambda play: play.patients, lambda play: True)
    never = Verb("never", 1000, lambda play: [], lambda play: True)
    for _ in range(5):
        play.step([yawn, never])
    assert play.done == {"yawned": 5}


def test_what_others_have_taken_back_is_left_alone(visitors: list[Visitor]) -> None:
    play = Play(visitors, random.Random(1))
    verbs = {verb.name: verb for verb in VERBS}
    for name in ("booked at the desk", "time off taken"):
        play.attempt(name, verbs[name].do)
    [(absence, doctor)] = play.absences.items()
    doctor.delete(f"/api/doctors/time_off/{absence}/")

    shares = list(plays.tidy(play))

    assert shares == [0.0, 0.5]
    assert (play.visits, play.absences) == ({}, {})
    assert (play.done["taken back"], play.refused) == (1, {"not_found": 1})


def test_a_visitor_outlives_their_access_token(demo: None, start_web: StartWeb) -> None:
    web = start_web(env={"CLINIC_ACCESS_SECONDS": "1"})
    account = Http(web.base_url).register()
    visitor = Visitor(web.base_url, account.username, account.password, lambda: 20)
    visitor.sign_in()
    mine = Session.objects.filter(device="simulate command")

    def renewed() -> bool:
        visitor.get("/api/users/me/")
        return mine.get().generation > 2

    wait_until(renewed, seconds=30, what="two renewals")
    visitor.sign_out()
    assert not mine.filter(ended_at=None).exists()


def test_where_nobody_answers_it_is_said_in_one_sentence() -> None:
    port = free_port()
    visitor = Visitor(f"http://127.0.0.1:{port}", "demo.ana", "secret-1", lambda: 0.0)
    with pytest.raises(NobodyAnswers, match=rf"The clinic at http://127.0.0.1:{port} does not"):
        visitor.sign_in()


class BusyOnce(BaseHTTPRequestHandler):
    """Asks to come back in a second, then says who somebody is."""

    asked: ClassVar[list[float]] = []

    def do_GET(self) -> None:
        self.asked.append(time.monotonic())
        busy = len(self.asked) == 1
        self.send_response(429 if busy else 200)
        self.send_header("Retry-After", "1")
        self.end_headers()
        self.wfile.write(b'{"code": "rate_limited"}' if busy else b'{"user": "somebody"}')

    def log_message(self, format: str, *_: Any) -> None:
        """Silence."""


def test_a_clinic_that_is_too_busy_is_asked_again_when_it_says() -> None:
    with HTTPServer(("127.0.0.1", 0), BusyOnce) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        visitor = Visitor(f"http://127.0.0.1:{server.server_port}", "x", "y", lambda: 20)
        assert visitor.get("/api/users/me/") == {"user": "somebody"}
        server.shutdown()
    first, second = BusyOnce.asked
    assert second - first >= 1.0


def test_wrong_credentials_are_refused(web: Web) -> None:
    with pytest.raises(Refused, match="wrong_credentials"):
        Visitor(web.base_url, "demo.ana", "secret-1", lambda: 20).sign_in()


# -- who may play where ------------------------------------------------------------------------------------------


def cannot_play(capsys: pytest.CaptureFixture[str], *options: str) -> str:
    with pytest.raises(SystemExit) as end:
        call_command("simulate", *options)
    assert end.value.code == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    return said


@pytest.mark.django_db
def test_without_a_demo_clinic_it_says_how_to_get_one(capsys: pytest.CaptureFixture[str]) -> None:
    world.a_patient()
    assert "There is no demo clinic here: `make up` makes one" in cannot_play(capsys)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "options", [["--url", "http://clinic.example"], ["--url", "https://192.0.2.7:8000"]]
)
def test_demo_people_play_on_this_machine_only(
    options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert "name --url and --user" in cannot_play(capsys, *options)


@pytest.mark.django_db
@pytest.mark.parametrize("options", [[], ["--user", "demo.ana"]])
def test_a_clinic_that_serves_others_is_not_played_in_by_mistake(
    options: list[str], settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.ONLY_THIS_MACHINE = False
    assert "name --url and --user" in cannot_play(capsys, *options)


@pytest.mark.django_db
def test_what_is_no_address_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert "'ftp://x' is not an address" in cannot_play(capsys, "--url", "ftp://x")


@pytest.mark.django_db
def test_the_same_dice_call_the_same_people() -> None:
    call_command("demo")
    people = _demo_people(random.Random(7))
    assert people == _demo_people(random.Random(7))
    assert people != _demo_people(random.Random(8))
    roles = Counter(Person.objects.filter(username__in=people).values_list("role", flat=True))
    assert roles == {Role.PATIENT: 12, Role.DOCTOR: 3, Role.RECEPTIONIST: 1}
    assert all(Person.objects.filter(username__in=people).values_list("is_approved", flat=True))


def run_as(web: Web, *names: str, password: str, options: tuple[str, ...] = ()) -> tuple[int, str]:
    users = [word for name in names for word in ("--user", name)]
    done = starts.run(
        [sys.executable, str(MANAGE), "simulate", "--url", web.base_url, *users, *FAST, *options],
        reads=password + "\n",
    )
    assert "Traceback" not in done.stderr
    assert password not in done.stdout + done.stderr
    return done.returncode, done.stdout + done.stderr


def test_others_play_with_the_password_they_are_asked_for(web: Web) -> None:
    world.a_doctor()
    patient = Http(web.base_url).register()
    code, said = run_as(
        web, patient.username, password=patient.password, options=("--bookings", "3")
    )
    assert code == 0, said
    assert {each.patient_id for each in Appointment.objects.all()} == {patient.id}

    code, said = run_as(web, patient.username, password="wrong-password-7")
    assert (code, "They may not sign in (wrong_credentials)." in said) == (1, True)

    doctor = Http(web.base_url).register("DOCTOR")
    code, said = run_as(web, doctor.username, password=doctor.password)
    assert (code, "There is no patient among them" in said) == (1, True)


# -- how it looks ---------------------------------------------------------------------------------------------------


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_on_a_terminal_one_line_moves_and_covers_the_one_before() -> None:
    out = Terminal()
    bar = Bar(out)
    bar.show(0.0, "a long remark")
    bar.show(0.5, "short")
    bar.end("done")
    first, second, third = out.getvalue().split("\r")[1:]
    assert first == f"[{'.' * 30}] a long remark"
    assert second.rstrip() == f"[{'#' * 15}{'.' * 15}] short"
    assert len(second) == len(first)
    assert third.rstrip() == f"[{'#' * 30}] done"
    assert third.endswith("\n")


def test_elsewhere_it_is_a_line_for_every_tenth() -> None:
    out = io.StringIO()
    bar = Bar(out)
    for percent in range(100):
        bar.show(percent / 100, "on")
    bar.end("done")
    assert len(out.getvalue().splitlines()) == 11
    assert "\r" not in out.getvalue()


def test_a_course_that_is_over_has_no_step_left(demo: None) -> None:
    play = Play([], random.Random(1))
    assert list(Course(60, 10, 1, has_ended=lambda: True).steps(play)) == []
    play.done["booked"] = 10
    assert list(Course(60, 10, 1, has_ended=lambda: False).steps(play)) == []


@pytest.mark.parametrize("text", ["0", "-1", "x", "1.5", ""])
def test_counts_are_whole_and_above_zero(text: str) -> None:
    with pytest.raises(Exception, match="is not a number from 1 on"):
        whole(text)


@pytest.mark.parametrize("text", ["0", "-1", "x", "inf", "nan", ""])
def test_lengths_are_above_zero(text: str) -> None:
    with pytest.raises(Exception, match="is not a number above 0"):
        above_zero(text)
