"""Chooses database and fast line of a test run and tells the settings so, through the environment.

`CLINIC_TEST_ENGINE=sqlite` (the default) is the embedded column: a database file, no Redis.
`CLINIC_TEST_ENGINE=postgres` is the production column: PostgreSQL and Redis, real servers both.
Every pytest-xdist worker has its own database, Redis and data folder.
"""

import os
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from clinic.keys import make_keys
from tests.servers.postgres import Postgres, with_database
from tests.servers.process import dismiss_reaper, free_port, tell_reaper
from tests.servers.redis import Redis

# What a developer's own shell or installation says must not reach the tests.
FOREIGN = (
    *("DEBUG", "ALLOWED_HOSTS", "HOST", "PORT", "SECRET_KEY", "LOG_LEVEL"),
    *("EMAIL_URL", "DEFAULT_FROM_EMAIL"),
    *("MAILJET_API_KEY", "MAILJET_API_SECRET", "MAILJET_SENDER_EMAIL"),
    *("UPSTASH_REDIS_URL", "UPSTASH_REDIS_TOKEN"),
)


@dataclass(slots=True)
class Engine:
    """The servers of this test process: started by `start`, gone after `stop`."""

    name: Literal["sqlite", "postgres"]
    worker: str
    """`main`, or the name of the pytest-xdist worker."""
    run_dir: Path
    """Belongs to the whole run: removed by the process that made it."""
    data_dir: Path
    database_url: str
    postgres: Postgres | None = None
    """None: not ours to start, or started by the process that made the run."""
    redis: Redis | None = None
    """None on SQLite, and with TEST_REDIS_URL: a Redis that tests may use and must not stop."""
    environment: dict[str, str | None] = field(default_factory=dict)

    @property
    def owns_run(self) -> bool:
        return self.worker == "main"

    def start(self, *, runs_tests: bool) -> None:
        """`runs_tests` is false in the process that only hands out tests to others."""
        if self.postgres:
            self.postgres.start()
        if self.redis and runs_tests:
            self.redis.start()

    def stop(self) -> None:
        for server in (self.redis, self.postgres):
            if server:
                server.kill()  # Nobody needs their data: no reason to wait for an orderly end.
        dismiss_reaper()


def prepare() -> Engine:
    """Write the environment that the settings will read. Nothing is started yet."""
    name = os.environ.get("CLINIC_TEST_ENGINE", "sqlite")
    if name not in ("sqlite", "postgres"):
        raise ValueError(f"CLINIC_TEST_ENGINE is {name!r}: it must be sqlite or postgres")
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    run_dir = _run_dir(owner=worker == "main")
    data_dir = run_dir / worker
    data_dir.mkdir(parents=True)
    make_keys(data_dir / "keys.json")
    # Each of many processes would compile all of ours again, and each run all assertions of the tests.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    for foreign in [*FOREIGN, *(key for key in os.environ if _is_foreign(key))]:
        os.environ.pop(foreign, None)

    if name == "sqlite":
        engine = Engine("sqlite", worker, run_dir, data_dir, f"sqlite:///{data_dir}/clinic.sqlite3")
        redis_url = None
    else:
        postgres = _postgres(run_dir) if worker == "main" else None
        engine = Engine(
            "postgres", worker, run_dir, data_dir, _database_url(run_dir, worker), postgres
        )
        redis_url = os.environ.get("TEST_REDIS_URL")
        if not redis_url:
            engine.redis = Redis(folder=data_dir / "redis")
            redis_url = engine.redis.url

    engine.environment = {
        # A developer's own settings are not what is tested.
        "CLINIC_ENV_FILE": os.devnull,
        "CLINIC_DATA_DIR": str(data_dir),
        "CLINIC_KEYS_FILE": str(data_dir / "keys.json"),
        "DATABASE_URL": engine.database_url,
        "REDIS_URL": redis_url,
        "CLINIC_REDIS_PREFIX": f"{run_dir.name}-{worker}",
        # Threads of one test, its web processes and its neighbours share one small server.
        "CLINIC_DB_POOL_SIZE": "16",
    }
    for key, value in engine.environment.items():
        if value is None:
            os.environ.pop(key, None)
        else:
            os.environ[key] = value
    return engine


def _is_foreign(key: str) -> bool:
    return key.startswith("CLINIC_") and not key.startswith("CLINIC_TEST_")


def _run_dir(*, owner: bool) -> Path:
    """The run's temporary folder: made by the first process, found by pytest-xdist's workers."""
    if not owner:
        return Path(os.environ["CLINIC_TEST_RUN_DIR"])
    path = Path(tempfile.mkdtemp(prefix="clinic-tests-"))
    path.chmod(0o711)  # PostgreSQL may have to run as another user, and must reach its part.
    tell_reaper(f"folder {path}")
    os.environ["CLINIC_TEST_RUN_DIR"] = str(path)
    return path


def _postgres(run_dir: Path) -> Postgres | None:
    if os.environ.get("TEST_DATABASE_URL"):
        return None
    server = Postgres(folder=run_dir / "postgres", port=free_port())
    os.environ["CLINIC_TEST_POSTGRES_URL"] = server.url
    return server


def _database_url(run_dir: Path, worker: str) -> str:
    """A database that only this worker of this run uses; Django creates and drops it."""
    server = os.environ.get("TEST_DATABASE_URL") or os.environ["CLINIC_TEST_POSTGRES_URL"]
    return with_database(server, f"{run_dir.name}-{worker}".replace("-", "_").lower())
