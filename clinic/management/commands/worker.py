"""`manage.py worker`: the Celery worker and beat of a clinic that runs on PostgreSQL and Redis."""

import sys
from argparse import ArgumentParser
from signal import SIGTERM
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from clinic.management.commands.up import celery
from clinic.management.supervisor import Child, Supervisor, die_with_parent


class Command(BaseCommand):
    help = "Run the Celery worker and beat until told to stop; needs REDIS_URL."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--with-parent", action="store_true", help="stop when the parent process dies"
        )

    def handle(self, *_: Any, with_parent: bool, **__: Any) -> None:
        if with_parent:
            die_with_parent(SIGTERM)
        if settings.EMBEDDED:
            self.stderr.write(
                "`make up` runs the worker itself; a separate one needs DATABASE_URL and REDIS_URL."
            )
            sys.exit(1)
        children = [
            Child("Celery worker", celery("worker", "--loglevel", "INFO"), orphaned_by=SIGTERM),
            Child("Celery beat", celery("beat", "--loglevel", "INFO")),
        ]
        settings.DATA_DIR.joinpath("celery").mkdir(parents=True, exist_ok=True)
        with Supervisor(children, folder=settings.BASE_DIR, say=self.stderr.write) as supervisor:
            sys.exit(supervisor.run())
