"""`manage.py restore`: a backup in place of this clinic's database."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import DatabaseError, connection, transaction

from clinic.management.backups import BackupRefused, after_restore, restore_backup
from clinic.management.commands.up import in_one_line, use_one_connection
from clinic.management.preflight import CannotStart, check_data_folder, nobody_serves, one_at_a_time

AFTERWARDS = "All sessions have ended: everybody signs in again. The journal has a new epoch: every screen loads anew."


class Command(BaseCommand):
    help = "Put a backup in place of the database, which must be empty or given up with --force."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("backup", type=Path, nargs="?", help="the folder of one backup")
        parser.add_argument("--force", action="store_true", help="replace what is there")
        parser.add_argument(
            "--by-other-means",
            action="store_true",
            help="the database was put back, or promoted, by the server itself: do the rest",
        )

    def handle(
        self, *_: Any, backup: Path | None, force: bool, by_other_means: bool, **__: Any
    ) -> None:
        use_one_connection()
        try:
            check_data_folder()
            with nobody_serves():
                kept = self.finish_others() if by_other_means else self.restore(backup, force=force)
                self.prepare()
        except (BackupRefused, CannotStart) as reason:
            self.refuse(str(reason))
        except DatabaseError as error:
            self.refuse(f"The database cannot be used: {in_one_line(error)}")
        else:
            self.stdout.write(
                "\n".join(filter(None, ["The database is restored.", kept, AFTERWARDS]))
            )

    def restore(self, backup: Path | None, *, force: bool) -> str:
        if backup is None:
            raise BackupRefused("Say which backup: `make restore FROM=folder`.")
        return restore_backup(backup.resolve(), force=force)

    def finish_others(self) -> str:
        with transaction.atomic(), connection.cursor() as cursor:
            for statement in after_restore():
                cursor.execute(statement)
        return ""

    def prepare(self) -> None:
        """Up to this version, with the rules that only the engine can keep."""
        with one_at_a_time():
            call_command("migrate", interactive=False, verbosity=0)
            call_command("check", databases=["default"], stdout=self.stdout)

    def refuse(self, sentence: str) -> None:
        self.stderr.write(sentence)
        sys.exit(1)
