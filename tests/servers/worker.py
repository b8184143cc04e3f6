"""A Celery worker with beat for tests."""

import sys
from collections.abc import Mapping
from pathlib import Path

from tests.servers.process import Process


class Worker(Process):
    """One Celery process that runs tasks and the beat, with the test's database and Redis."""

    def __init__(
        self, *, folder: Path, name: str = "worker", env: Mapping[str, str | None] | None = None
    ) -> None:
        self.name = name
        super().__init__(folder=folder, env=env)

    def command(self) -> list[str]:
        return [
            sys.executable, "-m", "celery", "-A", "workers", "worker", "--beat",
            "--pool", "solo", "--loglevel", "INFO",
            "--schedule", str(self.folder / f"{self.name}-schedule"),
        ]  # fmt: skip

    def answers(self) -> bool:
        return b" ready." in self.log.read_bytes()[self._log_start :]

    def launch(self) -> None:
        # The log of an earlier life says "ready" too.
        self._log_start = self.log.stat().st_size if self.log.exists() else 0
        super().launch()
