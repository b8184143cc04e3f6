"""How often somebody may do something: exact, also when many try at the same moment."""

import math
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Final, Protocol

from django.conf import settings
from django.db import connection, transaction
from django.utils.crypto import salted_hmac
from django.utils.module_loading import import_string

from clinic import clock
from clinic.errors import RateLimited
from clinic.models import Tally as TallyRow
from clinic.rules.networks import network_of
from clinic.rules.rates import DRIFT, Rate, Tally, after_try, wait

DIGEST_CHARS: Final = 32


@dataclass(frozen=True, slots=True)
class Claim:
    """One more try of a line, which may be refused."""

    key: str
    rate: Rate


class Store(Protocol):
    """Where tallies are. `take` makes one try of every line or of none."""

    def take(self, claims: Sequence[Claim], now: int) -> int:
        """0, or how many milliseconds to wait. May raise StoreAway."""
        ...

    def forget(self, keys: Sequence[str]) -> None:
        """Begin these lines anew. May raise StoreAway."""
        ...


class StoreAway(Exception):
    """A store that cannot be asked at present: another one is."""


class InThisProcess:
    """For limits on load where there is one web process, or while the store they share is away."""

    SWEEP_AT: Final = 10_000

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tallies: dict[str, Tally] = {}

    def take(self, claims: Sequence[Claim], now: int) -> int:
        with self._lock:
            if len(self._tallies) >= self.SWEEP_AT:
                self._tallies = {k: t for k, t in self._tallies.items() if t.forget_at > now}
            taken: dict[str, Tally] = {}
            for claim in claims:
                after = after_try(claim.rate, self._tallies.get(claim.key), now)
                if after is None:
                    return _longest_wait(claims, self._tallies, now)
                taken[claim.key] = after
            self._tallies.update(taken)
            return 0

    def forget(self, keys: Sequence[str]) -> None:
        with self._lock:
            for key in keys:
                self._tallies.pop(key, None)

    def clear(self) -> None:
        self._tallies = {}


class InDatabase:
    """One conditional statement per line. Several are taken in one transaction, in one order for all."""

    def take(self, claims: Sequence[Claim], now: int) -> int:
        with transaction.atomic():
            if all(self._take(claim, now) for claim in sorted(claims, key=lambda c: c.key)):
                return 0
            rows = TallyRow.objects.in_bulk([claim.key for claim in claims])
            transaction.set_rollback(True)
        found = {k: Tally(r.ready_at, r.count, r.forget_at, r.tried_at) for k, r in rows.items()}
        return _longest_wait(claims, found, now)

    def forget(self, keys: Sequence[str]) -> None:
        for key in sorted(keys):
            TallyRow.objects.filter(key=key).delete()

    def _take(self, claim: Claim, now: int) -> bool:
        with connection.cursor() as cursor:
            cursor.execute(_upsert(claim.rate), {"key": claim.key, "now": now})
            return cursor.fetchone() is not None


@lru_cache(maxsize=64)
def _upsert(rate: Rate) -> str:
    """`after_try` as one statement: the row's lock makes those who try at the same moment take turns."""
    table, first = TallyRow._meta.db_table, rate.steps[0]
    asked = "CAST(%(now)s AS bigint)"
    now = (
        f"(CASE WHEN {table}.tried_at > {asked} AND {table}.tried_at <= {asked} + {DRIFT} "
        f"THEN {table}.tried_at ELSE {asked} END)"
    )
    sound = f"{table}.ready_at <= {now} + {rate.furthest}"
    count = f"(CASE WHEN {sound} AND {table}.forget_at > {now} THEN {table}.count ELSE 0 END)"
    begin = f"(CASE WHEN {sound} AND {table}.ready_at > {now} THEN {table}.ready_at ELSE {now} END)"
    steps = " ".join(f"WHEN {n} THEN {step}" for n, step in enumerate(rate.steps[:-1]))
    step = f"(CASE {count} {steps} ELSE {rate.steps[-1]} END)" if steps else f"{rate.steps[-1]}"
    return (
        f"INSERT INTO {table} (key, ready_at, count, forget_at, tried_at) "  # noqa: S608 (numbers, our own names)
        f"VALUES (%(key)s, {asked} + {first}, 1, {asked} + {first + rate.forget}, {asked}) "
        f"ON CONFLICT (key) DO UPDATE SET count = {count} + 1, tried_at = {now}, "
        f"ready_at = {begin} + {step}, forget_at = {begin} + {step} + {rate.forget} "
        f"WHERE {table}.ready_at <= {now} + {rate.tolerance} OR NOT ({sound}) RETURNING 1"
    )


def _longest_wait(claims: Sequence[Claim], found: Mapping[str, Tally], now: int) -> int:
    # At least a moment: another try may have been taken back meanwhile.
    return max(1, *(wait(c.rate, found[c.key], now) for c in claims if c.key in found), 1)


IN_THIS_PROCESS: Final = InThisProcess()
IN_DATABASE: Final = InDatabase()


@cache
def _shared() -> Store | None:
    """What all web processes share, or None where there is one process."""
    return import_string(settings.LIMIT_STORE)() if settings.LIMIT_STORE else None


def guard(*claims: Claim) -> None:
    """Count one try against each of these lines, for what can be guessed or flooded with rows.

    Raises RateLimited if any of them refuses; then none has counted it. Without Redis the database keeps
    them, so that they outlive a restart.
    """
    _take(claims, IN_DATABASE)


def forgive(*claims: Claim) -> None:
    """Who has shown who they are begins anew."""
    keys = [claim.key for claim in claims]
    shared = _shared()
    if shared is not None:
        try:
            shared.forget(keys)
        except StoreAway:
            pass
        else:
            return
    IN_DATABASE.forget(keys)


def admit_person(person_id: int) -> None:
    """Count a request of somebody who is signed in. Raises RateLimited."""
    if settings.LIMIT_PERSON is not None:
        _take([Claim(f"person:{person_id}", settings.LIMIT_PERSON)], IN_THIS_PROCESS)


def admit_stranger(network: str) -> None:
    """Count a request of nobody in particular. Raises RateLimited."""
    _take(line("stranger", settings.LIMIT_STRANGERS, network), IN_THIS_PROCESS)


def line(name: str, rate: Rate | None, *of: str) -> list[Claim]:
    """The line of this limit for one account, network or both; none where the limit is off.

    The key holds a digest: what people type where a user name belongs is sometimes a password.
    """
    return [] if rate is None else [Claim(f"{name}:{digest(*of)}", rate)]


def digest(*of: str) -> str:
    """Names and networks so that they can be compared and not read."""
    text = "\0".join(of)
    return salted_hmac("clinic.limits", text, algorithm="sha256").hexdigest()[:DIGEST_CHARS]


def request_network(peer: str, forwarded: str) -> str:
    """Where a request comes from, as far as the proxies that the settings name can be believed."""
    return network_of(peer, forwarded, settings.TRUSTED_PROXIES)


def _take(claims: Sequence[Claim], otherwise: Store) -> None:
    if not claims:
        return
    now = math.floor(clock.now().timestamp() * 1000)
    waiting = _ask(claims, now, otherwise)
    if waiting:
        raise RateLimited(waiting)


def _ask(claims: Sequence[Claim], now: int, otherwise: Store) -> int:
    shared: Any = _shared()
    if shared is not None:
        try:
            return int(shared.take(claims, now))
        except StoreAway:
            pass
    return otherwise.take(claims, now)
