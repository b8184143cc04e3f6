"""Servers can be killed, frozen and brought back, and never outlive who started them."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.servers.postgres import Postgres
from tests.servers.process import ServerFailed, port_answers, wait_until
from tests.servers.redis import Redis

STARTS_A_REDIS = """
import sys, time
from pathlib import Path
from tests.servers.redis import Redis
redis = Redis(folder=Path(sys.argv[1]))
redis.start()
print(redis.port, flush=True)
time.sleep(60)
"""


class NeverReady(Redis):
    def answers(self) -> bool:
        return False


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[Redis]:
    redis = Redis(folder=tmp_path)
    redis.start()
    yield redis
    redis.kill()


def test_a_killed_server_comes_back_on_its_port(own_redis: Redis) -> None:
    own_redis.kill()
    assert own_redis.exit_code == -signal.SIGKILL
    assert not port_answers(own_redis.port)

    own_redis.start()
    assert own_redis.answers()


def test_a_frozen_server_accepts_and_does_not_answer(own_redis: Redis) -> None:
    own_redis.freeze()
    assert port_answers(own_redis.port)
    assert not own_redis.answers()

    own_redis.thaw()
    assert own_redis.answers()


def test_a_server_is_healthy_again_whatever_was_done_to_it(own_redis: Redis) -> None:
    for harm in (own_redis.freeze, own_redis.kill, own_redis.stop):
        with own_redis.client() as client:
            client.set("left", "behind")
        harm()
        own_redis.healthy()
        with own_redis.client() as client:
            assert client.keys() == []


def test_a_server_that_does_not_start_says_why(own_redis: Redis, tmp_path: Path) -> None:
    rival = NeverReady(folder=tmp_path / "rival")
    rival.port = own_redis.port

    with pytest.raises(ServerFailed, match="Address already in use"):
        rival.start()


def test_what_postgres_committed_survives_a_kill(own_postgres: Postgres) -> None:
    url = own_postgres.create_database("kept")
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE note AS SELECT 'still here' AS text")

    own_postgres.kill()
    own_postgres.start()

    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT text FROM note").fetchall() == [("still here",)]


def test_servers_end_with_their_starter_even_when_it_is_killed(tmp_path: Path) -> None:
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTS_A_REDIS, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    with starter:
        assert starter.stdout is not None
        port = int(starter.stdout.readline())
        assert port_answers(port)
        starter.kill()
    wait_until(lambda: not port_answers(port), seconds=10, what="the end of Redis")
