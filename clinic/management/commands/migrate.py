"""Django's `migrate`, followed by the rules that only the engine can keep."""

from typing import Any

from django.core.management.commands.migrate import Command as DjangoMigrate
from django.db import connections

from clinic import constraints


class Command(DjangoMigrate):
    def handle(self, *args: Any, **options: Any) -> None:
        super().handle(*args, **options)
        connection = connections[options["database"]]
        if constraints.TABLE in connection.introspection.table_names():
            constraints.install(connection)
