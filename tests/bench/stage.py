"""The servers of a bench: PostgreSQL and Redis on the client's cores, the web server on its own."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

import httpx

from clinic.keys import make_keys
from tests.bench import socketio
from tests.bench.machine import Layout, on_cores
from tests.engine import FOREIGN
from tests.servers.postgres import Postgres
from tests.servers.process import dismiss_reaper, port_answers, tell_reaper
from tests.servers.redis import Redis
from tests.servers.web import Web

ROOT: Final = Path(__file__).resolve().parents[2]
CLINIC: Final = "clinic"
"""Our own server as it is; the next two are the same with clocks in it, and with somebody who looks what it does."""
STAMPED: Final = "stamped"
PROFILED: Final = "profiled"
STOCK: Final = "stock"
SOCKET_IO: Final = "socketio"
TOKEN_SECONDS: Final = 3600
EVENT_BYTES: Final = 500
CACHE: Final = ROOT / ".cache" / "bench"


class DurablePostgres(Postgres):
    """A commit is on disk before it is answered, as where it matters."""

    def command(self) -> list[str]:
        return [*super().command(), "--fsync=on", "--full_page_writes=on"]


class PinnedWeb(Web):
    """The clinic's own server, or one of those beside it, on the server's core."""

    def __init__(
        self,
        *,
        folder: Path,
        name: str,
        env: dict[str, str | None],
        application: str,
        layout: Layout,
    ) -> None:
        super().__init__(folder=folder, name=name, env=env)
        self._application = application
        self._layout = layout

    def command(self) -> list[str]:
        if self._application == CLINIC:
            return super().command()
        if self._application in (STAMPED, PROFILED):
            return [sys.executable, "-m", "tests.bench.serve", self._application]
        if self._application == SOCKET_IO:
            return [socketio.node(), str(socketio.SOURCE / "server.cjs")]
        endpoint = f"tcp:port={self.port}:interface=127.0.0.1:backlog=4096"
        return [
            sys.executable, "-m", "daphne", "--no-server-name", "--verbosity", "0",
            "--endpoint", endpoint, "--websocket-max-message-size", "65536",
            "--websocket-max-frame-size", "65536", "tests.bench.stock:application",
        ]  # fmt: skip

    def open(self, log: IO[bytes]) -> subprocess.Popen[bytes]:
        """Never forked from a process that has its libraries already: that one has memory and cores of its own."""
        return subprocess.Popen(
            self.command(), env=self.environment(), stdin=subprocess.DEVNULL,
            stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip

    def start(self) -> None:
        with on_cores(self._layout.server):
            super().start()

    def answers(self) -> bool:
        beside = self._application in (STOCK, SOCKET_IO)
        return port_answers(self.port) if beside else super().answers()

    def stamps(self) -> list[tuple[str, str, int, int]]:
        """Stop, topic, number and moment (monotonic ns): see tests/bench/stamped.py. Forgets them."""
        found = httpx.get(f"{self.base_url}/bench/stamps", timeout=30, trust_env=False).json()
        return [(stop, topic, seq, at_ns) for stop, topic, seq, at_ns in found]

    def look(self) -> None:
        """Begin to sample what it does: see tests/bench/profiled.py."""
        httpx.get(f"{self.base_url}/bench/look", timeout=30, trust_env=False).raise_for_status()

    def looked(self) -> Any:
        """What it has done since."""
        found = httpx.get(f"{self.base_url}/bench/looked", timeout=30, trust_env=False)
        return found.raise_for_status().json()


class Stage:
    """Fresh databases, keys and folders of one run."""

    def __init__(self, folder: Path, layout: Layout) -> None:
        self.folder = folder
        self.layout = layout
        self.postgres = DurablePostgres(folder=folder / "postgres")
        self.redis = Redis(folder=folder / "redis")
        make_keys(folder / "keys.json")
        self._number = 0

    def environment(self, database_url: str, redis_url: str | None) -> dict[str, str | None]:
        """What the settings read, and nothing that this machine's own installation says."""
        foreign = {name for name in os.environ if name.startswith("CLINIC_") or name in FOREIGN}
        return {
            **dict.fromkeys(foreign),
            "CLINIC_DATA_DIR": str(self.folder),
            "CLINIC_KEYS_FILE": str(self.folder / "keys.json"),
            "CLINIC_ACCESS_SECONDS": str(TOKEN_SECONDS),
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "DJANGO_SETTINGS_MODULE": "clinic.settings",
            "EVENT_BYTES": str(EVENT_BYTES),
            "NODE_PATH": str(CACHE / "node_modules"),
        }

    def production(self, name: str) -> dict[str, str | None]:
        """The environment of a new, migrated PostgreSQL database with Redis."""
        env = self.environment(self.postgres.create_database(name), self.redis.url)
        self.manage(env, "migrate", "--verbosity", "0")
        return env

    def embedded(self, name: str) -> dict[str, str | None]:
        """The environment of a new, migrated SQLite database without Redis."""
        env = self.environment(f"sqlite:///{self.folder / name}.sqlite3", None)
        self.manage(env, "migrate", "--verbosity", "0")
        return env

    def web(self, env: dict[str, str | None], *, application: str = CLINIC) -> PinnedWeb:
        """A web server, not started yet."""
        self._number += 1
        return PinnedWeb(
            folder=self.folder,
            name=f"web-{self._number}",
            env=env,
            application=application,
            layout=self.layout,
        )

    @contextmanager
    def publisher(self, env: dict[str, str | None], kind: str) -> Iterator["PublisherProcess"]:
        """Whoever tells the servers of this kind, from a process without sockets."""
        command = (
            [socketio.node(), str(socketio.SOURCE / "publish.cjs")]
            if kind == SOCKET_IO
            else [sys.executable, "-m", "tests.bench.publisher", kind]
        )
        with subprocess.Popen(
            command,
            env=_merged({**env, "LOG_LEVEL": "ERROR"}),
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as process:
            try:
                yield PublisherProcess(process)
            finally:
                process.kill()

    def manage(self, env: dict[str, str | None], *arguments: str) -> None:
        self._run(env, [sys.executable, "manage.py", *arguments])

    def ask(self, env: dict[str, str | None], function: str, **question: Any) -> Any:
        """Call a function of the bench that needs Django in a process of its own."""
        command = [sys.executable, "-m", "tests.bench.inside", function, json.dumps(question)]
        return json.loads(self._run(env, command))

    def _run(self, env: dict[str, str | None], command: list[str]) -> str:
        done = subprocess.run(
            command, env=_merged(env), cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True
        )
        return done.stdout


def _merged(env: dict[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in {**os.environ, **env}.items() if value is not None}


class PublisherProcess:
    """One that publishes what it is asked to, and answers when it has: see tests/bench/publisher.py."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._wishes = process.stdin
        self.answers = process.stdout.fileno()
        self.pid = process.pid

    def ask(self, **wish: Any) -> None:
        self._wishes.write(json.dumps(wish).encode() + b"\n")
        self._wishes.flush()


@contextmanager
def stage(layout: Layout) -> Iterator[Stage]:
    """Everything started here ends here, and its folder goes with it."""
    folder = Path(tempfile.mkdtemp(prefix="clinic-bench-"))
    folder.chmod(0o711)  # PostgreSQL may have to run as another user, and must reach its part
    tell_reaper(f"folder {folder}")
    place = Stage(folder, layout)
    try:
        place.postgres.start()
        place.redis.start()
        yield place
    finally:
        place.redis.kill()
        place.postgres.kill()
        dismiss_reaper()
        shutil.rmtree(folder, ignore_errors=True)
