"""The web server by itself: what it does not take in, and how it ends."""

import asyncio
import json
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from clinic.models import TopicHead
from realtime.server import body_limit
from tests.clients import Account, Closed, Frame, Http, open_socket
from tests.operations.balancer import Balancer
from tests.realtime.stage import goodbye, in_db
from tests.realtime.test_story import Clinic
from tests.servers.fixtures import StartWeb
from tests.servers.process import port_answers, wait_until
from tests.servers.web import Web

pytestmark = pytest.mark.engine("sqlite")

MANAGE = Path(__file__).resolve().parents[2] / "manage.py"
MIB = 1024 * 1024
FLOOD_BYTES = 300 * MIB
AFFORDABLE_BYTES = 20 * MIB
BLOCK = b"x" * 65_536
ENDING: dict[str, str | None] = {
    "CLINIC_DRAIN_NOTICE_SECONDS": "1.5",
    "CLINIC_DRAIN_SOCKETS_SECONDS": "0.5",
    "CLINIC_DRAIN_SECONDS": "15",
}


class Line:
    """A connection on which a test says what it likes."""

    def __init__(self, web: Web) -> None:
        self.socket = socket.create_connection(("127.0.0.1", web.port), timeout=30)

    def say(self, *lines: str, body: bytes = b"") -> None:
        self.socket.sendall("\r\n".join([*lines, ""]).encode() + body)

    def answer(self) -> tuple[int, str, Any]:
        """Status, `Connection` and the JSON; then nothing more may come."""
        response = HTTPResponse(self.socket)
        response.begin()
        body = json.loads(response.read())
        with suppress(ConnectionError):
            assert self.socket.recv(1) == b""
        self.socket.close()
        return response.status, response.headers["Connection"], body


def sign_in_half(web: Web, account: Account) -> tuple[Line, bytes]:
    """A request whose second half is still to be sent."""
    body = json.dumps({"username": account.username, "password": account.password}).encode()
    line = Line(web)
    line.say(
        "POST /api/auth/login/ HTTP/1.1",
        "Host: localhost",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "",
        body=body[:10],
    )
    return line, body[10:]


def says_draining(web: Web) -> bool:
    answer = httpx.get(f"{web.base_url}/readyz", trust_env=False)
    return answer.status_code == 503 and answer.json() == {"status": "draining"}


def says_it_closes(web: Web) -> bool:
    answer = httpx.get(f"{web.base_url}/livez", trust_env=False)
    return (answer.status_code, answer.headers.get("Connection")) == (200, "close")


class Serve(Web):
    """As a person would start it."""

    def command(self) -> list[str]:
        return [sys.executable, str(MANAGE), "serve"]


# -- the beginning -----------------------------------------------------------------------------------


def test_the_command_is_the_server(server_dir: Path, nobody_serves: None) -> None:
    web = Serve(folder=server_dir)
    try:
        web.start()
        assert Http(web.base_url).get("/readyz") == {"status": "ok"}
        web.stop()
        assert web.exit_code == 0
    finally:
        web.kill()


def test_an_address_in_use_is_one_sentence(server_dir: Path, nobody_serves: None) -> None:
    web = Serve(folder=server_dir)
    with socket.create_server(("127.0.0.1", web.port)):
        web.launch()
        assert web.wait_for_exit() == 1
    reason = "cannot be opened: Address already in use."
    assert web.last_words() == f"Port {web.port} on 127.0.0.1 {reason}"


# -- the end -----------------------------------------------------------------------------------------


async def test_a_server_that_is_told_to_end_answers_everybody_first(start_web: StartWeb) -> None:
    web = start_web(env=ENDING)
    account = Http(web.base_url).register()
    line, rest = sign_in_half(web, account)
    topic = f"user.{account.id}"
    async with (
        open_socket(web.ws_url, token=account.access) as known,
        open_socket(web.ws_url) as stranger,
    ):
        head = (await known.watch(topic))["head"]
        question = {"topic": topic, "after": head, "wait": 25}
        polling = asyncio.create_task(
            asyncio.to_thread(
                httpx.get, f"{web.base_url}/api/events/", params=question,
                headers=account.bearer, timeout=30, trust_env=False,
            )
        )  # fmt: skip
        await asyncio.sleep(0.3)

        web.terminate()

        wait_until(lambda: says_draining(web), seconds=10, what="/readyz with 503")
        assert await asyncio.to_thread(says_it_closes, web)
        for each in (known, stranger):
            code, frame = await goodbye(each)
            assert (code, frame["code"], frame["reconnect"]) == (4412, "going_away", "after")
            assert frame["reconnect_in_ms"] > 0
    poll = await polling
    assert (poll.status_code, poll.json()["events"]) == (200, [])
    assert not port_answers(web.port)
    assert web.running
    line.say(body=rest)
    status, then, tokens = line.answer()
    assert (status, then, tokens.keys()) == (200, "close", {"access", "refresh"})
    assert web.wait_for_exit() == 0
    assert "Traceback" not in web.last_words(lines=100_000)


def test_what_does_not_end_is_cut_off_in_time(start_web: StartWeb) -> None:
    web = start_web(env={"CLINIC_DRAIN_SECONDS": "0.5"})
    line, _ = sign_in_half(web, Http(web.base_url).register())
    web.terminate()
    assert web.wait_for_exit() == 0
    assert "drain_cut_off" in web.last_words()
    line.socket.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_twice_it_ends_at_once(start_web: StartWeb, number: signal.Signals) -> None:
    web = start_web(env={"CLINIC_DRAIN_NOTICE_SECONDS": "300"})
    web.signal(number)
    wait_until(lambda: says_draining(web), seconds=10, what="/readyz with 503")
    time.sleep(1.1)  # sooner, it would be the same wish, told by two
    web.signal(number)
    assert web.wait_for_exit() == 128 + number


def test_nothing_under_way_is_nothing_to_wait_for(start_web: StartWeb) -> None:
    """With a proxy's idle connection open, and a minute to end in."""
    web = start_web(env={"CLINIC_DRAIN_SECONDS": "60"})
    with httpx.Client(base_url=web.base_url, trust_env=False) as client:
        client.get("/livez")
        web.terminate()
        assert web.wait_for_exit(timeout=20) == 0
    assert "drain_cut_off" not in web.last_words()


# -- what is not taken in ----------------------------------------------------------------------------


class Cost:
    """What a process has needed since: memory at its highest, and bytes written to files."""

    def __init__(self, web: Web) -> None:
        self._folder = Path(f"/proc/{web.pid}")
        (self._folder / "clear_refs").write_text("5")  # the highest is measured from here
        self._memory, self._written = self._field("status", "VmRSS"), self._field("io", "wchar")

    def memory(self) -> int:
        return (self._field("status", "VmHWM") - self._memory) * 1024

    def written(self) -> int:
        return self._field("io", "wchar") - self._written

    def _field(self, file: str, name: str) -> int:
        for line in (self._folder / file).read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1])
        raise LookupError(name)


LENGTH = f"Content-Length: {FLOOD_BYTES}"
CHUNKED = "Transfer-Encoding: chunked"


@pytest.mark.parametrize("how", [LENGTH, CHUNKED])
def test_a_flood_without_credentials_is_refused_while_it_comes(web: Web, how: str) -> None:
    assert httpx.get(f"{web.base_url}/livez", trust_env=False).is_success
    cost = Cost(web)
    line = Line(web)
    line.say("POST /api/auth/login/ HTTP/1.1", "Host: localhost", how, "")
    sent = 0
    try:
        for block in chunks() if how == CHUNKED else blocks():
            line.socket.sendall(block)
            sent += len(block)
    except ConnectionError:
        assert sent > MIB  # it was listened to while it could have read the answer
    status, then, problem = line.answer()

    assert (status, then, problem["code"]) == (413, "close", "body_too_large")
    assert cost.memory() < AFFORDABLE_BYTES
    assert cost.written() < AFFORDABLE_BYTES
    assert httpx.get(f"{web.base_url}/livez", trust_env=False).is_success


def blocks() -> Iterator[bytes]:
    for _ in range(FLOOD_BYTES // len(BLOCK)):
        yield BLOCK


def chunks() -> Iterator[bytes]:
    for block in blocks():
        yield b"%x\r\n%s\r\n" % (len(block), block)
    yield b"0\r\n\r\n"


def test_a_body_within_the_limit_is_taken_whole(web: Web) -> None:
    body = json.dumps({"username": "x" * (MIB - 100), "password": "secret"}).encode()
    head = {"Content-Type": "application/json"}
    answer = httpx.post(f"{web.base_url}/api/auth/login/", content=body, headers=head)
    assert answer.status_code in (400, 401)
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_the_first_pattern_that_matches_says_how_much_a_path_takes(settings: Any) -> None:
    settings.REQUEST_BODY_LIMITS = {r"/api/records/\d+/attachments/$": 9, r"/api/": 1}
    assert body_limit(b"/api/records/7/attachments/") == 9
    assert body_limit(b"/api/records/7/attachments/?a=b") == 9
    assert body_limit(b"/api/%72ecords/7/attachments/") == 9
    assert body_limit(b"/api/records/7/") == 1
    assert body_limit(b"/elsewhere") == 0


MALFORMED = {
    "a long line": ["GET /livez HTTP/1.1", "Host: localhost", "X: " + "x" * 20_000, ""],
    "a long head": ["GET /livez HTTP/1.1", *(f"X-{n}: {'x' * 100}" for n in range(200)), ""],
    "many lines": ["GET /livez HTTP/1.1", *("X: x" for _ in range(600)), ""],
    "no name": ["GET /livez HTTP/1.1", "Host: localhost", "X Y: z", ""],
    "two lengths": ["POST /livez HTTP/1.1", "Content-Length: 5", CHUNKED, ""],
    "no length": ["POST /livez HTTP/1.1", "Content-Length: -5", ""],
    "no chunk": ["POST /livez HTTP/1.1", CHUNKED, "", "no number"],
    "no request": ["nonsense"],
}


def test_a_malformed_request_is_a_problem_and_the_last_one(web: Web) -> None:
    for name, lines in MALFORMED.items():
        line = Line(web)
        line.say(*lines, "GET /livez HTTP/1.1", "Host: localhost", "")
        status, then, problem = line.answer()
        assert (status, then, problem["code"]) == (400, "close", "bad_request"), name


@pytest.mark.parametrize(
    "lines",
    [
        ["GET /livez HTTP/1.1", "Host: localhost"],
        ["POST /api/auth/login/ HTTP/1.1", "Host: localhost", "Content-Length: 100", ""],
    ],
    ids=["head", "body"],
)
def test_a_request_that_never_comes_whole_is_not_waited_for(
    start_web: StartWeb, lines: list[str]
) -> None:
    web = start_web(env={"DJANGO_SETTINGS_MODULE": "tests.operations.hasty"})
    line = Line(web)
    line.say(*lines)
    status, then, problem = line.answer()
    assert (status, then, problem["code"]) == (408, "close", "request_timeout")


async def test_a_socket_that_says_too_much_is_told_so(web: Web) -> None:
    for message in ("x" * 65_537, ["x" * 40_000] * 2):
        async with connect(web.ws_url, proxy=None) as wire:
            await wire.recv()
            await wire.send(message)
            with suppress(ConnectionClosed):
                while True:
                    await wire.recv()
            assert wire.close_code == 1009


def test_the_server_does_not_say_what_it_is(web: Web) -> None:
    assert "Server" not in httpx.get(f"{web.base_url}/livez", trust_env=False).headers


# -- a rolling restart -------------------------------------------------------------------------------


class Follower:
    """Watches one topic through the balancer; whenever it is sent away, it comes back with its number."""

    def __init__(self, balancer: Balancer, token: str, topic: str, since: int) -> None:
        self.frames: list[Frame] = []
        self.codes: list[int] = []
        self.last: int | None = None
        self._balancer, self._token, self._topic, self._since = balancer, token, topic, since

    async def follow(self) -> None:
        """Until it has the event numbered `last`."""
        while not self._has_all():
            try:
                await self._listen()
            except Closed as closed:
                self.codes.append(closed.code)
            except ConnectionClosed as closed:  # found out while acknowledging
                self.codes.append(closed.rcvd.code if closed.rcvd else 1006)

    async def _listen(self) -> None:
        async with open_socket(self._balancer.ws_url, token=self._token) as wire:
            await wire.watch(self._topic, since=self._since)
            while not self._has_all():
                with suppress(TimeoutError):
                    frame = await wire.next_event(self._topic, timeout=0.5)
                    self.frames.append(frame)
                    self._since = frame["seq"]
                    await wire.ack()

    def _has_all(self) -> bool:
        return self.last is not None and self._since >= self.last


async def book_and_cancel(
    balancer: Balancer, clinic: Clinic, start: str, stop: asyncio.Event
) -> list[int]:
    """Again and again, until told to stop; every request must be answered. The ids of what was booked."""
    ids = []
    async with httpx.AsyncClient(
        base_url=balancer.base_url, headers=clinic.patient.bearer, trust_env=False, timeout=30
    ) as client:
        while not stop.is_set():
            body = {"doctor_id": clinic.doctor.id, "start": start}
            answer = await client.post("/api/appointments/book/", json=body)
            assert answer.status_code == 201, answer.text
            ids.append(answer.json()["appointment"]["id"])
            answer = await client.post(f"/api/appointments/{ids[-1]}/cancel/", json={})
            assert answer.status_code == 200, answer.text
    return ids


async def restart(web: Web, balancer: Balancer) -> None:
    web.terminate()
    assert await asyncio.to_thread(web.wait_for_exit) == 0
    await asyncio.to_thread(web.start)
    await asyncio.to_thread(
        wait_until, lambda: balancer.sends_to(web), seconds=20, what="the balancer's notice"
    )


def head_of(topic: str) -> int:
    return TopicHead.objects.get(topic=topic).seq


@pytest.mark.engine("postgres")
async def test_a_rolling_restart_loses_no_request_and_no_event(start_web: StartWeb) -> None:
    webs = [start_web(name=f"web-{number}", env=ENDING) for number in (1, 2)]
    clinic = await in_db(Clinic, webs[0])
    first = await in_db(head_of, clinic.slots)
    stop = asyncio.Event()
    async with Balancer(*webs) as balancer:
        calendars = [Follower(balancer, clinic.doctor.access, clinic.calendar, 0) for _ in range(2)]
        slots = [Follower(balancer, clinic.neighbour.access, clinic.slots, first) for _ in range(2)]
        following = [asyncio.create_task(one.follow()) for one in (*calendars, *slots)]
        booking = [
            asyncio.create_task(book_and_cancel(balancer, clinic, clinic.next_start(), stop))
            for _ in range(3)
        ]
        for web in webs:
            await restart(web, balancer)
        stop.set()
        booked = [number for ids in await asyncio.gather(*booking) for number in ids]
        for followers, topic in ((calendars, clinic.calendar), (slots, clinic.slots)):
            last = await in_db(head_of, topic)
            for one in followers:
                one.last = last
        async with asyncio.timeout(20):
            await asyncio.gather(*following)

    for one in calendars:
        said = [frame["data"]["id"] for frame in one.frames if frame["type"].endswith(".booked")]
        assert sorted(said) == sorted(booked)
    for one in (*calendars, *slots):
        begin = first if one in slots else 0
        assert [frame["seq"] for frame in one.frames] == list(range(begin + 1, one.last + 1))  # type: ignore[operator]
        assert set(one.codes) <= {4412}
    # Nobody was cut off without a word, and everybody was sent away at least once.
    assert all(one.codes for one in (*calendars, *slots))
