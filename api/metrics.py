"""`GET /metrics`: what is counted of this process, for operators alone."""

import platform
from datetime import timedelta
from ipaddress import IPv6Address, ip_address
from typing import Final

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from api.errors import method_not_allowed, not_found
from api.health import is_operator
from clinic import VERSION, clock, metrics
from clinic.queries.outbox import ended_since
from clinic.queries.overdue import overdue_seconds

AN_HOUR: Final = timedelta(hours=1)

# Who comes through a proxy has the proxy's address: that says nothing of who it is.
PROXIED: Final = (
    *("X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host"),
    *("X-Real-IP", "Forwarded", "Via"),
)


# Exempt: nothing is changed here, and who has no business here is told nothing else.
@csrf_exempt
@never_cache
def metrics_page(request: HttpRequest) -> HttpResponseBase:
    """For the networks of CLINIC_METRICS_FROM, and for an admin's token; nobody else finds it."""
    if not (comes_from_operators(request) or is_operator(request)):
        return not_found(request, Exception())
    if request.method not in ("GET", "HEAD"):
        return method_not_allowed(request)
    _look()
    return HttpResponse(generate_latest(metrics.REGISTRY), content_type=CONTENT_TYPE_LATEST)


def comes_from_operators(request: HttpRequest) -> bool:
    if any(name in request.headers for name in PROXIED):
        return False
    try:
        address = ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return any(address in network for network in settings.METRICS_FROM)


def _look() -> None:
    """What is only known by asking."""
    metrics.BUILD.labels(VERSION, platform.python_version(), connection.vendor).set(1)
    pool = getattr(connection, "pool", None)
    if pool is not None:
        stats = pool.get_stats()
        size, idle = stats.get("pool_size", 0), stats.get("pool_available", 0)
        metrics.DATABASE_CONNECTIONS.labels("idle").set(idle)
        metrics.DATABASE_CONNECTIONS.labels("used").set(size - idle)
        metrics.DATABASE_CONNECTIONS.labels("allowed").set(stats.get("pool_max", 0))
        metrics.DATABASE_WAITING.set(stats.get("requests_waiting", 0))
    try:
        for work, seconds in overdue_seconds(clock.now()).items():
            metrics.WORK_OVERDUE.labels(work).set(seconds)
        for (channel, end), many in ended_since(clock.now() - AN_HOUR).items():
            metrics.MESSAGES_LAST_HOUR.labels(channel, end).set(many)
    except DatabaseError:
        # The rest is wanted most when the database is gone; what is not known is not told.
        metrics.WORK_OVERDUE.clear()
        metrics.MESSAGES_LAST_HOUR.clear()
