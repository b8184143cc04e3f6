"""What the documents tell people to type exists, and what they show is so."""

import re
from pathlib import Path

import pytest
import yaml
from django.apps import apps
from django.core.management import call_command, get_commands

pytestmark = pytest.mark.engine("sqlite")

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("frontend/*.md")])
ALSO = [
    ROOT / ".pre-commit-config.yaml", ROOT / ".devcontainer" / "devcontainer.json",
    ROOT / "docker-compose.yml", ROOT / "docker-compose.test.yml", ROOT / "run_tests.sh",
    ROOT / ".ci" / "run", ROOT / ".local.env.example", ROOT / ".github" / "workflows" / "ci.yml",
]  # fmt: skip
MAKE = re.compile(r"(?:^\s+|`|'|\"|entry: )make ([a-z][a-z-]*)", re.MULTILINE)
MANAGE = re.compile(r"manage\.py ([a-z][a-z_]*)")
# Before the settings are read: manage.py does these itself.
WITHOUT_SETTINGS = {"make_keys", "test"}


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def targets() -> set[str]:
    return set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))


@pytest.mark.parametrize("page", [*PAGES, *ALSO], ids=name)
def test_every_make_target_that_is_named_exists(page: Path) -> None:
    assert set(MAKE.findall(page.read_text())) <= targets()


@pytest.mark.parametrize("page", [*PAGES, *ALSO], ids=name)
def test_every_management_command_that_is_named_exists(page: Path) -> None:
    named = set(MANAGE.findall(page.read_text()))
    assert named <= get_commands().keys() | WITHOUT_SETTINGS


def test_these_patterns_find_what_they_look_for() -> None:
    found = {word for page in PAGES for word in MAKE.findall(page.read_text())}
    assert {"up", "test", "check", "worker", "coverage"} <= found
    assert "createsuperuser" in MANAGE.findall((ROOT / "README.md").read_text())


def test_files_that_are_named_by_their_whole_path_exist() -> None:
    for page in PAGES:
        for named in re.findall(
            r"`((?:\.?\w[\w-]*/)+[\w.-]+\.(?:py|yml|sh|txt|conf|env))`", page.read_text()
        ):
            assert (ROOT / named).exists(), f"{name(page)}: {named}"


@pytest.mark.parametrize(
    "page", sorted([*ROOT.glob(".github/**/*.yml"), ROOT / ".pre-commit-config.yaml"]), ids=name
)
def test_files_for_machines_can_be_read_by_them(page: Path) -> None:
    assert isinstance(yaml.safe_load(page.read_text()), dict)


def test_hooks_come_from_this_repository_alone() -> None:
    repositories = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert [repository["repo"] for repository in repositories] == ["local"]


def test_the_diagram_shows_every_table_and_what_is_sealed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    call_command("diagram")

    shown = capsys.readouterr().out
    for model in apps.get_app_config("clinic").get_models():
        assert f"    {model.__name__} {{" in shown
        assert f"| `{model._meta.db_table}` |" in shown
    assert "sealed notes" in shown
    assert "Person ||--o{ Appointment : patient" in shown
    assert "Appointment |o--o| HealthRecord : appointment" in shown
