"""Puts the test database back to how the migrations left it, in a few milliseconds.

Django's own `flush` empties every table, rebuilds permissions and takes a hundred times as long.
"""

import sqlite3
from pathlib import Path
from typing import Any

from django.db import connection
from django.test import TransactionTestCase

# The rows that the migrations made are kept in a schema of their own. A table without such rows is emptied
# when it has any; one with such rows is put back when it differs. Triggers rest meanwhile: some tables
# refuse DELETE by design.
_REMEMBER = """
DROP SCHEMA IF EXISTS pristine CASCADE;
CREATE SCHEMA pristine;
DO $body$
DECLARE name text; filled boolean;
BEGIN
  FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
    EXECUTE format('SELECT EXISTS (SELECT FROM public.%I)', name) INTO filled;
    IF filled THEN
      EXECUTE format('CREATE TABLE pristine.%I AS TABLE public.%I', name, name);
    END IF;
  END LOOP;
END $body$;
"""
_FILLED = "SELECT tablename FROM pg_tables WHERE schemaname = 'pristine'"
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"


class PostgresSnapshot:
    def __init__(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(_REMEMBER)
            cursor.execute(_FILLED)
            filled = {name for (name,) in cursor.fetchall()}
            cursor.execute(_TABLES)
            tables = sorted(name for (name,) in cursor.fetchall())
        self._changed = " UNION ALL ".join(
            f"SELECT '{name}' WHERE {_differs(name) if name in filled else _has_rows(name)}"
            for name in tables
        )
        self._filled = filled

    def restore(self) -> None:
        connection.ensure_connection()
        with connection.cursor() as cursor:
            cursor.execute(self._changed)
            names = [name for (name,) in cursor.fetchall()]
            if not names:
                return
            steps = [f'DELETE FROM public."{name}"' for name in names]
            steps += [
                f'INSERT INTO public."{name}" TABLE pristine."{name}"'
                for name in names
                if name in self._filled
            ]
            cursor.execute(
                f"BEGIN; SET LOCAL session_replication_role = replica; {'; '.join(steps)}; COMMIT"
            )

    def close(self) -> None:
        """Before the database is dropped: whoever is still connected, from a thread say, is no more."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        connection.close()


def _has_rows(name: str) -> str:
    return f'EXISTS (SELECT FROM public."{name}")'


def _differs(name: str) -> str:
    now, then = f'TABLE public."{name}"', f'TABLE pristine."{name}"'
    return f"EXISTS (({now} EXCEPT {then}) UNION ALL ({then} EXCEPT {now}))"


class SqliteSnapshot:
    """A copy of the file, written back page by page through SQLite itself: open connections notice."""

    def __init__(self, copy: Path) -> None:
        self._copy = sqlite3.connect(
            f"{copy.as_uri()}?immutable=1", uri=True, check_same_thread=False
        )

    def restore(self) -> None:
        self._copy.backup(raw(connection))

    def close(self) -> None:
        self._copy.close()


def raw(wrapper: Any) -> sqlite3.Connection:
    wrapper.ensure_connection()
    found = wrapper.connection
    assert isinstance(found, sqlite3.Connection)
    return found


Snapshot = PostgresSnapshot | SqliteSnapshot


def take_snapshot(copy: Path) -> Snapshot:
    """`copy`: of the SQLite file that the migrations made."""
    return SqliteSnapshot(copy) if connection.vendor == "sqlite" else PostgresSnapshot()


def restore_instead_of_flush(snapshot: Snapshot) -> None:
    """Every transactional test ends with a restore, pytest-django's as well as unittest's."""

    def restore(_self: TransactionTestCase) -> None:
        snapshot.restore()

    setattr(TransactionTestCase, "_fixture_teardown", restore)  # noqa: B010 - not in the stubs
