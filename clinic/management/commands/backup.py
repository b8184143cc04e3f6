"""`manage.py backup`: the database into a folder of its own, read back; the keys elsewhere."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import DatabaseError

from clinic.management.backups import BackupRefused, copy_keys, default_folder, write_backup
from clinic.management.commands.up import in_one_line, use_one_connection


class Command(BaseCommand):
    help = "Back the database up, also while it is in use, and read the copy back."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--to", type=Path, help="the folder of the backups, else DATA_DIR/backups"
        )
        parser.add_argument("--keys", action="store_true", help="copy the keys instead, to --to")

    def handle(self, *_: Any, to: Path | None, keys: bool, **__: Any) -> None:
        use_one_connection()
        try:
            if keys:
                self.keys(to)
            else:
                self.database(to or default_folder())
        except BackupRefused as reason:
            self.refuse(str(reason))
        except DatabaseError as error:
            self.refuse(f"The database cannot be used: {in_one_line(error)}")

    def database(self, into: Path) -> None:
        backup = write_backup(into.resolve())
        self.stdout.write(f"Backed up and read back: {backup.folder}")
        if backup.unreadable:
            self.stderr.write(
                f"WARNING: the present keys do not open what is in {', '.join(backup.unreadable)}."
            )
        self.stdout.write(
            f"WITHOUT THE KEYS this is worth nothing, and they are not in it: they are in {settings.KEYS_FILE}.\n"
            "If you have no copy of them elsewhere yet: `make backup-keys TO=folder`. Keep the two apart."
        )

    def keys(self, to: Path | None) -> None:
        if to is None:
            raise BackupRefused("Say where the keys are to go: `make backup-keys TO=folder`.")
        self.stdout.write(
            f"The keys are in {copy_keys(to.resolve())}, apart from the data. Keep it so."
        )

    def refuse(self, sentence: str) -> None:
        self.stderr.write(sentence)
        sys.exit(1)
