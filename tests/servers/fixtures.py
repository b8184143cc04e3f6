"""Fixtures that hand out real servers, and the logs of those servers when a test fails."""

import re
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.engine import Engine
from tests.servers.postgres import Postgres
from tests.servers.process import Process
from tests.servers.redis import Redis
from tests.servers.web import Web
from tests.servers.worker import Worker

PROCESSES = pytest.StashKey[list[Process]]()

StartWeb = Callable[..., Web]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        for process in item.stash.get(PROCESSES, []):
            report.sections.append((f"log of {process.name}", process.last_words()))
    return report


@pytest.fixture
def server_dir(engine: Engine, request: pytest.FixtureRequest) -> Path:
    """A folder for the logs of this test's processes; it goes with the run."""
    name = re.sub(r"\W+", "-", request.node.name)[:60]
    folder = engine.data_dir / "processes" / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def redis(engine: Engine) -> Iterator[Redis]:
    """This worker's Redis. A test may stop, kill or freeze it: it is healthy and empty afterwards."""
    if engine.redis is None:
        pytest.skip("the Redis of TEST_REDIS_URL is not ours to stop")
    yield engine.redis
    engine.redis.healthy()


@pytest.fixture
def own_postgres(server_dir: Path) -> Iterator[Postgres]:
    """A PostgreSQL that no other test uses: it may be killed. `create_database` gives it something."""
    server = Postgres(folder=server_dir / "postgres")
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="session")
def kept_web(engine: Engine, django_db_setup: None) -> Iterator[Web]:
    """The web process of all tests that are content with any: starting one takes as long as a test."""
    web = Web(folder=engine.data_dir / "processes" / "kept")
    yield web
    web.dismiss()


@pytest.fixture
def nobody_serves(transactional_db: None, kept_web: Web) -> None:
    """The kept web process is gone: without Redis only one may serve, and a test wants its own."""
    kept_web.dismiss()


@pytest.fixture
def start_web(
    request: pytest.FixtureRequest, nobody_serves: None, server_dir: Path
) -> Iterator[StartWeb]:
    """Starts web processes on this test's database: `start_web(name="late", env={…})`."""
    with ExitStack() as stack:

        def start(
            *, name: str = "web", env: dict[str, str | None] | None = None, wait: bool = True
        ) -> Web:
            web = Web(folder=server_dir, name=name, env=env)
            _remember(request.node, web)
            stack.callback(web.dismiss)
            web.launch()
            if wait:
                web.wait_until_it_answers()
            return web

        yield start


@pytest.fixture
def web(request: pytest.FixtureRequest, transactional_db: None, kept_web: Web) -> Web:
    """One web process. `kill()` and `start()` bring it back on the same port with the same data.

    It may have served other tests before, whose sockets it has closed; the database is as new.
    """
    _remember(request.node, kept_web)
    if kept_web.running and not kept_web.is_free():
        kept_web.kill()
    if not kept_web.running:
        kept_web.start()
    return kept_web


@pytest.fixture
def two_webs(start_web: StartWeb) -> tuple[Web, Web]:
    """Two web processes on one database and one Redis. Its tests exist on the postgres engine only."""
    webs = start_web(name="web-1", wait=False), start_web(name="web-2", wait=False)
    for web in webs:
        web.wait_until_it_answers()
    return webs


@pytest.fixture
def worker(
    request: pytest.FixtureRequest, transactional_db: None, server_dir: Path
) -> Iterator[Worker]:
    """A Celery worker with beat on this test's database."""
    process = Worker(folder=server_dir)
    _remember(request.node, process)
    process.start()
    yield process
    process.dismiss()


def _remember(node: pytest.Item, process: Process) -> None:
    node.stash.setdefault(PROCESSES, []).append(process)
