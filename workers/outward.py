"""One request to a server that is not ours: short, to an address that was looked at, and never on to another."""

import http.client
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urlsplit

from clinic import clock

# How long one attempt may take from its connection to the answer's headers, however slowly these trickle in.
SECONDS: Final = 6.0
# Whoever asks for a longer pause than this is asked again sooner.
LONGEST_PAUSE: Final = timedelta(hours=1)
NOTHING: Final = timedelta(0)


class Unreachable(Exception):
    """There was no answer, or none in time."""


class Forbidden(Exception):
    """The name leads to a machine that is not to be reached."""


class Busy(Exception):
    """The other side asks to come back later, or has trouble of its own; after `pause`, if it says when."""

    def __init__(self, pause: timedelta = NOTHING) -> None:
        self.pause = pause
        super().__init__("busy")


@dataclass(frozen=True, slots=True)
class Answer:
    """What counts of it. The body is not read."""

    status: int
    pause: timedelta = NOTHING

    @property
    def is_good(self) -> bool:
        return http.client.OK <= self.status < http.client.MULTIPLE_CHOICES

    @property
    def is_busy(self) -> bool:
        """Too many requests, or trouble at their end."""
        return (
            self.status in (http.client.REQUEST_TIMEOUT, http.client.TOO_MANY_REQUESTS)
            or self.status >= http.client.INTERNAL_SERVER_ERROR
        )


def post(
    url: str,
    *,
    headers: Mapping[str, str],
    body: bytes = b"",
    may_reach: Callable[[str], bool] = lambda address: True,
) -> Answer:
    """The answer, whatever its status: a redirect is one, too. Raises Unreachable and Forbidden.

    `may_reach` is asked of every address that the name has at this moment; the connection goes to one of these.
    """
    parts = urlsplit(url)
    connection = _connection(parts.scheme, parts.hostname or "", parts.port, may_reach)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        with _cut_off(connection):
            connection.request("POST", target, body, {**headers, "Connection": "close"})
            with connection.getresponse() as answer:
                return Answer(answer.status, _pause(answer.getheader("Retry-After")))
    except (OSError, http.client.HTTPException, UnicodeError) as error:
        raise Unreachable(type(error).__name__) from error
    finally:
        connection.close()


class _Plain(http.client.HTTPConnection):
    may_reach: Callable[[str], bool]

    def connect(self) -> None:
        self.sock = _reach(self.host, self.port, self.may_reach)


class _Encrypted(http.client.HTTPSConnection):
    may_reach: Callable[[str], bool]

    def connect(self) -> None:
        self.sock = _reach(self.host, self.port, self.may_reach)
        # By its name: that it was connected to by its address changes nothing of whom we expect there.
        encrypted = ssl.create_default_context().wrap_socket(
            self.sock, server_hostname=self.host, do_handshake_on_connect=False
        )
        self.sock = encrypted
        encrypted.do_handshake()


def _connection(
    scheme: str, host: str, port: int | None, may_reach: Callable[[str], bool]
) -> _Plain | _Encrypted:
    made = (_Encrypted if scheme == "https" else _Plain)(host, port, timeout=SECONDS)
    made.may_reach = may_reach
    return made


def _reach(host: str, port: int, may_reach: Callable[[str], bool]) -> socket.socket:
    """A connection to one of the addresses that were looked at: asked again, the name might have others."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not all(may_reach(address) for address in addresses):
        raise Forbidden
    failure: OSError | None = None
    for address in addresses[:2]:
        try:
            return socket.create_connection((address, port), timeout=SECONDS / 2)
        except OSError as error:
            failure = error
    raise failure or OSError("the name has no address")


@contextmanager
def _cut_off(connection: http.client.HTTPConnection) -> Iterator[None]:
    """Socket timeouts begin anew with each byte: after this long the connection ends, whatever still comes."""

    was_cut = threading.Event()

    def cut() -> None:
        was_cut.set()
        sock: Any = connection.sock
        if sock is not None:
            with suppress(OSError):
                # The plain socket's own: TLS would wait for a word of goodbye.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)

    timer = threading.Timer(SECONDS, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
    if was_cut.is_set():
        # Half of the headers reads like all of them.
        raise TimeoutError


def _pause(said: str | None) -> timedelta:
    """What Retry-After asks for: seconds, or a date; nothing, where it says neither."""
    if not said:
        return NOTHING
    with suppress(ValueError, OverflowError):
        if said.strip().isdecimal():
            wanted = timedelta(seconds=min(int(said), LONGEST_PAUSE.total_seconds()))
        else:
            wanted = _aware(parsedate_to_datetime(said)) - clock.now()
        return max(NOTHING, min(wanted, LONGEST_PAUSE))
    return NOTHING


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
