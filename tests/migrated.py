"""The migrations run once in a whole test run: every other database is a copy of what they made."""

import fcntl
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from django.db import connection
from psycopg import sql

from tests.database import raw
from tests.engine import Engine

SUFFIX = "_migrated"


def make_database(engine: Engine) -> None:
    """This process's own: migrated, if it is the first of the run, or else copied."""
    with _one_after_the_other(engine.run_dir):
        first = not _mark(engine).exists()
        if first:
            connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
            _keep(engine)
            _mark(engine).touch()
    if not first:
        copy_database(engine, engine.database_url)


def copy_database(engine: Engine, url: str) -> None:
    """A database that is not there yet: `sqlite:///a/file` or `postgresql://server/name`."""
    name = urlsplit(url).path.lstrip("/")
    if engine.name == "sqlite":
        shutil.copyfile(sqlite_copy(engine), f"/{name}")
    else:
        _create(name, like=_name(engine))


def sqlite_copy(engine: Engine) -> Path:
    """Never written to again, and read without a lock."""
    return engine.run_dir / "migrated.sqlite3"


def drop_copy(engine: Engine) -> None:
    """On a server that is not ours nothing of the run may stay."""
    if _mark(engine).exists():
        _execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", _name(engine))


def _keep(engine: Engine) -> None:
    if engine.name == "sqlite":
        with closing(sqlite3.connect(sqlite_copy(engine))) as copy:
            raw(connection).backup(copy)
        return
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]  # PostgreSQL's
    _create(_name(engine), like=urlsplit(engine.database_url).path.lstrip("/"))


def _create(name: str, *, like: str) -> None:
    _execute("CREATE DATABASE {} TEMPLATE {}", name, like)


def _execute(statement: str, *names: str) -> None:
    server = os.environ.get("TEST_DATABASE_URL") or os.environ["CLINIC_TEST_POSTGRES_URL"]
    with psycopg.connect(server, autocommit=True) as there:
        there.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))  # type: ignore[arg-type]


def _name(engine: Engine) -> str:
    return engine.run_dir.name.replace("-", "_").lower() + SUFFIX


def _mark(engine: Engine) -> Path:
    return engine.run_dir / "migrated"


@contextmanager
def _one_after_the_other(run_dir: Path) -> Iterator[None]:
    with (run_dir / "migrating").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
