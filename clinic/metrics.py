"""What is counted of a running process, for Prometheus. Labels are from closed sets: never ids, names or paths.

Whoever has the fact says it, in one line; `GET /metrics` tells them all (api/metrics.py).
"""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

from clinic import clock

REGISTRY: Final = CollectorRegistry(auto_describe=True)
ProcessCollector(registry=REGISTRY)
_LATENCIES: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
# What browsers and libraries close with; any other number is a client's own idea.
_CLIENT_CLOSES: Final = frozenset({1000, 1001, 1002, 1005, 1006, 1007, 1009, 1011})
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def _counter(name: str, what: str, *labels: str) -> Counter:
    return Counter(name, what, labels, namespace="clinic", registry=REGISTRY)


def _gauge(name: str, what: str, *labels: str) -> Gauge:
    return Gauge(name, what, labels, namespace="clinic", registry=REGISTRY)


def _histogram(name: str, what: str, *labels: str) -> Histogram:
    return Histogram(
        name, what, labels, namespace="clinic", registry=REGISTRY, buckets=_LATENCIES
    )  # fmt: skip


BUILD: Final = _gauge("build_info", "Always 1: what runs here.", "version", "python", "engine")

# -- sockets --------------------------------------------------------------------------------------
SOCKETS_OPEN: Final = _gauge("sockets_open", "Sockets of this process.")
SOCKETS_SIGNED_IN: Final = _gauge("sockets_signed_in", "Sockets of this process with a session.")
CONNECTS: Final = _counter("socket_connects", "Sockets that were opened.")
CLOSES: Final = _counter("socket_closes", "Sockets that were closed.", "by", "code", "reason")
WATCHES: Final = _counter(
    "watches", "Answers to watch: fresh, resumed, or reset or refused for a reason.",
    "outcome", "reason",
)  # fmt: skip
REVOKED: Final = _counter("watches_revoked", "Topics that were taken from a socket.")
RESETS: Final = _counter("resets", "Topics ended because what comes next is no longer kept.")
EVENTS_DELIVERED: Final = _counter("events_delivered", "Event frames given to sockets.")
DELIVERY_LAG: Final = _histogram(
    "delivery_lag_seconds",
    "From a change to its frame on the last live socket, for the oldest event of each read.",
)
ACK_PAUSES: Final = _counter(
    "ack_pauses", "Times a socket got no more events until it acknowledges."
)
WATCH_SECONDS: Final = _histogram(
    "watch_seconds", "From a watch to the place of its topic: the wait for a turn and one look."
)
REPLAYS_WAITING: Final = _gauge("replays_waiting", "Resumes under way or waiting for their turn.")
RIGHTS_RECHECK: Final = _histogram(
    "rights_recheck_seconds",
    "From the news that rights changed to the end on the person's sockets.",
)

# -- the fast line --------------------------------------------------------------------------------
NUDGES_HEARD: Final = _counter("nudges_heard", "Commits that this process was told of.")
NUDGES_LOST: Final = _counter("nudges_lost", "Commits that could not be told to other processes.")
SWEEP_HITS: Final = _counter(
    "sweep_hits", "Topics that the sweep found ahead: no nudge had told of them."
)

# -- HTTP -----------------------------------------------------------------------------------------
REQUESTS: Final = _histogram(
    "request_seconds", "Requests and how long they took.", "method", "route", "status"
)
POLLS: Final = _counter("polls", "Answers of the long poll.", "status")
REFUSED_EARLY: Final = _counter(
    "requests_refused", "Requests refused while they arrived.", "code"
)  # fmt: skip

# -- asked for when somebody looks ------------------------------------------------------------------
DATABASE_CONNECTIONS: Final = _gauge(
    "database_connections", "Connections of the pool, none without one.", "state"
)
DATABASE_WAITING: Final = _gauge("database_waiting", "Requests that wait for a connection.")
MESSAGES_LAST_HOUR: Final = _gauge(
    "messages_last_hour",
    "Messages that ended within the last hour, by channel and how; every process tells the same.",
    "channel", "end",
)  # fmt: skip
WORK_OVERDUE: Final = _gauge(
    "work_overdue_seconds", "How long the oldest work of this kind has been due.", "work"
)


def request_done(method: str, route: str, status: int, seconds: float) -> None:
    """`route` is the pattern of the address, never the address."""
    known = method if method in _METHODS else "other"
    REQUESTS.labels(known, route, status_class(status)).observe(seconds)


def status_class(status: int) -> str:
    return f"{status // 100}xx"


def closed_by_client(code: int | None) -> None:
    known = str(code) if code in _CLIENT_CLOSES else "other"
    CLOSES.labels("client", known, "").inc()


def delivered(count: int, oldest: str) -> None:
    """So many events have just been handed on; `oldest` is the text of the first frame among them."""
    EVENTS_DELIVERED.inc(count)
    # Its own instant stands near the front: behind topic, number, id and type.
    _, _, rest = oldest.partition('"at":"')
    at, _, _ = rest.partition('"')
    lag = (clock.now() - datetime.fromisoformat(at)).total_seconds()
    # Clocks of two machines are never quite the same.
    DELIVERY_LAG.observe(max(lag, 0.0))


def from_now_on(histogram: Histogram) -> Callable[[Any], None]:
    """What to call when it is over."""
    begun_at = time.perf_counter()
    return lambda _: histogram.observe(time.perf_counter() - begun_at)
