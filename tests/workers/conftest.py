"""A mail server, and workers that send to it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.servers.fixtures import PROCESSES
from tests.servers.smtp import Smtp
from tests.servers.worker import Worker

StartWorker = Callable[..., Worker]


@pytest.fixture
def smtp() -> Iterator[Smtp]:
    server = Smtp()
    yield server
    server.close()


@pytest.fixture
def start_worker(
    request: pytest.FixtureRequest, transactional_db: None, server_dir: Path, smtp: Smtp
) -> Iterator[StartWorker]:
    """Starts Celery workers with beat on this test's database that mail to `smtp`."""
    with ExitStack() as stack:

        def start(name: str = "worker", *, wait: bool = True, **more: str) -> Worker:
            env = {
                "EMAIL_URL": smtp.url,
                "DEFAULT_FROM_EMAIL": "Desk <desk@clinic.example>",
                **more,
            }
            worker = Worker(folder=server_dir, name=name, env=env)
            request.node.stash.setdefault(PROCESSES, []).append(worker)
            stack.callback(worker.dismiss)
            worker.launch()
            if wait:
                worker.wait_until_it_answers()
            return worker

        yield start
