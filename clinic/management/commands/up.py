"""`manage.py up`: prepare this installation and serve it until told to stop."""

import http.client
import os
import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable
from signal import SIGTERM
from typing import Any, Final

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from clinic import constraints
from clinic.management.commands.serve import WEB_SERVER
from clinic.management.preflight import (
    CannotStart,
    check_data_folder,
    check_front_end,
    check_only_web_process,
    check_port,
    listening_address,
    one_at_a_time,
)
from clinic.management.supervisor import Child, Supervisor, die_with_parent
from clinic.models import Person

REACHED_AT: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  (compared, not bound)
READY_SECONDS: Final = 60
END_SECONDS: Final = 5


class Command(BaseCommand):
    help = "Prepare the database, make the demo clinic once, and serve on HOST and PORT."
    requires_system_checks = ()  # `prepare` runs them where they count

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--no-demo", action="store_true", help="start without a demo clinic")
        parser.add_argument(
            "--with-parent", action="store_true", help="stop when the parent process dies"
        )

    def handle(self, *_: Any, no_demo: bool, with_parent: bool, **__: Any) -> None:
        if with_parent:
            die_with_parent(SIGTERM)
        try:
            self.prepare(no_demo=no_demo)
            status = self.serve()
        except CannotStart as reason:
            self.stderr.write(str(reason))
            status = 1
        except KeyboardInterrupt:
            status = 0
        sys.exit(status)

    def prepare(self, *, no_demo: bool) -> None:
        """Refuse what cannot work, then bring the database up to date."""
        check_data_folder()
        check_front_end()
        check_port()
        check_only_web_process()
        if not settings.ONLY_THIS_MACHINE:
            self.check()
        use_one_connection()
        try:
            with one_at_a_time():
                self.migrate()
                self.prepare_demo(wanted=not no_demo)
        except DatabaseError as error:
            raise CannotStart(f"The database cannot be used: {in_one_line(error)}") from error

    def migrate(self) -> None:
        executor = MigrationExecutor(connection)
        todo = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if todo or constraints.missing(connection):
            self.say("Preparing the database ...")
            call_command("migrate", interactive=False, verbosity=0)

    def prepare_demo(self, *, wanted: bool) -> None:
        """Demo passwords are public: such accounts live only where nobody else can reach them."""
        people = Person.objects
        if not settings.ONLY_THIS_MACHINE:
            if people.filter(is_demo=True, is_active=True).exists():
                raise CannotStart(
                    "This database holds demo accounts, whose passwords are public: serve it to "
                    "this machine only (HOST and ALLOWED_HOSTS loopback, CLINIC_BEHIND_TLS off), "
                    "or start an empty clinic with another CLINIC_DATA_DIR or DATABASE_URL."
                )
            return
        if wanted and not people.exists():
            self.say("Making the demo clinic ...")
            call_command("demo")

    def serve(self) -> int:
        sign_ins = demo_sign_ins()
        connection.close()
        if settings.EMBEDDED:
            # At a person's terminal: their own words, no line per request.
            os.environ.setdefault("LOG_LEVEL", "WARNING")
        self.say("Starting ...")
        with Supervisor(
            [web_process()],
            folder=settings.BASE_DIR,
            say=self.stderr.write,
            stop_seconds=stop_seconds(),
        ) as supervisor:
            return supervisor.run(each_tick=self.announcement(supervisor, sign_ins))

    def announcement(self, supervisor: Supervisor, sign_ins: list[str]) -> Callable[[], None]:
        """Say where the clinic is, once it answers there; only then is there time for the rest."""
        deadline = time.monotonic() + READY_SECONDS
        waiting = True

        def announce() -> None:
            nonlocal waiting
            if not waiting:
                return
            if is_live():
                waiting = False
                self.say(f"The clinic is open at {address()}")
                for line in sign_ins:
                    self.say(line)
                self.say("Ctrl-C closes it.")
                if settings.EMBEDDED:
                    supervisor.children.append(embedded_worker())
            elif time.monotonic() > deadline:
                raise CannotStart(
                    f"The web server did not answer at {address()} within {READY_SECONDS} s."
                )

        return announce

    def say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def demo_sign_ins() -> list[str]:
    people = Person.objects.filter(is_demo=True, is_active=True).order_by("id")
    first_of_each_role: dict[str, str] = {}
    for role, username in people.values_list("role", "username"):
        first_of_each_role.setdefault(role, username)
    if not first_of_each_role:
        return []
    return [
        f"Demo sign-ins, all with the password {settings.DEMO_PASSWORD}",
        *(f"  {role.lower():<14}{username}" for role, username in first_of_each_role.items()),
    ]


def use_one_connection() -> None:
    """No pool in this process: a fork does not survive its threads, and it hides why it fails."""
    if "pool" in connection.settings_dict["OPTIONS"]:
        connection.settings_dict["OPTIONS"]["pool"] = False


def web_process() -> Child:
    return Child("web server", WEB_SERVER, essential=True)


def stop_seconds() -> float:
    """How long the web server may take to end in good order, and a moment more."""
    seconds: float = settings.DRAIN_NOTICE_SECONDS + settings.DRAIN_SECONDS
    return seconds + END_SECONDS


def embedded_worker() -> Child:
    """A real Celery worker with beat inside, over folders instead of Redis."""
    options = ("--beat", "--pool", "solo", "--loglevel", "WARNING")
    # Nobody else listens on these folders, and without these it stops seconds sooner.
    alone = ("--without-gossip", "--without-mingle", "--without-heartbeat")
    return Child("Celery worker", celery("worker", *options, *alone), orphaned_by=SIGTERM)


def celery(*arguments: str) -> list[str]:
    # Celery's warning about root is about pickled tasks; ours are JSON.
    quiet = ("-W", "ignore:You're running the worker with superuser privileges")
    return [sys.executable, *quiet, "-m", "celery", "--quiet", "--app", "workers", *arguments]


def address() -> str:
    host = REACHED_AT.get(settings.HOST, settings.HOST).strip("[]")
    return f"http://[{host}]:{settings.PORT}/" if ":" in host else f"http://{host}:{settings.PORT}/"


def is_live() -> bool:
    _, (host, *_) = listening_address()
    name = next((name for name in settings.ALLOWED_HOSTS if name[0] not in "*."), "localhost")
    question = http.client.HTTPConnection(REACHED_AT.get(host, host), settings.PORT, timeout=2)
    try:
        question.request("GET", "/livez", headers={"Host": name})
        return question.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        question.close()


def in_one_line(error: Exception) -> str:
    """PostgreSQL's hints and questions come in further lines."""
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".") + "."
