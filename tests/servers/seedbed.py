"""An interpreter that has the libraries loaded: programs of ours are forked from it, most of their start saved.

Runs as a process of its own and loads nothing of ours and no settings: what a program is, it reads from its own
environment after the fork, as ever. `tests.servers.starts` asks it, over a socket that it inherits.
"""

import contextlib
import gc
import importlib
import io
import json
import os
import runpy
import selectors
import signal
import socket
import sys
import warnings
from typing import Any, Final

# Whatever takes long to load and asks neither for settings nor for a reactor of Twisted's.
LIBRARIES: Final = (
    "argon2", "asgiref.sync", "autobahn.websocket.protocol", "celery.apps.beat",
    "celery.apps.worker", "celery.bin.celery", "cryptography.fernet",
    "cryptography.hazmat.primitives.ciphers.aead", "cryptography.hazmat.primitives.kdf.hkdf",
    "cryptography.x509", "django.contrib.admin.decorators", "django.contrib.admin.widgets",
    "django.contrib.postgres.constraints", "django.contrib.postgres.fields",
    "django.core.handlers.asgi", "django.core.management", "django.core.servers.basehttp",
    "django.db.backends.postgresql.base", "django.db.backends.sqlite3.base",
    "django.db.migrations.executor", "django.forms.models", "django.template.response",
    "django.test.signals", "django.urls", "django.views.generic", "environ", "inflection",
    "jsonschema", "jwt", "prometheus_client", "psycopg_pool", "pydantic.fields",
    "pydantic.functional_serializers", "pydantic.functional_validators", "pydantic.json_schema",
    "pydantic.main", "pydantic.types", "redis.asyncio", "requests", "structlog",
    "twisted.internet.asyncioreactor", "twisted.internet.endpoints", "twisted.internet.ssl",
    "twisted.web.http", "uritemplate", "websockets", "yaml",
)  # fmt: skip
LONGEST_WISH: Final = 1 << 20


class Seedbed:
    def __init__(self, wishes: socket.socket) -> None:
        self._wishes = wishes
        self._selector = selectors.DefaultSelector()
        self._selector.register(wishes, selectors.EVENT_READ)
        self._growing: dict[int, tuple[int, int]] = {}
        """By the descriptor that tells of its end: a program's id, and where its status goes."""

    def next_program(self) -> dict[str, Any]:
        """Returns in a forked process only, with what that process is to do. Its parent stays here."""
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is not self._wishes:
                    self._tell_end(key.fd)
                    continue
                content, descriptors, _, _ = socket.recv_fds(self._wishes, LONGEST_WISH, 4)
                if not content:
                    self._end()
                if not (pid := os.fork()):
                    return self._become(json.loads(content), descriptors)
                self._watch(pid, descriptors)

    def _watch(self, pid: int, descriptors: list[int]) -> None:
        *its, status = descriptors
        for descriptor in its:
            os.close(descriptor)
        end = os.pidfd_open(pid)
        self._growing[end] = pid, status
        self._selector.register(end, selectors.EVENT_READ)
        _tell(status, pid)

    def _tell_end(self, end: int) -> None:
        pid, status = self._growing.pop(end)
        self._selector.unregister(end)
        os.close(end)
        _, how = os.waitpid(pid, 0)
        _tell(status, os.waitstatus_to_exitcode(how))
        os.close(status)

    def _end(self) -> None:
        """Who asked is gone, and so is everybody who could end these."""
        for pid, _ in self._growing.values():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        os._exit(0)

    def _become(self, wish: dict[str, Any], descriptors: list[int]) -> dict[str, Any]:
        self._selector.close()
        self._wishes.close()
        for end, (_, other) in self._growing.items():
            os.close(end)
            os.close(other)
        *its, status = descriptors
        os.close(status)
        for number, descriptor in enumerate(its):
            os.dup2(descriptor, number)
            os.close(descriptor)
        if wish["new_session"]:
            os.setsid()
        os.environ.clear()
        os.environ.update(wish["env"])
        os.chdir(wish["cwd"])
        return wish


def _tell(status: int, number: int) -> None:
    with contextlib.suppress(BrokenPipeError):
        os.write(status, b"%d\n" % number)


def as_if_started(environment: dict[str, str]) -> None:
    """What an interpreter makes of its environment before it runs a line."""
    if environment.get("PYTHONUNBUFFERED"):
        for number, name in ((1, "stdout"), (2, "stderr")):
            raw = io.FileIO(number, "w", closefd=False)
            errors = "strict" if name == "stdout" else "backslashreplace"
            setattr(sys, name, io.TextIOWrapper(raw, "utf-8", errors, write_through=True))  # type: ignore[type-var]
    if environment.get("PYTHONWARNINGS") == "error":
        warnings.simplefilter("error")


def run(arguments: list[str]) -> None:
    """`-c program`, `-m module` or the path of a script, with its own arguments."""
    kind, *rest = arguments
    if kind == "-c":
        program, *sys.argv[1:] = rest
        sys.argv[0] = "-c"
        sys.path.insert(0, "")
        exec(compile(program, "<string>", "exec"), {"__name__": "__main__"})
    elif kind == "-m":
        module, *sys.argv[1:] = rest
        sys.path.insert(0, os.getcwd())  # noqa: PTH109
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    else:
        sys.argv[:] = arguments
        sys.path.insert(0, os.path.dirname(os.path.abspath(kind)))  # noqa: PTH100, PTH120
        runpy.run_path(kind, run_name="__main__")


if __name__ == "__main__":
    for library in LIBRARIES:
        importlib.import_module(library)
    gc.collect()
    gc.freeze()  # Nothing of it is looked at again by the programs.
    todo = Seedbed(socket.socket(fileno=int(sys.argv[1]))).next_program()
    as_if_started(todo["env"])
    run(todo["arguments"])
