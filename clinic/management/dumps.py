"""The whole database in one file and back, by the means of its engine."""

import os
import re
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Final, Protocol

from django.db import connection, transaction
from psycopg import conninfo, sql

Read = Callable[[str], Sequence[Sequence[Any]]]
"""Asks the database and returns the rows."""

CLIENT_PROGRAMS: Final = ("pg_dump", "pg_restore", "psql")
# Where distributions put them when they are not on the PATH.
CLIENT_FOLDERS: Final = ("/usr/lib/postgresql/*/bin", "/opt/homebrew/opt/postgresql@*/bin")
_COPY: Final = re.compile(rb'^COPY \S+?\."?(\w+)"? \(.*\) FROM stdin;$')


class DumpFailed(Exception):
    """Why a database could not be written down, read back or replaced: one sentence."""


class Dump(Protocol):
    """What the engines have in common."""

    file_name: str

    def write(self, target: Path, look: Callable[[Read], None]) -> None:
        """Write everything down as it is at one moment, and let `look` see it as of that moment."""

    def rows_in(self, source: Path) -> dict[str, int]:
        """Read what was written from its first byte to its last: how many rows each table has."""

    def is_empty(self) -> bool:
        """Whether nothing can be lost here: no people, and nothing that ever happened."""

    @contextmanager
    def nobody_else(self) -> Iterator[None]:
        """Only we use this database meanwhile."""

    def replace(self, source: Path, afterwards: Sequence[str], *, stamp: str) -> str:
        """Put this in place of what is there, and these statements with it, or leave all as it is.

        Returns what became of what was there, as a sentence, or nothing.
        """


def dump_of_this_engine() -> Dump:
    return SqliteDump() if connection.vendor == "sqlite" else PostgresDump()


# -- SQLite -------------------------------------------------------------------------------------------


class SqliteDump:
    """A copy made by SQLite's online backup, which takes one moment and stops no writer for long."""

    file_name = "database.sqlite3"

    @property
    def path(self) -> Path:
        return Path(connection.settings_dict["NAME"])

    def write(self, target: Path, look: Callable[[Read], None]) -> None:
        if not self.path.is_file():
            raise DumpFailed(f"There is no database at {self.path}.")
        connection.ensure_connection()
        source = connection.connection
        assert isinstance(source, sqlite3.Connection)
        with closing(sqlite3.connect(target)) as copy:
            source.backup(copy)
            # A file alone: no journal beside it that could be forgotten when it is moved.
            copy.execute("PRAGMA journal_mode = DELETE")
            look(lambda query: copy.execute(query).fetchall())

    def rows_in(self, source: Path) -> dict[str, int]:
        try:
            with closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as copy:
                [[verdict], *_] = copy.execute("PRAGMA integrity_check").fetchall()
                if verdict != "ok":
                    raise DumpFailed(f"SQLite finds the copy damaged: {verdict}.")
                if copy.execute("PRAGMA foreign_key_check").fetchone():
                    raise DumpFailed("The copy has rows that point to rows which are not there.")
                return count_rows(lambda query: copy.execute(query).fetchall(), tables_of_sqlite)
        except sqlite3.DatabaseError as error:
            raise DumpFailed(f"The copy cannot be read: {error}.") from error

    def is_empty(self) -> bool:
        if not self.path.is_file() or self.path.stat().st_size == 0:
            return True
        try:
            with closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)) as there:
                return has_nothing(lambda query: there.execute(query).fetchall(), tables_of_sqlite)
        except sqlite3.DatabaseError:
            return False  # what cannot be read may still be worth something

    @contextmanager
    def nobody_else(self) -> Iterator[None]:
        connection.close()
        if self.path.is_file():
            with closing(sqlite3.connect(self.path, isolation_level=None, timeout=1)) as there:
                try:
                    # Refused while anybody else has the file open; and what is in the journal goes into it.
                    there.execute("PRAGMA journal_mode = DELETE").fetchall()
                except sqlite3.OperationalError as error:
                    raise DumpFailed(
                        f"Somebody uses {self.path}: stop web processes and workers first."
                    ) from error
                except sqlite3.DatabaseError:
                    pass  # damaged, which may be why it is to be replaced
        yield

    def replace(self, source: Path, afterwards: Sequence[str], *, stamp: str) -> str:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        arriving = self.path.with_name(f"{self.path.name}.arriving")
        arriving.unlink(missing_ok=True)
        shutil.copyfile(source, arriving)
        with closing(sqlite3.connect(arriving)) as copy, copy:
            for statement in afterwards:
                copy.execute(statement)
        sync(arriving)
        aside = self._set_aside(stamp)
        arriving.replace(self.path)
        sync(self.path.parent)
        return f"What was there is now {aside}." if aside else ""

    def _set_aside(self, stamp: str) -> Path | None:
        """A second name for what is there; the first one is overwritten in one step."""
        if not self.path.is_file():
            return None
        aside = self.path.with_name(f"{self.path.name}.replaced-{stamp}")
        os.link(self.path, aside)
        aside.chmod(0o600)
        for journal in ("-wal", "-shm"):  # left only by what is damaged
            with suppress(FileNotFoundError):
                Path(f"{self.path}{journal}").rename(f"{aside}{journal}")
        return aside


def tables_of_sqlite(read: Read) -> list[str]:
    query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
    return sorted(name for (name,) in read(query))


# -- PostgreSQL ---------------------------------------------------------------------------------------


class PostgresDump:
    """PostgreSQL's own archive, made and put back by its client programs."""

    file_name = "database.pgdump"

    def write(self, target: Path, look: Callable[[Read], None]) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY; "
                "SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0"
            )
            cursor.execute("SELECT pg_export_snapshot()")
            [snapshot] = cursor.fetchone() or [""]
            run(
                program("pg_dump"), "--format=custom", "--no-owner", "--no-privileges",
                "--schema=public", f"--snapshot={snapshot}", f"--file={target}", database(),
                failing="PostgreSQL could not write its archive",
            )  # fmt: skip
            look(reader(cursor))

    def rows_in(self, source: Path) -> dict[str, int]:
        """Restored to nowhere: every table's data is unpacked and its lines are counted."""
        counts: dict[str, int] = {}
        table: str | None = None
        with unpacked(source) as lines:
            for line in lines:
                if table is None:
                    begin = _COPY.match(line)
                    if begin is not None:
                        table = begin[1].decode()
                        counts[table] = 0
                elif line == b"\\.\n":
                    table = None
                else:
                    counts[table] += 1
        return counts

    def is_empty(self) -> bool:
        with connection.cursor() as cursor:
            return has_nothing(reader(cursor), tables_of_postgres)

    @contextmanager
    def nobody_else(self) -> Iterator[None]:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                "AND pid <> pg_backend_pid() AND backend_type = 'client backend' "
                "AND usename = current_user"
            )
            [others] = cursor.fetchone() or [0]
        if others:
            raise DumpFailed(
                f"This database is in use ({others} connections): stop web processes and workers first."
            )
        yield

    def replace(self, source: Path, afterwards: Sequence[str], *, stamp: str) -> str:
        """One transaction: a failure, or a kill, leaves everything as it was."""
        with connection.cursor() as cursor:
            there = tables_of_postgres(reader(cursor))
        connection.close()
        drop = sql.SQL("DROP TABLE IF EXISTS {} CASCADE;\n").format(
            sql.SQL(", ").join(sql.Identifier("public", name) for name in there)
        )
        script = "BEGIN;\nSET LOCAL lock_timeout = '10s';\n" + (drop.as_string() if there else "")
        address, secrets = database(), password()
        with (
            tempfile.TemporaryFile() as said,
            unpacked(source) as lines,
            subprocess.Popen(
                [program("psql"), "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", address],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=said,
                env={**os.environ, **secrets},
            ) as psql,
        ):
            assert psql.stdin is not None
            with suppress(BrokenPipeError):  # then it has said why
                psql.stdin.write(script.encode())
                for line in lines:
                    psql.stdin.write(line)
                psql.stdin.write("".join(f"{one};\n" for one in [*afterwards, "COMMIT"]).encode())
            with suppress(BrokenPipeError):
                psql.stdin.close()
            if psql.wait() != 0:
                raise DumpFailed(f"PostgreSQL refused the restore: {first_error(said)}")
        return ""


def tables_of_postgres(read: Read) -> list[str]:
    return sorted(
        name for (name,) in read("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    )


def reader(cursor: Any) -> Read:
    def read(query: str) -> Sequence[Sequence[Any]]:
        cursor.execute(query)
        rows: Sequence[Sequence[Any]] = cursor.fetchall()
        return rows

    return read


def program(name: str) -> str:
    """One of PostgreSQL's client programs: on the PATH, else the newest in the usual places."""
    found = shutil.which(name)
    if found is None:
        places = [place for folder in CLIENT_FOLDERS for place in Path("/").glob(folder[1:])]
        newest = sorted(places, key=lambda place: int(re.sub(r"\D", "", str(place)) or 0))
        found = next((str(at / name) for at in reversed(newest) if (at / name).is_file()), None)
    if found is None:
        raise DumpFailed(
            f"{name} is not found: install PostgreSQL's client programs ({', '.join(CLIENT_PROGRAMS)}), "
            "as new as the server or newer."
        )
    return found


def database() -> str:
    """Where the database is, as the client programs are told; the password goes another way."""
    settings = connection.get_connection_params()
    known = (
        "service", "host", "port", "user", "dbname",
        "sslmode", "sslrootcert", "sslcert", "sslkey", "passfile",
    )  # fmt: skip
    return "--dbname=" + conninfo.make_conninfo(
        **{name: settings[name] for name in known if settings.get(name)}
    )


def password() -> Mapping[str, str]:
    """Not an argument: those are everybody's to read."""
    given = connection.get_connection_params().get("password")
    return {"PGPASSWORD": str(given)} if given else {}


def run(*command: str, failing: str) -> None:
    with tempfile.TemporaryFile() as said:
        done = subprocess.run(
            command, stdout=subprocess.DEVNULL, stderr=said, env={**os.environ, **password()}, check=False
        )  # fmt: skip
        if done.returncode != 0:
            raise DumpFailed(f"{failing}: {first_error(said)}")


@contextmanager
def unpacked(source: Path) -> Iterator[Iterator[bytes]]:
    """The archive as the lines of a script. Raises DumpFailed unless all of it could be read."""
    command = [
        program("pg_restore"), "--no-owner", "--no-privileges", "--schema=public", "--file=-", str(source),
    ]  # fmt: skip
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said) as unpacking,
    ):
        yield _whole(unpacking, said)


def _whole(unpacking: subprocess.Popen[bytes], said: IO[bytes]) -> Iterator[bytes]:
    assert unpacking.stdout is not None
    yield from unpacking.stdout
    if unpacking.wait() != 0:
        raise DumpFailed(f"The archive cannot be read: {first_error(said)}")


def first_error(said: IO[bytes]) -> str:
    """PostgreSQL's first complaint: its further lines are details, and could quote a row."""
    said.seek(0)
    lines = said.read(4096).decode(errors="replace").strip().splitlines()
    telling = next((line for line in lines if "rror:" in line or "ERROR" in line), None)
    return (telling or next(iter(lines), "it did not say why")).strip().rstrip(".") + "."


# -- both ---------------------------------------------------------------------------------------------


def count_rows(read: Read, tables: Callable[[Read], list[str]]) -> dict[str, int]:
    return {name: read(f'SELECT count(*) FROM "{name}"')[0][0] for name in tables(read)}  # noqa: S608  (its own tables)


def has_nothing(read: Read, tables: Callable[[Read], list[str]]) -> bool:
    there = set(tables(read)) & {"clinic_person", "clinic_event"}
    return not any(read(f'SELECT 1 FROM "{name}" LIMIT 1') for name in there)  # noqa: S608


def sync(path: Path) -> None:
    """What was written survives a power cut from here on."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
