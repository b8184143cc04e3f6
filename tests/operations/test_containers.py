"""The container files as text: what is built from them is proved where there is an engine, by CI."""

import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from django.core.management import get_commands

from clinic.models import Person
from tests import world
from tests.servers.postgres import Postgres
from tests.servers.process import wait_until
from tests.servers.web import Web

pytestmark = pytest.mark.engine("sqlite")

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE = ROOT / "docker-compose.yml"
COMPOSE_FOR_TESTS = ROOT / "docker-compose.test.yml"
BOTH = [COMPOSE, COMPOSE_FOR_TESTS]
ONE_SHOTS = {"keys", "migrate"}
# Read by what is in the images besides us: libpq, PostgreSQL's and Mailpit's entry points.
OF_OTHERS = {
    "PGPASSFILE", "PGDATA", "POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD_FILE",
    "POSTGRES_HOST_AUTH_METHOD", "MP_DATABASE", "MP_MAX_MESSAGES",
}  # fmt: skip
OF_THE_SUITE = {"CLINIC_TEST_ENGINE", "TEST_DATABASE_URL", "TEST_REDIS_URL"}
TAGGED = re.compile(r"[a-z0-9][a-z0-9/-]*:[a-z0-9][\w.-]*")


def services(file: Path = COMPOSE) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load(file.read_text())["services"]
    return found


def settings_names() -> set[str]:
    named = re.findall(
        r"^# ([A-Z][A-Z_]+)=", (ROOT / ".local.env.example").read_text(), re.MULTILINE
    )
    return set(named)


def env_file(path: Path) -> dict[str, str]:
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions and their arguments, lines joined, comments left out."""
    text = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    joined = re.sub(r"\\\n\s*", "", text)
    return [
        (word, rest)
        for word, _, rest in (line.partition(" ") for line in joined.splitlines())
        if word
    ]


def stages() -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for word, rest in instructions():
        if word == "FROM":
            current = found.setdefault(rest.split(" AS ")[1], [])
        current.append((word, rest))
    return found


# -- compose -----------------------------------------------------------------------------------------------


def test_the_promised_services_are_there() -> None:
    assert services().keys() == {
        "proxy", "web", "worker", "beat", "keys", "migrate", "db", "redis", "mail",
    }  # fmt: skip
    assert services(COMPOSE_FOR_TESTS).keys() == {"web", "db", "redis"}


@pytest.mark.parametrize("file", BOTH, ids=lambda file: file.name)
def test_every_service_says_how_it_is_or_that_it_ends(file: Path) -> None:
    for name, service in services(file).items():
        check = service["healthcheck"]
        ends = name in ONE_SHOTS or (file == COMPOSE_FOR_TESTS and name == "web")
        assert check == {"disable": True} if ends else check["test"][0].startswith("CMD"), name


@pytest.mark.parametrize("file", BOTH, ids=lambda file: file.name)
def test_no_service_has_more_rights_than_it_needs(file: Path) -> None:
    for name, service in services(file).items():
        assert service["cap_drop"] == ["ALL"], name
        assert "no-new-privileges:true" in service["security_opt"], name
        assert "privileged" not in service, name
        ours = "build" in service
        assert ours or service["user"].split(":")[0] not in ("root", "0"), name
        if not (file == COMPOSE_FOR_TESTS and ours):
            assert service["read_only"] is True, name
            assert any(entry.startswith("/tmp") for entry in service["tmpfs"]), name


def test_what_goes_on_is_started_again_and_what_ends_is_not() -> None:
    for name, service in services().items():
        goes_on = service["restart"] == "unless-stopped"
        assert goes_on != (name in ONE_SHOTS), name


@pytest.mark.parametrize("file", BOTH, ids=lambda file: file.name)
def test_every_service_waits_until_what_it_needs_is_there(file: Path) -> None:
    all_ = services(file)
    for name, service in all_.items():
        for needed, how in service.get("depends_on", {}).items():
            ends = needed in ONE_SHOTS
            expected = "service_completed_successfully" if ends else "service_healthy"
            assert how == {"condition": expected}, f"{name} waits for {needed}"
            assert needed in all_


def test_the_start_goes_from_keys_to_the_proxy() -> None:
    def before(name: str) -> set[str]:
        direct = set(services()[name].get("depends_on", {}))
        return direct.union(*(before(each) for each in direct)) if direct else set()

    assert before("proxy") == {"web", "migrate", "redis", "db", "keys"}
    for name in ("web", "worker", "beat"):
        assert {"migrate", "redis", "db", "keys"} <= before(name)


def test_two_web_processes_and_exactly_one_beat() -> None:
    assert services()["web"]["deploy"] == {"replicas": 2}
    assert "deploy" not in services()["beat"]


def test_only_this_machine_reaches_the_proxy_and_the_mails_and_nothing_else() -> None:
    ports = {name: service["ports"] for name, service in services().items() if "ports" in service}
    assert ports == {"proxy": ["127.0.0.1:8000:8000"], "mail": ["127.0.0.1:8025:8025"]}
    assert not any("ports" in service for service in services(COMPOSE_FOR_TESTS).values())


def test_database_and_redis_are_on_a_network_without_a_way_out() -> None:
    file = yaml.safe_load(COMPOSE.read_text())
    assert file["networks"]["back"] == {"internal": True}
    assert [file["services"][name]["networks"] for name in ("db", "redis", "migrate")] == [
        ["back"]
    ] * 3
    assert file["services"]["proxy"]["networks"] == ["front"]


def test_everything_that_must_stay_is_on_a_volume_that_is_declared() -> None:
    file = yaml.safe_load(COMPOSE.read_text())
    named = {
        entry.split(":")[0]
        for service in file["services"].values()
        for entry in service.get("volumes", [])
        if not entry.startswith(".")
    }
    assert named == set(file["volumes"])
    assert "database:/var/lib/postgresql/data" in file["services"]["db"]["volumes"]
    assert "redis:/data" in file["services"]["redis"]["volumes"]
    assert "yes" in file["services"]["redis"]["command"]


def test_files_that_are_mounted_exist() -> None:
    for service in services().values():
        for entry in service.get("volumes", []):
            if entry.startswith("."):
                assert (ROOT / entry.split(":")[0]).is_file(), entry
                assert entry.endswith(":ro")


@pytest.mark.parametrize("file", BOTH, ids=lambda file: file.name)
def test_every_name_that_a_container_is_told_is_one_that_somebody_reads(file: Path) -> None:
    known = settings_names() | OF_OTHERS | OF_THE_SUITE
    for name, service in services(file).items():
        assert set(service.get("environment", {})) <= known, name
    assert set(env_file(DEPLOY / "compose.env")) <= settings_names()


def test_an_installation_s_own_settings_win_and_need_not_exist() -> None:
    files = services()["web"]["env_file"]
    assert files == ["deploy/compose.env", {"path": ".local.env", "required": False}]
    # Where it listens and where its data is must not be what suits the machine outside.
    assert {"HOST", "PORT", "CLINIC_DATA_DIR", "CLINIC_KEYS_FILE"} <= set(
        services()["web"]["environment"]
    )


@pytest.mark.parametrize("file", BOTH, ids=lambda file: file.name)
def test_every_image_is_pinned_by_a_tag_and_names_no_host(file: Path) -> None:
    for service in services(file).values():
        assert TAGGED.fullmatch(service["image"]), service["image"]
        assert not service["image"].endswith(":latest")


def test_our_services_run_commands_that_exist() -> None:
    commands = get_commands()
    for name, service in services().items():
        if "build" not in service:
            continue
        match service["command"]:
            case ["python", "manage.py", command, *_]:
                assert command in commands, name
            case ["python", script, *_]:
                assert (ROOT / script).is_file(), name
            case ["celery", "-A", "workers", ("worker" | "beat") as command, *_]:
                assert command == name
            case other:
                pytest.fail(f"{name}: {other}")


def test_the_promised_words_find_their_service() -> None:
    """`docker compose run --rm web python manage.py migrate`, `createsuperuser`."""
    assert {"migrate", "createsuperuser", "makemigrations"} <= get_commands().keys()
    assert services()["web"]["build"]["target"] == "clinic"
    assert services(COMPOSE_FOR_TESTS)["web"]["build"]["target"] == "tests"
    assert all(
        service["build"]["target"] in stages()
        for service in services().values()
        if "build" in service
    )


def test_no_secret_is_written_into_the_files() -> None:
    told = env_file(DEPLOY / "compose.env")
    for file in BOTH:
        for service in services(file).values():
            told |= service.get("environment", {})
    told |= {word: rest for word, rest in instructions() if word in ("ENV", "ARG")}
    secret = {name for name in told if re.search("PASSWORD|SECRET|TOKEN|API_KEY|_KEYS", name)}
    assert secret == {"POSTGRES_PASSWORD_FILE", "CLINIC_KEYS_FILE"}
    assert not any(re.search(r"://[^/\s]*:[^/\s]*@", str(value)) for value in told.values())


# -- the Dockerfile ----------------------------------------------------------------------------------------


def test_everything_that_is_copied_exists() -> None:
    made = {"/opt/clinic", "/app/frontend/dist"}
    for word, rest in instructions():
        if word != "COPY":
            continue
        *sources, _target = [part for part in rest.split() if not part.startswith("--")]
        for source in sources:
            inside = re.search(r"--from=(\w+)", rest)
            place = ROOT / "frontend" / source if source.startswith("package") else ROOT / source
            assert source in made if inside else place.exists(), rest


def test_every_base_image_is_pinned_by_a_tag_or_is_our_own_stage() -> None:
    own = stages().keys()
    for word, rest in instructions():
        if word == "FROM":
            image = rest.split()[0]
            assert image in own or TAGGED.fullmatch(image), image
            assert not image.endswith(":latest")


def test_the_product_runs_as_nobody_in_particular_and_serves() -> None:
    product = dict(stages()["clinic"])
    assert product["USER"] == "10001:10001"
    assert product["CMD"] == '["python", "manage.py", "serve"]'
    assert product["STOPSIGNAL"] == "SIGTERM"
    assert "/livez" in product["HEALTHCHECK"]
    assert list(stages())[-1] == "clinic", "the last stage is what `docker build .` makes"
    assert dict(stages()["tests"])["USER"] == "10001:10001"


def test_the_product_holds_what_runs_and_nothing_to_build_or_test_with() -> None:
    product = stages()["clinic"]
    copied = {rest.split()[-2] for word, rest in product if word == "COPY"}
    ours = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}
    assert ours <= copied
    assert copied - ours == {
        "/opt/clinic",
        "manage.py",
        "deploy/make_secrets.py",
        "/app/frontend/dist",
    }
    [packages] = [rest for word, rest in stages()["packages"] if word == "COPY"]
    assert packages.split() == ["requirements/base.txt", "requirements/base.txt"]


def test_every_package_is_installed_by_its_hash() -> None:
    for word, rest in instructions():
        if word == "RUN" and "pip install" in rest:
            assert "--require-hashes" in rest
        if word == "RUN" and "npm" in rest:
            assert "npm install" not in rest


def test_settings_of_the_image_are_settings() -> None:
    names = set(re.findall(r"\b([A-Z][A-Z_]+)=", dict(stages()["clinic"])["ENV"]))
    assert names <= settings_names() | {"PATH", "HOME", "PYTHONDONTWRITEBYTECODE"}


@pytest.mark.parametrize(
    "path", [".local.env", "var", ".git", ".venv", "**/keys.json", "**/*.sqlite3*", "frontend/dist"]
)
def test_what_a_machine_has_for_itself_never_reaches_the_engine(path: str) -> None:
    assert path in (ROOT / ".dockerignore").read_text().splitlines()


# -- what runs in the containers -----------------------------------------------------------------------------


def run(*command: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_health_check_tells_a_live_process_from_a_dead_one(web: Web) -> None:
    check = (str(DEPLOY / "healthcheck.py"), "/readyz")
    assert run("-I", *check, PORT=str(web.port)).returncode == 0

    web.kill()

    dead = run("-I", *check, PORT=str(web.port))
    assert dead.returncode == 1
    assert dead.stderr == "/readyz: ConnectionRefusedError\n"


@pytest.mark.parametrize("hosts", ["clinic.example,localhost", ".clinic.example", "*"])
def test_the_health_check_uses_a_name_that_is_allowed(hosts: str, web: Any, start_web: Any) -> None:
    web.kill()
    named = start_web(name="named", env={"ALLOWED_HOSTS": hosts}, wait=False)
    check = ("-I", str(DEPLOY / "healthcheck.py"), "/livez")

    def healthy() -> bool:
        return run(*check, PORT=str(named.port), ALLOWED_HOSTS=hosts).returncode == 0

    wait_until(healthy, seconds=60, what="a healthy answer")


def test_the_first_start_makes_secrets_and_the_second_leaves_them(tmp_path: Path) -> None:
    place = {"CLINIC_KEYS_FILE": str(tmp_path / "keys.json"), "CLINIC_DATA_DIR": str(tmp_path)}
    first = run("deploy/make_secrets.py", str(tmp_path), **place)
    assert first.returncode == 0, first.stderr
    made = {path.name: path.read_text() for path in tmp_path.iterdir()}

    assert run("deploy/make_secrets.py", str(tmp_path), **place).returncode == 0

    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == made
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == {"keys.json": 0o600, "password": 0o444, "pgpass": 0o600}
    assert len(made["password"]) > 40
    assert not any(made["password"] in said for said in (first.stdout, first.stderr))


def test_the_database_lets_in_who_has_that_password_and_nobody_else(
    own_postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = {"CLINIC_KEYS_FILE": str(tmp_path / "keys.json"), "CLINIC_DATA_DIR": str(tmp_path)}
    assert run("deploy/make_secrets.py", str(tmp_path), **place).returncode == 0
    password = (tmp_path / "password").read_text()
    with psycopg.connect(own_postgres.url, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE clinic LOGIN PASSWORD '{password}'")
        rules = own_postgres.data / "pg_hba.conf"
        rules.write_text(f"host all clinic all scram-sha-256\n{rules.read_text()}")
        connection.execute("SELECT pg_reload_conf()")
    url = own_postgres.url.replace("postgres@", "clinic@")

    def refused() -> bool:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError as error:
            return "no password supplied" in str(error)
        return False

    wait_until(refused, seconds=20, what="the new rule")
    monkeypatch.setenv("PGPASSFILE", str(tmp_path / "pgpass"))
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("clinic",)


def test_the_smoke_test_passes_on_a_whole_clinic_and_fails_without_its_admin(web: Web) -> None:
    Person.objects.create_superuser("head", "head@example.org", world.PASSWORD)
    smoke = str(DEPLOY / "smoke.py")

    whole = run("-I", smoke, web.base_url, "head", world.PASSWORD)
    assert whole.returncode == 0, whole.stderr
    assert "the socket greets" in whole.stdout

    wrong = run("-I", smoke, web.base_url, "head", "not-the-password")
    assert wrong.returncode == 1
    assert "401" in wrong.stderr


def test_the_proxy_s_file_is_about_the_services_of_compose() -> None:
    text = (DEPLOY / "nginx.conf").read_text()
    assert "server web:8000 resolve" in text
    assert "listen 8000;" in text
    assert "proxy_set_header Upgrade $http_upgrade;" in text
    assert "proxy_set_header Host $http_host;" in text
    assert "access_log off;" in text
    assert text.count("{") == text.count("}")
    timeout = re.search(r"proxy_read_timeout (\d+)s", text)
    assert timeout
    assert int(timeout[1]) > 60


# -- run_tests.sh and CI --------------------------------------------------------------------------------------


def test_without_an_engine_run_tests_says_so_in_one_sentence(tmp_path: Path) -> None:
    tools = {name: shutil.which(name) for name in ("sh", "dirname", "env")}
    for name, place in tools.items():
        assert place
        (tmp_path / name).symlink_to(place)

    said = subprocess.run(
        [str(tmp_path / "sh"), str(ROOT / "run_tests.sh")],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (said.returncode, said.stdout) == (1, "")
    [sentence] = said.stderr.splitlines()
    assert "make test" in sentence
    assert sentence.endswith(".")


def test_ci_runs_what_a_developer_runs_and_proves_the_containers() -> None:
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())["jobs"]
    runs = {
        name: "\n".join(step.get("run", "") for step in job["steps"]) for name, job in jobs.items()
    }
    assert runs["check-and-test"].strip() == ".ci/run"
    for part in (
        "up --build",
        "/readyz",
        "createsuperuser --noinput",
        "deploy/smoke.py",
        "down --volumes",
    ):
        assert part in runs["containers"], part
    assert runs["tests-in-containers"].strip() == "./run_tests.sh"
    for script in (".ci/run", "run_tests.sh"):
        assert os.access(ROOT / script, os.X_OK)
