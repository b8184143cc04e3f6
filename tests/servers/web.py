"""A web process for tests: the real web server on a real port."""

import re
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx

from tests.servers.process import Process, free_port, wait_until

SOCKETS_SIGNED_IN = re.compile(r"^clinic_sockets_signed_in (\d+)", re.MULTILINE)


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

    def is_free(self) -> bool:
        """Whether it serves, and has noticed that nobody is connected any more."""
        try:
            wait_until(self._serves_nobody, seconds=5, what="the end of all sockets")
        except (httpx.HTTPError, TimeoutError):
            return False
        return True

    def _serves_nobody(self) -> bool:
        page = httpx.get(f"{self.base_url}/metrics", timeout=2).raise_for_status().text
        return SOCKETS_SIGNED_IN.findall(page) == ["0"]
