"""`manage.py serve`: the web server alone, in this very process, on a database that is up to date."""

import os
import sys
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand

WEB_SERVER: Final = [sys.executable, "-m", "realtime.serve"]


class Command(BaseCommand):
    help = "Serve on HOST and PORT; SIGTERM ends it without losing a request."
    requires_system_checks = ()

    def handle(self, *_: Any, **__: Any) -> None:
        os.chdir(settings.BASE_DIR)
        os.execv(sys.executable, WEB_SERVER)  # noqa: S606  (no shell)
