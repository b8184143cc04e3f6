"""Web and worker processes start as they do in production, and refuse what production refuses."""

import pytest

from tests.clients import Http
from tests.servers.fixtures import StartWeb
from tests.servers.process import ServerFailed
from tests.servers.web import Web
from tests.servers.worker import Worker


@pytest.mark.engine("sqlite")
def test_a_second_web_process_on_the_same_data_is_refused(start_web: StartWeb) -> None:
    web = start_web()
    with pytest.raises(ServerFailed, match="Another web process"):
        start_web(name="second")
    assert web.answers()


def test_a_killed_web_process_comes_back_at_the_same_address(web: Web) -> None:
    account = Http(web.base_url).register()

    web.kill()
    assert not web.answers()

    web.start()
    assert Http(web.base_url).login(account.username, account.password).id == account.id


def test_a_web_process_is_ready_for_work(web: Web) -> None:
    assert Http(web.base_url).get("/readyz") == {"status": "ok"}


def test_a_worker_takes_tasks_and_ends_when_asked(worker: Worker) -> None:
    worker.stop()
    assert worker.exit_code == 0
