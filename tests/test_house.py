"""Facts about the tree: how files are named, what they begin with, where tests stand."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.engine("sqlite")

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ("api", "clinic", "realtime", "workers")
# What says nothing of its content gathers everything.
NAMELESS = {"utils", "util", "helpers", "helper", "common", "misc", "lib", "base_test", "tools"}


def modules(*folders: str) -> Iterator[Path]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" not in path.parts and "node_modules" not in path.parts:
                yield path


ALL = [path for path in modules(*SOURCES, "tests") if path.read_text().strip()]


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", ALL, ids=name)
def test_every_module_says_in_one_line_what_it_is_for(path: Path) -> None:
    said = ast.get_docstring(ast.parse(path.read_text()))

    assert said, "no docstring"
    first, *rest = said.splitlines()
    assert first.endswith((".", "?")), first
    assert not rest or not rest[0].strip(), "the first line is one sentence"


def test_no_module_has_a_name_that_says_nothing() -> None:
    found = {path.stem for path in ALL} | {part for path in ALL for part in path.parts}

    assert not found & NAMELESS


def test_folders_of_tests_are_named_after_what_they_test() -> None:
    known = set(SOURCES) | {
        path.parent.name for path in modules("clinic") if path.parent.name != "clinic"
    }
    others = {"servers", "browser", "bench", "operations", "chaos"}

    tested = {
        path.relative_to(ROOT / "tests").parts[0]
        for path in modules("tests")
        if path.parent != ROOT / "tests"
    }

    assert tested <= known | others


def test_every_test_states_a_fact_in_its_name() -> None:
    for path in modules("tests"):
        for test in re.findall(r"^ *(?:async )?def (test_\w+)\(", path.read_text(), re.MULTILINE):
            assert test.count("_") >= 2, f"{name(path)}: {test}"


def test_our_own_code_is_never_mocked() -> None:
    for path in modules("tests"):
        text = path.read_text()
        assert not re.search(
            r"^\s*(from|import) unittest\.mock|\bmock\.patch", text, re.MULTILINE
        ), name(path)


def test_nothing_reads_the_time_but_the_clock() -> None:
    for path in modules(*SOURCES):
        if path.name in ("clock.py", "settings.py"):
            continue
        assert not re.search(r"datetime\.now\(|timezone\.now\(|date\.today\(", path.read_text()), (
            name(path)
        )


@pytest.mark.parametrize(
    "file", ["README.md", "LICENSE", "CHANGELOG.md", "CONTRIBUTING.md", "docs"]
)
def test_what_a_newcomer_looks_for_is_there(file: str) -> None:
    assert (ROOT / file).exists()


def test_links_between_our_pages_lead_somewhere() -> None:
    for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]:
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text()):
            if "://" not in target and not target.startswith("mailto:"):
                assert (page.parent / target).exists(), f"{name(page)}: {target}"
