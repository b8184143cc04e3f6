"""The processes of a run: web processes, a worker, Redis and PostgreSQL, as many as the engine has."""

import json
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from clinic.keys import make_keys
from tests.chaos.hooks import Hooks
from tests.engine import FOREIGN
from tests.servers import starts
from tests.servers.postgres import Postgres
from tests.servers.process import Process, dismiss_reaper, tell_reaper
from tests.servers.redis import Redis
from tests.servers.web import Web
from tests.servers.worker import Worker

ROOT: Final = Path(__file__).resolve().parents[2]
Environment = Mapping[str, str | None]
# Tokens outlive the run, unless one is made that does not; nobody is too many here.
TAME: Final = {
    "DJANGO_SETTINGS_MODULE": "clinic.settings",
    "CLINIC_ACCESS_SECONDS": "86400",
    "CLINIC_LIMIT_PERSON": "1000000/60",
    "CLINIC_LIMIT_STRANGERS": "1000000/60",
    "CLINIC_DB_POOL_SIZE": "16",
}


class ChaosWeb(Web):
    """A web process with the hooks in it."""

    def command(self) -> list[str]:
        return [sys.executable, "-m", "tests.chaos.serve"]


@dataclass(frozen=True, slots=True)
class Ground:
    """Where a run takes place: a migrated database, and the servers that are ours to kill."""

    folder: Path
    environment: Environment
    redis: Redis | None = None
    postgres: Postgres | None = None

    @property
    def database_url(self) -> str:
        return self._merged()["DATABASE_URL"]

    @property
    def keys_file(self) -> Path:
        return Path(self._merged()["CLINIC_KEYS_FILE"])

    @property
    def database_is_postgres(self) -> bool:
        return self.database_url.startswith("postgres")

    def ask(self, what: str, **question: Any) -> Any:
        """Call what needs Django in a process of its own."""
        command = [sys.executable, "-m", "tests.chaos.inside", what, json.dumps(question)]
        done = starts.run(command, env=self._merged(), cwd=ROOT)
        if done.returncode:
            raise RuntimeError(done.stderr[-4000:])
        return json.loads(done.stdout.splitlines()[-1])

    def manage(self, *arguments: str) -> None:
        done = starts.run([sys.executable, "manage.py", *arguments], env=self._merged(), cwd=ROOT)
        if done.returncode:
            raise RuntimeError(done.stderr[-4000:])

    def _merged(self) -> dict[str, str]:
        merged = {**os.environ, **TAME, **self.environment}
        return {name: value for name, value in merged.items() if value is not None}


class Stage:
    """The ground with its processes on it; started here, and gone when the run is over."""

    def __init__(self, ground: Ground, *, webs: int, with_worker: bool, hooks: Hooks) -> None:
        self.ground = ground
        mails = {"EMAIL_URL": f"filemail://{ground.folder / 'mails'}"}
        env = {**ground.environment, **TAME, **mails, **hooks.environment()}
        self.webs = [
            ChaosWeb(folder=ground.folder, name=f"web-{number}", env=env)
            for number in range(1, webs + 1)
        ]
        self.worker = Worker(folder=ground.folder, env=env) if with_worker else None
        self.redis = ground.redis
        self.postgres = ground.postgres

    @property
    def processes(self) -> list[Process]:
        own: list[Process] = [*self.webs]
        return own if self.worker is None else [*own, self.worker]

    def start(self) -> None:
        for process in self.processes:
            process.launch()
        for process in self.processes:
            process.wait_until_it_answers()

    def dismiss(self) -> None:
        for process in self.processes:
            process.kill()


@contextmanager
def own_ground() -> Iterator[Ground]:
    """PostgreSQL and Redis of the run's own, with an empty clinic; gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="clinic-chaos-"))
    folder.chmod(0o711)  # PostgreSQL may have to run as another user, and must reach its part
    tell_reaper(f"folder {folder}")
    postgres, redis = Postgres(folder=folder / "postgres"), Redis(folder=folder / "redis")
    make_keys(folder / "keys.json")
    try:
        postgres.start()
        redis.start()
        foreign = {name for name in os.environ if name.startswith("CLINIC_") or name in FOREIGN}
        environment = {
            **dict.fromkeys(foreign),
            "CLINIC_ENV_FILE": os.devnull,
            "CLINIC_DATA_DIR": str(folder),
            "CLINIC_KEYS_FILE": str(folder / "keys.json"),
            "DATABASE_URL": postgres.create_database("clinic"),
            "REDIS_URL": redis.url,
            "DJANGO_SETTINGS_MODULE": "clinic.settings",
        }
        ground = Ground(folder, environment, redis, postgres)
        ground.manage("migrate", "--verbosity", "0")
        yield ground
    finally:
        redis.kill()
        postgres.kill()
        dismiss_reaper()
