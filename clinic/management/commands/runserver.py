"""`manage.py runserver`: daphne's own, which serves the sockets too.

daphne is no installed app: every other command would load its web server as well.
"""

from daphne.management.commands.runserver import Command as Command  # type: ignore[import-untyped]
