"""A web process for tests: daphne with the real application on a real port."""

import sys
from collections.abc import Mapping
from pathlib import Path

import httpx

from tests.servers.process import Process, free_port

APPLICATION = "realtime.asgi:application"


class Web(Process):
    """daphne on a port of 127.0.0.1, with the test's database, Redis and data folder."""

    def __init__(
        self, *, folder: Path, name: str = "web", env: Mapping[str, str | None] | None = None
    ) -> None:
        self.name = name
        super().__init__(folder=folder, env=env)
        self.port = free_port()
        self.base_url = f"http://127.0.0.1:{self.port}"
        self.ws_url = f"ws://127.0.0.1:{self.port}/ws/"

    def command(self) -> list[str]:
        endpoint = f"tcp:port={self.port}:interface=127.0.0.1:backlog=4096"
        return [
            sys.executable, "-m", "daphne", "--no-server-name", "--endpoint", endpoint,
            "--websocket-max-message-size", "65536", "--websocket-max-frame-size", "65536",
            APPLICATION,
        ]  # fmt: skip

    def answers(self) -> bool:
        try:
            return httpx.get(f"{self.base_url}/livez", timeout=2).is_success
        except httpx.TransportError:
            return False
