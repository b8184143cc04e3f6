"""A clinic of its own for tests of its commands: its folder, its keys, its database on this run's engine."""

import os
import sqlite3
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import IO, Any, Final

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import dict_row

from clinic.keys import make_keys
from tests.engine import Engine
from tests.migrated import copy_database
from tests.servers import starts
from tests.servers.postgres import find_binaries, with_database

ROOT: Final = Path(__file__).resolve().parents[2]
Rows = list[dict[str, Any]]


class Installation:
    """`manage` runs its commands as real processes; `query` looks into its database without Django."""

    def __init__(self, folder: Path, database_url: str | None, keys: Path | None = None) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.keys = keys or folder / "secret" / "keys.json"
        self.database_url = database_url
        self.data.mkdir(parents=True)
        if keys is None:
            make_keys(self.keys)
        self.env: dict[str, str | None] = {
            "CLINIC_DATA_DIR": str(self.data),
            "CLINIC_KEYS_FILE": str(self.keys),
            "DATABASE_URL": database_url,
            "DJANGO_SETTINGS_MODULE": "clinic.settings",
        }
        if database_url is not None:
            # The programs of the very server that is tested, wherever it was found.
            self.env["PATH"] = f"{find_binaries()}:{os.environ['PATH']}"

    @property
    def environment(self) -> dict[str, str]:
        merged = {**os.environ, **self.env}
        return {name: value for name, value in merged.items() if value is not None}

    def manage(self, *arguments: str | Path, status: int = 0) -> str:
        """What the command says, on both of its channels. Its status is what the test states."""
        done = self.run([sys.executable, "manage.py", *map(str, arguments)])
        said = done.stdout + done.stderr
        assert done.returncode == status, said
        assert "Traceback" not in said
        return said

    def python(self, program: str) -> str:
        """What a program of this clinic prints."""
        begin = "import django; django.setup()\n"
        done = self.run([sys.executable, "-c", begin + program])
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        return starts.run(command, cwd=ROOT, env=self.environment)

    def start(self, program: str, log: IO[bytes]) -> starts.Started:
        """A program of this clinic that goes on beside the test, which kills it."""
        return starts.start(
            [sys.executable, "-c", program],
            env=self.environment,
            cwd=ROOT,
            stdout=log,
            stderr=subprocess.STDOUT,
        )

    def refused(self, *arguments: str | Path) -> str:
        """What a command says that does nothing: one sentence."""
        [sentence] = self.manage(*arguments, status=1).splitlines()
        assert sentence.endswith(".")
        return sentence

    def backup(self) -> Path:
        self.manage("backup")
        return max((self.data / "backups").iterdir(), key=lambda folder: folder.stat().st_mtime_ns)

    def query(self, statement: str) -> Rows:
        if self.database_url is not None:
            with psycopg.connect(self.database_url) as server:
                cursor = server.cursor(row_factory=dict_row)
                cursor.execute(statement.encode())
                return cursor.fetchall() if cursor.description else []
        with closing(sqlite3.connect(self.data / "clinic.sqlite3")) as file, file:
            file.row_factory = sqlite3.Row
            return [dict(row) for row in file.execute(statement).fetchall()]

    def script(self, statements: str) -> None:
        """Several statements in one transaction."""
        if self.database_url is not None:
            with psycopg.connect(self.database_url) as server:
                server.execute(statements.encode())
        else:
            with closing(sqlite3.connect(self.data / "clinic.sqlite3")) as file:
                file.executescript(f"BEGIN; {statements} COMMIT;")

    def tables(self) -> list[str]:
        query = (
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
            if self.database_url is None
            else "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'"
        )
        return sorted(row["name"] for row in self.query(query))

    def content(self) -> dict[str, Rows]:
        """Every row of every table, in an order that does not depend on where it lies."""
        return {
            name: sorted(self.query(f'SELECT * FROM "{name}"'), key=repr) for name in self.tables()
        }


Install = Callable[..., Installation]


@pytest.fixture(scope="module")
def install(
    engine: Engine, django_db_setup: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Install]:
    """Makes installations with an empty database each: `install(keys=…)` shares another one's keys.

    `install(migrated=True)` has its tables already, where migrating is not what a test is about.
    """
    with ExitStack() as stack:

        def make(*, keys: Path | None = None, migrated: bool = False) -> Installation:
            folder = tmp_path_factory.mktemp("clinic")
            if engine.name == "sqlite":
                made = Installation(folder, None, keys)
                if migrated:
                    copy_database(engine, f"sqlite:///{made.data}/clinic.sqlite3")
                return made
            database = _Database()
            stack.callback(database.drop)
            if migrated:
                copy_database(engine, database.url)
            else:
                database.create()
            return Installation(folder, database.url, keys)

        yield make


class _Database:
    """A database of its own on the server of this run."""

    def __init__(self) -> None:
        self._server = os.environ.get("TEST_DATABASE_URL") or os.environ["CLINIC_TEST_POSTGRES_URL"]
        self._name = f"clinic_{uuid.uuid4().hex}"
        self.url = with_database(self._server, self._name)

    def create(self) -> None:
        self._execute("CREATE DATABASE {}")

    def drop(self) -> None:
        self._execute("DROP DATABASE IF EXISTS {} WITH (FORCE)")

    def _execute(self, statement: str) -> None:
        with psycopg.connect(self._server, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(sql.Identifier(self._name)))  # type: ignore[arg-type]
