"""Is the process alive, and may it be given work?"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import redis
import structlog
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache

from clinic import clock, constraints
from clinic.errors import ClinicError
from clinic.models import Role
from clinic.queries.overdue import neglected_work
from clinic.queries.sessions import person_signed_in
from clinic.tokens import read_access

log = structlog.get_logger(__name__)


@never_cache
def livez(request: HttpRequest) -> JsonResponse:
    """The process answers. Depends on nothing else."""
    return JsonResponse({"status": "ok"})


@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """The service can do its work. What fails is named only to operators (an admin's token).

    So is what no worker does: the web processes are none the worse for it, and stay ready.
    """
    failing = list(_failing())
    for name in failing:
        log.warning("not_ready", part=name)
    body: dict[str, object] = {"status": "unavailable" if failing else "ok"}
    if is_operator(request):
        body |= {"failing": failing} if failing else _neglected()
    return JsonResponse(body, status=503 if failing else 200)


def _neglected() -> dict[str, object]:
    found = neglected_work(clock.now())
    for work, seconds in found.items():
        log.warning("work_overdue", work=work, seconds=round(seconds))
    return {"overdue": {work: round(seconds) for work, seconds in found.items()}} if found else {}


def _failing() -> Iterator[str]:
    for name, check in _CHECKS.items():
        try:
            if not check():
                yield name
        except (DatabaseError, redis.RedisError, OSError):
            yield name


def _would_take_writes() -> bool:
    """Asked and not tried: anybody may call this as often as they like, and writers would wait for it."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA query_only")
            refuses = bool(cursor.fetchone()[0])
            return not refuses and is_writable(connection.settings_dict["NAME"])
        cursor.execute("SHOW transaction_read_only")  # also on while it follows another server
        return bool(cursor.fetchone()[0] == "off")


def is_writable(file: str | Path) -> bool:
    # SQLite writes its log beside the file.
    return os.access(file, os.W_OK) and os.access(Path(file).parent, os.W_OK)


def _is_migrated() -> bool:
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def _refuses_overlaps() -> bool:
    return not constraints.missing(connection)


def _redis_answers() -> bool:
    if settings.REDIS_URL is None:
        return True
    with redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1
    ) as client:
        return bool(client.ping())


_CHECKS: dict[str, Callable[[], bool]] = {
    "database": _would_take_writes,
    "migrations": _is_migrated,
    "constraints": _refuses_overlaps,
    "redis": _redis_answers,
}


def is_operator(request: HttpRequest) -> bool:
    """Whether an admin's token is shown, which may be when nothing else works."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return False
    try:
        return person_signed_in(read_access(token)).role == Role.ADMIN
    except (ClinicError, DatabaseError):
        return False
