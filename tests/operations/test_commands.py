"""The commands that documents promise, word for word, as real processes."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from django.core.management import call_command
from websockets.sync.client import connect

from clinic.models import Person, Role
from tests.command import pytest_arguments, target_of
from tests.servers.process import Process, free_port, port_answers, wait_until

pytestmark = pytest.mark.engine("sqlite")

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
# Quick, and of no engine in particular.
QUICK = "tests/rules/test_zones.py"


def outside(tmp_path: Path, **more: str) -> dict[str, str]:
    """The environment of a person at a terminal: nothing of this test run is in it."""
    inside = ("CLINIC_", "PYTEST_", "COVERAGE_", "DJANGO_", "DATABASE_URL", "REDIS_URL")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(inside)}
    return {
        **kept,
        "PATH": f"{BIN}:{kept['PATH']}",
        "CLINIC_ENV_FILE": os.devnull,
        "CLINIC_DATA_DIR": str(tmp_path / "data"),
        **more,
    }


def say(words: str, env: dict[str, str], **options: str) -> subprocess.CompletedProcess[str]:
    """The words as they stand in a document, from the project's own folder."""
    return subprocess.run(
        words.split(), cwd=ROOT, env=env, capture_output=True, text=True, timeout=110, check=False
    )


@pytest.fixture(scope="module")
def first_command(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a new virtual environment's first command has made: there was nothing before."""
    folder = tmp_path_factory.mktemp("new")
    done = say("python manage.py migrate", outside(folder))
    assert done.returncode == 0, done.stderr
    assert "Back this file up" in done.stdout
    return folder / "data"


@pytest.fixture
def installed(first_command: Path, tmp_path: Path) -> dict[str, str]:
    """An installation that the first command has made, for one test."""
    shutil.copytree(first_command, tmp_path / "data")
    return outside(tmp_path)


# -- manage.py test ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("label", "target"),
    [
        ("tests", "tests"),
        ("tests/api", "tests/api"),
        ("tests/api/test_booking.py", "tests/api/test_booking.py"),
        ("tests/api/test_booking.py::test_it", "tests/api/test_booking.py::test_it"),
        ("tests.api", "tests/api"),
        ("tests.api.test_booking", "tests/api/test_booking.py"),
        ("tests.api.test_booking.test_it", "tests/api/test_booking.py::test_it"),
        ("tests.api.test_booking.Some.test_it", "tests/api/test_booking.py::Some::test_it"),
        ("api.test_booking", "tests/api/test_booking.py"),
        ("api", "tests/api"),
        ("clinic.actions", "tests/actions"),
        ("clinic", "tests"),
    ],
)
def test_labels_mean_what_they_say(
    label: str, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)

    assert target_of(label) == str(ROOT / target)


def test_a_label_that_means_nothing_is_left_to_pytest_to_refuse() -> None:
    assert target_of("tests.api.nothing_here") == "tests.api.nothing_here"


@pytest.mark.parametrize(
    ("django", "pytest_s"),
    [
        ("--failfast", "-x"),
        ("--noinput -v 2", "-v"),
        ("--verbosity 0", "-q"),
        ("--parallel 3", "-n 3"),
        ("--parallel", "-n auto"),
        ("-k api -n 2 -m browser", "-k api -n 2 -m browser"),
        ("--maxfail=2 -v", "--maxfail=2 -v"),
    ],
)
def test_django_s_options_are_understood(django: str, pytest_s: str) -> None:
    assert pytest_arguments(django.split()) == pytest_s.split()


@pytest.mark.parametrize(
    "label", [pytest.param(QUICK, marks=pytest.mark.proof), "tests.rules.test_zones"]
)
def test_manage_test_runs_what_is_asked_for_without_any_installation(
    label: str, tmp_path: Path
) -> None:
    ran = say(f"python manage.py test {label} -q", outside(tmp_path))

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert re.search(r"\d+ passed", ran.stdout)


@pytest.mark.parametrize(
    ("label", "code"),
    [("{failing}", 1), pytest.param("tests.nothing", 4, marks=pytest.mark.proof)],
)
def test_manage_test_passes_the_exit_code_on(label: str, code: int, tmp_path: Path) -> None:
    failing = tmp_path / "test_failing.py"
    failing.write_text("def test_it() -> None:\n    assert 1 == 2\n")
    named = label.format(failing=failing)

    assert say(f"python manage.py test {named}", outside(tmp_path)).returncode == code


@pytest.mark.proof
def test_coverage_counts_what_web_processes_do(tmp_path: Path) -> None:
    env = outside(tmp_path, COVERAGE_FILE=str(tmp_path / "coverage"))
    label = "tests/servers/test_web.py::test_a_web_process_is_ready_for_work"

    ran = say(f"coverage run manage.py test {label}", env)
    assert ran.returncode == 0, ran.stdout + ran.stderr

    report = say("coverage report --include=realtime/asgi.py,api/health.py", env)
    assert report.returncode == 0, report.stdout + report.stderr
    total = re.search(r"TOTAL.* (\d+)%", report.stdout)
    # Nobody but the web process imports the one and asks the other.
    assert total, report.stdout
    assert int(total[1]) > 50, report.stdout
    html = say(f"coverage html --directory {tmp_path / 'html'}", env)
    assert html.returncode == 0, html.stdout
    assert (tmp_path / "html" / "index.html").is_file()


# -- migrate, createsuperuser, runserver, celery, uv -------------------------------------------------------


@pytest.mark.django_db
def test_a_superuser_is_an_admin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_USERNAME", "head")
    monkeypatch.setenv("DJANGO_SUPERUSER_EMAIL", "head@example.org")
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "correct-horse-battery-7")

    call_command("createsuperuser", interactive=False, verbosity=0)

    head = Person.objects.get(username="head")
    assert (head.role, head.is_superuser, head.is_staff) == (Role.ADMIN, True, True)
    assert head.check_password("correct-horse-battery-7")


def test_a_new_installation_can_be_migrated_and_given_its_first_admin(
    installed: dict[str, str],
) -> None:
    first = {
        "DJANGO_SUPERUSER_USERNAME": "head",
        "DJANGO_SUPERUSER_EMAIL": "head@example.org",
        "DJANGO_SUPERUSER_PASSWORD": "correct-horse-battery-7",
    }

    made = say("python manage.py createsuperuser --noinput", {**installed, **first})

    assert made.returncode == 0, made.stderr
    assert "Superuser created successfully" in made.stdout
    assert "correct-horse" not in made.stdout + made.stderr
    assert say("python manage.py makemigrations --check", installed).returncode == 0


def test_keys_that_are_lost_are_not_made_again(installed: dict[str, str], tmp_path: Path) -> None:
    """New ones would read nothing of what is there, and hide why."""
    (tmp_path / "data" / "keys.json").unlink()

    refused = say("python manage.py migrate", installed)

    assert refused.returncode != 0
    assert "there are no keys at" in refused.stderr
    assert not (tmp_path / "data" / "keys.json").exists()


@pytest.mark.parametrize("told", ["DATABASE_URL", "CLINIC_KEYS_FILE"])
def test_no_keys_are_made_where_they_are_kept_elsewhere(told: str, tmp_path: Path) -> None:
    env = outside(tmp_path, **{told: f"sqlite:///{tmp_path}/x"})

    refused = say("python manage.py migrate", env)

    assert "there are no keys at" in refused.stderr
    assert not list(tmp_path.rglob("keys.json"))


class Promised(Process):
    """A command that goes on until it is told to stop, as a document gives it."""

    name = "promised"

    def __init__(self, words: str, ready: str, *, folder: Path, env: dict[str, str]) -> None:
        gone: dict[str, str | None] = dict.fromkeys(os.environ, None)
        super().__init__(folder=folder, env={**gone, **env})
        self.words = words
        self.ready = ready

    def command(self) -> list[str]:
        return [str(BIN / self.words.split()[0]), *self.words.split()[1:]]

    def answers(self) -> bool:
        return self.ready in self.log.read_text()


def test_runserver_is_daphne_s_and_serves_the_socket(
    installed: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    port = free_port()
    words = f"python manage.py runserver --noreload {port}"
    server = Promised(words, "Starting ASGI/Daphne", folder=tmp_path, env=installed)
    try:
        server.start()
        wait_until(lambda: port_answers(port), seconds=30, what="the opening of the port")
        answer = httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=20)
        assert answer.json() == {"status": "ok"}
        with connect(f"ws://127.0.0.1:{port}/ws/") as socket:
            assert json.loads(socket.recv(timeout=20))["op"] == "welcome"
    finally:
        server.kill()


def test_celery_runs_by_the_words_of_the_documents(
    installed: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    words = "celery -A workers worker --loglevel=info"
    worker = Promised(words, " ready.", folder=tmp_path, env=installed)
    try:
        worker.start()
        worker.stop()
    finally:
        worker.kill()
    assert worker.exit_code == 0


def test_requirements_txt_names_the_locked_packages() -> None:
    named = (ROOT / "requirements.txt").read_text().split()

    assert named == ["-r", "requirements/base.txt"]
    locked = (ROOT / "requirements" / "base.txt").read_text()
    for package in ("django==5.2", "daphne==", "celery==", "psycopg==", "django-anymail=="):
        assert f"\n{package}" in locked, package
    pins = re.findall(r"^[a-z][\w.\[\],-]*==", locked, re.MULTILINE)
    assert len(re.findall(r"^    # via|^    --hash", locked, re.MULTILINE)) > len(pins) > 20
