"""`manage.py up` and `manage.py worker`, as real processes with real signals."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from clinic.management.commands.up import stop_seconds
from clinic.management.preflight import CannotStart, check_front_end
from tests.engine import Engine
from tests.migrated import copy_database
from tests.servers import starts
from tests.servers.process import Process, free_port, port_answers, wait_until

MANAGE = Path(__file__).resolve().parents[2] / "manage.py"
OPEN = "The clinic is open at"


class Up(Process):
    """`manage.py up` on a port of its own; ready when it says where the clinic is."""

    def __init__(self, *options: str, folder: Path, env: dict[str, str | None]) -> None:
        self.name = "up"
        self.options = options
        self.port = free_port()
        super().__init__(folder=folder, env={**env, "PORT": str(self.port)})

    def command(self) -> list[str]:
        return [sys.executable, str(MANAGE), "up", *self.options]

    def start(self) -> None:
        self.log.unlink(missing_ok=True)
        super().start()

    def answers(self) -> bool:
        return OPEN in self.said

    @property
    def said(self) -> str:
        return self.log.read_text(errors="replace")

    @property
    def web(self) -> int:
        return self.child("realtime.serve")

    @property
    def celery(self) -> int:
        return self.child("celery")

    def child(self, word: str) -> int:
        def found() -> list[int]:
            return [pid for pid in children_of(self.pid) if word in command_line(pid)]

        wait_until(found, seconds=30, what=f"the start of {word}")
        [pid] = found()
        return pid


def children_of(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [int(child) for child in children.split()]


def command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except (FileNotFoundError, ProcessLookupError):
        return ""


def family_of(pid: int) -> list[int]:
    """All descendants of a process."""
    return [pid_ for child in children_of(pid) for pid_ in (child, *family_of(child))]


def is_gone(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state == "Z"


def wait_until_gone(pids: list[int]) -> None:
    wait_until(lambda: all(map(is_gone, pids)), seconds=60, what=f"the end of {pids}")


@dataclass(frozen=True)
class Installation:
    env: dict[str, str | None]
    said_at_first: str
    """What its first start said."""


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """An installation without Redis, whose first start is behind it."""
    data = tmp_path_factory.mktemp("installation")
    env = environment_of(data)
    make_keys(env)
    first = Up(folder=data, env=env)
    try:
        first.start()
        return Installation(env, first.said)
    finally:
        first.kill()


@pytest.fixture(scope="class")
def running(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """The second start of that installation. Its tests leave it running."""
    up = Up(folder=tmp_path_factory.mktemp("running"), env=installation.env)
    try:
        up.start()
        yield up
    finally:
        up.kill()


def environment_of(data: Path) -> dict[str, str | None]:
    return {
        "CLINIC_DATA_DIR": str(data),
        "CLINIC_KEYS_FILE": None,
        "DATABASE_URL": None,
        "REDIS_URL": None,
    }


@pytest.fixture
def migrated(engine: Engine, django_db_setup: None, tmp_path: Path) -> dict[str, str | None]:
    """An installation with keys, tables, and nobody in them."""
    data = tmp_path / "data"
    env = environment_of(data)
    make_keys(env)
    copy_database(engine, f"sqlite:///{data}/clinic.sqlite3")
    return env


def make_keys(env: dict[str, str | None]) -> None:
    assert manage("make_keys", env=env).returncode == 0


def manage(*arguments: str, env: dict[str, str | None]) -> subprocess.CompletedProcess[str]:
    merged = {**os.environ, **env}
    return starts.run(
        [sys.executable, str(MANAGE), *arguments],
        env={name: value for name, value in merged.items() if value is not None},
    )


StartUp = Callable[..., Up]


@pytest.fixture
def start_up(tmp_path: Path) -> Iterator[StartUp]:
    with ExitStack() as stack:

        def start(*options: str, env: dict[str, str | None], name: str = "up") -> Up:
            up = Up(*options, folder=tmp_path / name, env=env)
            stack.callback(up.kill)
            up.start()
            return up

        yield start


def refusal(env: dict[str, str | None]) -> str:
    """What `up` says when it does not start: one sentence, no traceback, status 1."""
    result = manage("up", env=env)
    assert result.returncode == 1, result.stdout
    [sentence] = result.stderr.splitlines()
    assert sentence.endswith(".")
    return sentence


@pytest.mark.engine("sqlite")
class TestWhileItRuns:
    def test_a_second_start_has_nothing_to_prepare(self, running: Up) -> None:
        assert "Preparing" not in running.said
        assert "Making" not in running.said
        assert re.search(r"doctor +demo\.\S+", running.said)

    def test_it_answers_where_it_says_with_a_worker_beside_it(self, running: Up) -> None:
        assert f"{OPEN} http://127.0.0.1:{running.port}/" in running.said
        assert httpx.get(f"http://127.0.0.1:{running.port}/livez").status_code == 200
        assert "--beat" in command_line(running.celery)

    def test_a_second_web_process_is_refused(self, running: Up, installation: Installation) -> None:
        sentence = refusal({**installation.env, "PORT": str(free_port())})
        assert sentence.startswith("Another web process serves ")

    def test_a_killed_worker_is_started_again_without_its_old_beat(self, running: Up) -> None:
        worker = running.celery
        wait_until(lambda: children_of(worker), seconds=30, what="the start of the beat")
        old = [worker, *family_of(worker)]
        os.kill(worker, signal.SIGKILL)
        wait_until_gone(old)
        assert running.celery not in old
        assert "The Celery worker was killed by SIGKILL; it starts again in 1 s." in running.said


@pytest.mark.engine("sqlite")
class TestWithoutRedis:
    def test_the_first_start_makes_a_demo_clinic(self, installation: Installation) -> None:
        assert "Preparing the database" in installation.said_at_first
        assert "Making the demo clinic" in installation.said_at_first
        assert re.search(r"doctor +demo\.\S+", installation.said_at_first)

    def test_a_start_without_demo_has_no_sign_ins(
        self, migrated: dict[str, str | None], start_up: StartUp
    ) -> None:
        assert "sign-ins" not in start_up("--no-demo", env=migrated).said

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_a_signal_to_the_whole_terminal_stops_all_of_it(
        self, number: signal.Signals, installation: Installation, start_up: StartUp
    ) -> None:
        up = start_up(env=installation.env)
        family = family_of(up.pid)
        os.killpg(up.pid, number)
        assert up.wait_for_exit() == 0
        wait_until_gone(family)
        assert not port_answers(up.port)
        assert "Traceback" not in up.said

    def test_the_second_ctrl_c_waits_for_nothing(
        self, installation: Installation, start_up: StartUp
    ) -> None:
        up = start_up(env={**installation.env, "CLINIC_DRAIN_NOTICE_SECONDS": "300"})
        family = family_of(up.pid)
        up.signal(signal.SIGINT)
        ready = f"http://127.0.0.1:{up.port}/readyz"
        wait_until(lambda: httpx.get(ready).status_code == 503, seconds=20, what="/readyz with 503")
        time.sleep(1.1)  # sooner, it would be the same wish, told by two
        up.signal(signal.SIGINT)
        assert up.wait_for_exit() == 0
        wait_until_gone(family)

    def test_a_server_that_drains_is_not_killed_before_its_time(self, settings: Any) -> None:
        settings.DRAIN_NOTICE_SECONDS, settings.DRAIN_SECONDS = 7.0, 40.0
        assert stop_seconds() > 47

    def test_a_killed_supervisor_leaves_nothing_behind(
        self, installation: Installation, start_up: StartUp
    ) -> None:
        up = start_up(env=installation.env)
        wait_until(lambda: children_of(up.celery), seconds=30, what="the start of the beat")
        family = family_of(up.pid)
        os.kill(up.pid, signal.SIGKILL)
        wait_until_gone(family)

    def test_a_killed_web_server_ends_everything_and_can_be_started_again_at_once(
        self, installation: Installation, start_up: StartUp
    ) -> None:
        up = start_up(env=installation.env)
        family = family_of(up.pid)
        os.kill(up.web, signal.SIGKILL)
        assert up.wait_for_exit() == 1
        assert up.said.endswith("The web server was killed by SIGKILL, so everything stops.\n")
        wait_until_gone(family)
        up.start()

    def test_a_port_in_use_is_refused(self, installation: Installation) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            sentence = refusal({**installation.env, "PORT": str(port)})
        assert f"Port {port} on 127.0.0.1 is in use" in sentence

    def test_a_folder_that_cannot_be_written_to_is_refused(
        self, installation: Installation, tmp_path: Path
    ) -> None:
        a_file = tmp_path / "file"
        a_file.touch()
        keys = f"{installation.env['CLINIC_DATA_DIR']}/keys.json"
        env = {**installation.env, "CLINIC_DATA_DIR": str(a_file), "CLINIC_KEYS_FILE": keys}
        assert refusal(env).startswith(f"The data folder {a_file} cannot be written to")

    def test_demo_accounts_are_not_served_to_other_machines(
        self, installation: Installation
    ) -> None:
        # Who serves others has said where mails go; else there is a warning of that before.
        served = {"HOST": "0.0.0.0", "PORT": str(free_port()), "EMAIL_URL": "smtp://localhost"}
        sentence = refusal({**installation.env, **served})
        assert sentence.startswith("This database holds demo accounts")

    def test_no_demo_accounts_are_made_where_other_machines_are_served(
        self, migrated: dict[str, str | None], start_up: StartUp
    ) -> None:
        assert "sign-ins" not in start_up(env={**migrated, "HOST": "0.0.0.0"}).said

    def test_a_database_out_of_reach_is_one_sentence(self, installation: Installation) -> None:
        url = f"postgres://clinic:secret@127.0.0.1:{free_port()}/clinic"
        sentence = refusal({**installation.env, "DATABASE_URL": url, "PORT": str(free_port())})
        assert sentence.startswith("The database cannot be used: ")
        assert "secret" not in sentence

    def test_a_separate_worker_is_refused(self, installation: Installation) -> None:
        result = manage("worker", env=installation.env)
        assert result.returncode == 1
        assert result.stderr.startswith("`make up` runs the worker itself")

    def test_a_missing_build_is_refused(self, settings: Any, tmp_path: Path) -> None:
        settings.FRONTEND_DIST = tmp_path / "dist"
        with pytest.raises(CannotStart, match="The front end is not built"):
            check_front_end()


@pytest.mark.engine("postgres")
@pytest.mark.usefixtures("transactional_db")
class TestOnPostgresAndRedis:
    def test_two_web_processes_serve_one_clinic(self, start_up: StartUp) -> None:
        first = start_up("--no-demo", env={}, name="first")
        second = start_up("--no-demo", env={}, name="second")
        for up in (first, second):
            assert httpx.get(f"http://127.0.0.1:{up.port}/livez").status_code == 200
            assert [pid for pid in family_of(up.pid) if "celery" in command_line(pid)] == []
        first.stop()
        assert first.exit_code == 0
        assert httpx.get(f"http://127.0.0.1:{second.port}/livez").status_code == 200

    def test_the_worker_and_its_beat_stop_together(self, tmp_path: Path) -> None:
        worker = SeparateWorker(folder=tmp_path, env={})
        try:
            worker.start()
            family = family_of(worker.pid)
            worker.stop()
        finally:
            worker.kill()
        assert worker.exit_code == 0
        wait_until_gone(family)


class SeparateWorker(Process):
    name = "worker"

    def command(self) -> list[str]:
        return [sys.executable, str(MANAGE), "worker"]

    def answers(self) -> bool:
        said = self.log.read_text()
        return " ready." in said and "beat: Starting" in said
