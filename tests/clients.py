"""The test's own clients: a socket that checks every frame, and an HTTP client that knows problems."""

import asyncio
import itertools
import json
import secrets
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Protocol, Self

import httpx
from channels.testing import WebsocketCommunicator
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin, Subprotocol

from tests.contract import check_received, check_sent

Frame = dict[str, Any]
PROTOCOL = "clinic.v1"
PATIENCE_SECONDS = 10.0


class Closed(Exception):
    """The server closed the socket while the test waited for a frame."""

    def __init__(self, code: int) -> None:
        super().__init__(f"the socket was closed with {code}")
        self.code = code


class Wire(Protocol):
    """What carries text frames: a real socket, or the ASGI application in this process."""

    async def send(self, text: str) -> None: ...

    async def receive(self) -> str:
        """The next text frame; raises `Closed`."""

    async def close(self) -> None: ...

    async def abort(self) -> None:
        """Gone without a closing handshake, as when a cable is pulled."""


class NetworkWire:
    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    async def send(self, text: str) -> None:
        await self._connection.send(text)

    async def receive(self) -> str:
        try:
            message = await self._connection.recv()
        except ConnectionClosed as closed:
            raise Closed(closed.rcvd.code if closed.rcvd else 1006) from None
        assert isinstance(message, str), "the protocol has text frames only"
        return message

    async def close(self) -> None:
        await self._connection.close()

    async def abort(self) -> None:
        self._connection.transport.abort()


class ApplicationWire:
    def __init__(self, communicator: WebsocketCommunicator) -> None:
        self._communicator = communicator

    async def send(self, text: str) -> None:
        await self._communicator.send_to(text_data=text)

    async def receive(self) -> str:
        # Channels cancels the application when its own timeout passes: the test's clock decides here.
        message = await self._communicator.receive_output(timeout=3600)
        if message["type"] == "websocket.close":
            raise Closed(message.get("code") or 1000)
        text = message["text"]
        assert isinstance(text, str)
        return text

    async def close(self) -> None:
        await self._communicator.disconnect()

    async def abort(self) -> None:
        await self._communicator.disconnect(code=1006)


class Socket:
    """One `clinic.v1` client. Frames are kept in order; each is handed out once by the waiting calls.

    It fails the test by itself when a frame does not fit the protocol, when a topic's numbers jump
    or repeat, or when an event arrives on a topic that is not watched.
    """

    def __init__(self, wire: Wire) -> None:
        self.frames: list[Frame] = []
        self.close_code: int | None = None
        self.last_seq: dict[str, int] = {}
        """The number of the last event of each watched topic."""
        self._wire = wire
        self._ids = itertools.count(1)
        self._asked: dict[int, str] = {}
        self._watches: dict[int, int | None] = {}
        self._taken: set[int] = set()
        self._arrival = asyncio.Condition()
        self._fault: BaseException | None = None
        self._reader = asyncio.create_task(self._read())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, failure: type[BaseException] | None, *_: object) -> None:
        await self.close()
        if failure is None:
            self._raise_fault()

    # -- what a client says --------------------------------------------------------------------

    async def send(self, frame: Frame) -> None:
        check_sent(frame)
        await self._wire.send(json.dumps(frame))

    async def send_raw(self, text: str) -> None:
        """Whatever the test likes, valid or not."""
        await self._wire.send(text)

    async def command(self, op: str, *, timeout: float = PATIENCE_SECONDS, **fields: Any) -> Frame:
        """Send a command and return its reply, a refusal included."""
        number = next(self._ids)
        self._asked[number] = op
        if op == "watch":
            self._watches[number] = fields.get("since")
        await self.send({"id": number, "op": op, **_without_none(fields)})
        return await self.until(lambda frame: frame.get("re") == number, timeout=timeout)

    async def demand(self, op: str, **fields: Any) -> Frame:
        reply = await self.command(op, **fields)
        assert reply["ok"], f"{op} was refused: {reply}"
        return reply

    async def auth(self, token: str) -> Frame:
        return await self.demand("auth", token=token)

    async def watch(self, topic: str, since: int | None = None, epoch: str | None = None) -> Frame:
        return await self.demand("watch", topic=topic, since=since, epoch=epoch)

    async def unwatch(self, topic: str) -> Frame:
        reply = await self.demand("unwatch", topic=topic)
        self.last_seq.pop(topic, None)
        return reply

    async def ping(self) -> Frame:
        return await self.demand("ping")

    async def ack(self, topics: Mapping[str, int] | None = None) -> None:
        """Acknowledge the given numbers, or all that arrived."""
        await self.send({"op": "ack", "topics": dict(self.last_seq if topics is None else topics)})

    # -- what it heard -------------------------------------------------------------------------

    def events(self, topic: str | None = None) -> list[Frame]:
        """All events so far, in order of arrival, handed out or not."""
        return [frame for frame in self.frames if _is_event(frame, topic, None)]

    async def next_event(
        self, topic: str | None = None, type: str | None = None, timeout: float = PATIENCE_SECONDS
    ) -> Frame:
        return await self.until(lambda frame: _is_event(frame, topic, type), timeout=timeout)

    async def until(
        self, wanted: Callable[[Frame], object], timeout: float = PATIENCE_SECONDS
    ) -> Frame:
        """The first frame not handed out yet that is wanted. Raises `Closed` or TimeoutError."""
        try:
            async with asyncio.timeout(timeout), self._arrival:
                while True:
                    self._raise_fault()
                    for index, frame in enumerate(self.frames):
                        if index not in self._taken and wanted(frame):
                            self._taken.add(index)
                            return frame
                    if self.close_code is not None:
                        raise Closed(self.close_code)
                    await self._arrival.wait()
        except TimeoutError:
            raise TimeoutError(f"not within {timeout:g} s; heard: {self.frames[-20:]}") from None

    async def silence(self, seconds: float, topic: str | None = None) -> None:
        """Nothing but heartbeats for so long (or no event of one topic)."""
        start = len(self.frames)
        await asyncio.sleep(seconds)
        self._raise_fault()
        assert self.close_code is None, f"closed with {self.close_code}"
        heard = self.frames[start:]
        if topic is not None:
            heard = [frame for frame in heard if _is_event(frame, topic, None)]
        heard = [frame for frame in heard if frame.get("op") not in {"hb", "auth.expiring"}]
        assert not heard, f"expected silence, heard {heard}"

    async def closed(self, timeout: float = PATIENCE_SECONDS) -> int:
        """Wait for the server to close, and return its code."""
        async with asyncio.timeout(timeout):
            await asyncio.wait([self._reader])
        self._raise_fault()
        assert self.close_code is not None
        return self.close_code

    async def close(self) -> None:
        await self._end(self._wire.close)

    async def abort(self) -> None:
        await self._end(self._wire.abort)

    # -- the reader ----------------------------------------------------------------------------

    async def _end(self, goodbye: Callable[[], Any]) -> None:
        with suppress(Closed, ConnectionClosed, TimeoutError):
            await goodbye()
        self._reader.cancel()
        await asyncio.wait([self._reader])

    async def _read(self) -> None:
        while self.close_code is None and self._fault is None:
            try:
                frame = json.loads(await self._wire.receive())
                check_received(frame, answers=self._asked.pop(frame.get("re"), None))
                self._follow(frame)
                self.frames.append(frame)
            except Closed as closed:
                self.close_code = closed.code
            except Exception as fault:  # noqa: BLE001 - raised in the test by whoever waits
                self._fault = fault
            async with self._arrival:
                self._arrival.notify_all()

    def _follow(self, frame: Frame) -> None:
        """Numbers of a topic grow by exactly one: checked for every frame of every test."""
        if frame.get("re") in self._watches and frame["ok"]:
            since = self._watches.pop(frame["re"])
            if frame["mode"] != "reset":
                resumed = frame["mode"] == "resumed"
                self.last_seq[frame["topic"]] = (
                    since if resumed and since is not None else frame["head"]
                )
        elif frame.get("op") == "event":
            topic, seq = frame["topic"], frame["seq"]
            last = self.last_seq.get(topic)
            assert last is not None, f"an event of {topic}, which is not watched: {frame}"
            assert seq == last + 1, f"{topic} jumped from {last} to {seq}: {frame}"
            self.last_seq[topic] = seq
        elif frame.get("op") in ("revoked", "reset"):
            self.last_seq.pop(frame["topic"], None)

    def _raise_fault(self) -> None:
        if self._fault is not None:
            raise self._fault


def _is_event(frame: Frame, topic: str | None, type: str | None) -> bool:
    return (
        frame.get("op") == "event"
        and topic in (None, frame["topic"])
        and type in (None, frame["type"])
    )


def _without_none(fields: Mapping[str, Any]) -> Frame:
    return {name: value for name, value in fields.items() if value is not None}


@asynccontextmanager
async def open_socket(
    url: str, *, token: str | None = None, origin: str | None = None, subprotocol: bool = True
) -> AsyncIterator[Socket]:
    """A socket to a real web process, signed in when a token is given."""
    connection = await connect(
        url,
        origin=Origin(origin) if origin else None,
        subprotocols=[Subprotocol(PROTOCOL)] if subprotocol else None,
        proxy=None,
        open_timeout=PATIENCE_SECONDS,
        close_timeout=2,
        ping_interval=None,  # A frozen server is the test's business, not the library's.
        max_queue=None,
    )
    async with Socket(NetworkWire(connection)) as socket:
        if token:
            await socket.auth(token)
        yield socket


@asynccontextmanager
async def open_application_socket(
    *, token: str | None = None, origin: str | None = None
) -> AsyncIterator[Socket]:
    """The same client on the socket's application in this process, without a network."""
    # Not realtime.asgi: on SQLite importing it takes the place of the one web process for good.
    from realtime.consumer import ClinicSocket
    from realtime.origins import AllowedOrigins

    application = AllowedOrigins(ClinicSocket.as_asgi())
    headers = [(b"host", b"localhost")]
    if origin:
        headers.append((b"origin", origin.encode()))
    communicator = WebsocketCommunicator(application, "/ws/", headers, [PROTOCOL])
    accepted, code = await communicator.connect(timeout=PATIENCE_SECONDS)
    if not accepted:
        assert isinstance(code, int)
        raise Closed(code)
    async with Socket(ApplicationWire(communicator)) as socket:
        if token:
            await socket.auth(token)
        yield socket


# -- HTTP --------------------------------------------------------------------------------------


@dataclass(slots=True)
class Account:
    """Somebody who registered, with the tokens they hold."""

    id: int
    username: str
    password: str
    access: str
    refresh: str

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.access}"}


class Http:
    """A client of one web process; `as_(account)` gives a client that is signed in."""

    def __init__(self, base_url: str, account: Account | None = None) -> None:
        self.account = account
        self.client = httpx.Client(
            base_url=base_url,
            headers=account.bearer if account else None,
            timeout=30,
            trust_env=False,
            # A server that was killed leaves dead connections in a pool; these tests kill servers.
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def as_(self, account: Account) -> "Http":
        return Http(str(self.client.base_url), account)

    def register(self, role: str = "PATIENT", **profile: Any) -> Account:
        name = f"{role.lower()}-{secrets.token_hex(6)}"
        password = secrets.token_urlsafe(12)
        body = {
            "username": name, "email": f"{name}@example.org", "password": password, "role": role,
            "first_name": "Test", "last_name": name.title(), **profile,
        }  # fmt: skip
        answer = self.post("/api/auth/register/", body, status=201)
        tokens = answer["tokens"]
        return Account(answer["user"]["id"], name, password, tokens["access"], tokens["refresh"])

    def login(self, username: str, password: str) -> Account:
        tokens = self.post("/api/auth/login/", {"username": username, "password": password})
        me = httpx.get(
            self.client.base_url.join("/api/users/me/"),
            headers={"Authorization": f"Bearer {tokens['access']}"},
            timeout=30,
            trust_env=False,
        ).json()["user"]
        return Account(me["id"], username, password, tokens["access"], tokens["refresh"])

    def get(self, path: str, query: Mapping[str, Any] | None = None, *, status: int = 200) -> Any:
        return expect(self.client.get(path, params=query), status)

    def post(
        self, path: str, body: Any = None, *, status: int = 200, key: str | None = None
    ) -> Any:
        """`key` is the Idempotency-Key."""
        headers = {"Idempotency-Key": key} if key else None
        return expect(self.client.post(path, json=body or {}, headers=headers), status)

    def put(self, path: str, body: Any, *, status: int = 200) -> Any:
        return expect(self.client.put(path, json=body), status)

    def patch(self, path: str, body: Any, *, status: int = 200) -> Any:
        return expect(self.client.patch(path, json=body), status)

    def delete(self, path: str, *, status: int = 204) -> Any:
        return expect(self.client.delete(path), status)


def expect(response: httpx.Response, status: int) -> Any:
    """The JSON of an answer with the status the test states."""
    request = response.request
    assert response.status_code == status, (
        f"{request.method} {request.url.path}: {response.status_code}, not {status}: {response.text}"
    )
    return response.json() if response.content else None


def assert_problem(response: Any, status: int, code: str) -> dict[str, Any]:
    """An answer of httpx or of Django's test clients is the problem it should be; returns its body."""
    media_type = response.headers["Content-Type"].partition(";")[0]
    body: dict[str, Any] = json.loads(response.content)
    assert (response.status_code, media_type) == (status, "application/problem+json"), body
    assert body["code"] == code, body
    assert body["status"] == status, body
    assert {"type", "title", "detail", "request_id"} <= body.keys(), body
    return body


def wait_for(true: Callable[[], object], *, seconds: float = PATIENCE_SECONDS) -> None:
    """For things that happen in another process and that nothing tells of."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"not within {seconds:g} s"
        time.sleep(0.02)
