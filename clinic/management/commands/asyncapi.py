"""`manage.py asyncapi`: the contract of the socket as a file."""

import json
from argparse import ArgumentParser
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils.module_loading import import_string


class Command(BaseCommand):
    help = "Write the socket's AsyncAPI document, made from its message models, into a file."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--file", type=Path, required=True)

    def handle(self, *_: object, file: Path, **__: object) -> None:
        document = import_string(settings.SOCKET_CONTRACT)()
        file.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
