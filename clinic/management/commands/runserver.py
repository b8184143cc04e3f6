"""`manage.py runserver`: daphne's own, which serves the sockets too, where the settings say.

daphne is no installed app: every other command would load its web server as well.
"""

from daphne.management.commands.runserver import (  # type: ignore[import-untyped]
    Command as DaphneCommand,
)
from django.conf import settings


class Command(DaphneCommand):  # type: ignore[misc]
    default_addr = settings.HOST
    default_port = str(settings.PORT)
