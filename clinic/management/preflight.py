"""What must hold before the service starts; each failure is one sentence."""

import errno
import fcntl
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

from django.conf import settings
from django.db import DatabaseError, connection

PORTS: Final = range(1, 65_536)
PREPARE_SECONDS: Final = 120
PREPARE_LOCK: Final = 0x636C696E6963  # PostgreSQL's advisory lock of this name: "clinic"


class CannotStart(Exception):
    """Why the service does not start: one sentence for the person at the terminal."""


def check_data_folder() -> None:
    folder = settings.DATA_DIR
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise CannotStart(
            f"The data folder {folder} cannot be written to ({error.strerror}): make it writable "
            "or choose another with CLINIC_DATA_DIR."
        ) from error


def check_front_end() -> None:
    if not (settings.FRONTEND_DIST / "index.html").is_file():
        raise CannotStart(
            f"The front end is not built ({settings.FRONTEND_DIST} is missing): "
            "`make up` builds it."
        )


def check_port() -> None:
    family, address = listening_address()
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise CannotStart(
                    f"Port {settings.PORT} on {settings.HOST} is in use: stop what listens there "
                    "or choose another with PORT."
                ) from error
            raise CannotStart(
                f"Port {settings.PORT} on {settings.HOST} cannot be opened: {error.strerror}."
            ) from error


def listening_address() -> tuple[socket.AddressFamily, tuple[Any, ...]]:
    """Where HOST and PORT are, as `socket.bind` wants it."""
    if settings.PORT not in PORTS:
        raise CannotStart(f"PORT={settings.PORT} is not a port: choose one from 1 to 65535.")
    try:
        found = socket.getaddrinfo(
            settings.HOST.strip("[]"), settings.PORT, type=socket.SOCK_STREAM
        )
    except OSError as error:
        raise CannotStart(f"HOST={settings.HOST} is not an address of this machine.") from error
    # "localhost" may be two addresses; the older family is the one every browser tries.
    family, _, _, _, address = min(found, key=lambda entry: entry[0] != socket.AF_INET)
    return family, address


def check_only_web_process() -> None:
    """Without Redis nothing carries a change from one web process to another's sockets."""
    if not settings.EMBEDDED:
        return
    with (settings.DATA_DIR / "web.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CannotStart(
                f"Another web process serves {settings.DATA_DIR} already: several of them need "
                "DATABASE_URL and REDIS_URL."
            ) from error


@contextmanager
def nobody_serves() -> Iterator[None]:
    """No web process serves this folder, and none can begin to. Says nothing where Redis joins several."""
    with (settings.DATA_DIR / "web.lock").open("a") as lock:
        if settings.EMBEDDED:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise CannotStart(
                    f"A web process serves {settings.DATA_DIR}: stop the clinic first."
                ) from error
        yield


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Two processes that start together prepare one after the other."""
    with (settings.DATA_DIR / "prepare.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if connection.vendor != "postgresql":
            yield
            return
        with connection.cursor() as cursor:
            deadline = time.monotonic() + PREPARE_SECONDS
            while True:
                cursor.execute("SELECT pg_try_advisory_lock(%s)", [PREPARE_LOCK])
                if cursor.fetchone() == (True,):
                    break
                if time.monotonic() > deadline:
                    raise CannotStart(
                        "Another process has been preparing this database for two minutes."
                    )
                time.sleep(0.2)
        try:
            yield
        finally:
            with suppress(DatabaseError), connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [PREPARE_LOCK])
