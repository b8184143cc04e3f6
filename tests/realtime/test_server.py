"""What our server looks at on its connections, when, and what it does about it."""

import time
from typing import Any

import pytest

from realtime.server import Server, SocketProtocol

pytestmark = pytest.mark.engine("sqlite")


def test_the_server_ends_no_socket_because_of_its_age(monkeypatch: pytest.MonkeyPatch) -> None:
    protocol, closed = SocketProtocol(), []
    monkeypatch.setattr(protocol, "serverClose", lambda code=None: closed.append(code))
    protocol.server = Server(None, host="127.0.0.1", port=0)
    protocol.state = protocol.STATE_OPEN
    protocol.socket_opened, protocol.last_ping = time.time() - 30 * 86_400, time.time()

    protocol.check_timeouts()

    assert closed == []


def test_a_round_looks_at_every_connection_once_and_at_few_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = Server(None, host="127.0.0.1", port=0)
    looks: list[list[int]] = [[]]

    class Connection:
        def __init__(self, number: int) -> None:
            self.number = number

        def check_timeouts(self) -> None:
            looks[-1].append(self.number)

    server.connections = {Connection(number): {} for number in range(1000)}
    monkeypatch.setattr("realtime.server.reactor.callLater", lambda seconds, look: looks.append([]))
    for _ in range(20):  # a second of them
        server.look_around()

    assert sorted(number for look in looks for number in look) == list(range(1000))
    assert max(map(len, looks)) == 50


class Task:
    """What has become of an application: still at work, done, or failed."""

    def __init__(self, done: bool, error: Exception | None = None) -> None:
        self._done, self._error, self.was_cancelled = done, error, False

    def done(self) -> bool:
        return self._done

    def cancelled(self) -> bool:
        return False

    def exception(self) -> Exception | None:
        return self._error

    def cancel(self) -> None:
        self.was_cancelled = True


class Request:
    def __init__(self) -> None:
        self.told: list[Exception] = []

    def check_timeouts(self) -> None: ...

    def handle_exception(self, error: Exception) -> None:
        self.told.append(error)


@pytest.mark.parametrize(
    ("gone_for", "task", "is_kept", "is_told", "is_cancelled"),
    [
        (None, Task(False), True, False, False),
        (None, Task(True), True, False, False),
        (None, Task(True, ValueError()), True, True, False),
        (0.0, Task(False), True, False, False),
        (60.0, Task(False), True, False, True),
        (0.0, Task(True), False, False, False),
        (0.0, Task(True, ValueError()), False, False, False),
        (0.0, None, False, False, False),
    ],
)
def test_what_has_ended_is_let_go(
    gone_for: float | None, task: Task | None, is_kept: bool, is_told: bool, is_cancelled: bool
) -> None:
    server, request = Server(None, host="127.0.0.1", port=0), Request()
    details: dict[str, Any] = {} if task is None else {"application_instance": task}
    if gone_for is not None:
        details["disconnected"] = time.time() - gone_for
    server.connections = {request: details}

    server._look_at(request)

    assert (request in server.connections, bool(request.told)) == (is_kept, is_told)
    assert (task is not None and task.was_cancelled) == is_cancelled
