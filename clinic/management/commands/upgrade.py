"""`manage.py upgrade`: back up, migrate, check; what went wrong is said with the way back."""

import sys
from pathlib import Path
from typing import Any, Final

from django.core.management import CommandError, call_command
from django.core.management.base import BaseCommand
from django.db import DatabaseError, connection

from clinic import VERSION, constraints
from clinic.management.backups import BackupRefused, default_folder, write_backup
from clinic.management.commands.up import in_one_line, use_one_connection
from clinic.management.dumps import DumpFailed, dump_of_this_engine
from clinic.management.preflight import (
    CannotStart,
    check_data_folder,
    check_front_end,
    nobody_serves,
    one_at_a_time,
)

NOTHING_CHANGED: Final = "Nothing has been changed."
WAY_BACK: Final = (
    "The upgrade has stopped, and nothing is lost. Try again once the reason is gone; or go back: check out the "
    "version you came from, then\n  make restore FROM={place} FORCE=1"
)


class Command(BaseCommand):
    help = "Back the database up, bring it to this version, and check it; nothing may be serving."
    requires_system_checks = ()

    def handle(self, *_: Any, **__: Any) -> None:
        use_one_connection()
        try:
            check_data_folder()
            check_front_end()
            with nobody_serves(), dump_of_this_engine().nobody_else():
                self.upgrade()
        except (BackupRefused, CannotStart, DumpFailed) as reason:
            self.stop(f"{reason} {NOTHING_CHANGED}")
        except DatabaseError as error:
            self.stop(f"The database cannot be used: {in_one_line(error)} {NOTHING_CHANGED}")

    def upgrade(self) -> None:
        place = self.back_up()
        try:
            with one_at_a_time():
                self.migrate()
        except Exception as error:  # noqa: BLE001  (a migration may fail in any way it likes)
            self.stop(f"{type(error).__name__}: {in_one_line(error)}", WAY_BACK.format(place=place))
        self.stdout.write(f"This clinic is at version {VERSION}. Start it again: `make up`.")

    def back_up(self) -> Path | None:
        if dump_of_this_engine().is_empty():
            self.stdout.write("There is nothing to back up yet.")
            return None
        place = write_backup(default_folder()).folder
        self.stdout.write(f"Backed up and read back: {place}")
        return place

    def migrate(self) -> None:
        call_command("migrate", interactive=False, verbosity=1, stdout=self.stdout)
        call_command("check", databases=["default"], stdout=self.stdout)
        gone = constraints.missing(connection)
        if gone:
            raise CommandError(f"The database does not refuse overlaps: {', '.join(gone)} missing")

    def stop(self, *lines: str) -> None:
        self.stderr.write("\n".join(lines))
        sys.exit(1)
