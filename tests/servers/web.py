"""A web process for tests: the real web server on a real port."""

import sys
from collections.abc import Mapping
from pathlib import Path

import httpx

from tests.servers.process import Process, free_port


class Web(Process):
    """The web server on a port of 127.0.0.1, with the test's database, Redis and data folder."""

    def __init__(
        self, *, folder: Path, name: str = "web", env: Mapping[str, str | None] | None = None
    ) -> None:
        self.name = name
        super().__init__(folder=folder, env=env)
        self.port = free_port()
        self.base_url = f"http://127.0.0.1:{self.port}"
        self.ws_url = f"ws://127.0.0.1:{self.port}/ws/"

    def command(self) -> list[str]:
        return [sys.executable, "-m", "realtime.serve"]

    def environment(self) -> dict[str, str]:
        return {**super().environment(), "HOST": "127.0.0.1", "PORT": str(self.port)}

    def answers(self) -> bool:
        try:
            return httpx.get(f"{self.base_url}/livez", timeout=2).is_success
        except httpx.TransportError:
            return False
