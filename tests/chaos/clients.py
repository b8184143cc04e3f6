"""Clients of a run: they speak the protocol themselves, behave badly in their own ways, and note every frame."""

import asyncio
import base64
import contextlib
import hashlib
import itertools
import json
import random
import socket
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from tests.chaos.history import History
from tests.chaos.tokens import Token

OPEN_SECONDS: Final = 5.0
ANSWER_SECONDS: Final = 8.0
BACKOFF_SECONDS: Final = (0.05, 0.5)
# Who is refused a record today may be given it tomorrow.
ASK_AGAIN_SECONDS: Final = (0.5, 1.5)
ACK_EVERY: Final = 32
FORGED_AHEAD: Final = 100_000
FORGED_EPOCH: Final = "00000000-0000-4000-8000-000000000000"
_connections = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Habits:
    """How a client behaves until it is calmed; seconds are drawn between two bounds."""

    name: str = "steady"
    aborts: tuple[float, float] | None = None
    """How long until it is gone without a word."""
    freezes: tuple[float, float] | None = None
    """How long until it stops reading, for about a second or two."""
    lag: float = 0.0
    """How long it takes over each event."""
    goes_back: int = 0
    """By how many numbers it claims to be behind what it has."""
    forges: bool = False
    """Claims numbers and epochs that never were, and shows a token that nobody gave out."""
    lasts: tuple[float, float] | None = None
    """How long its tokens are good for; every second time it renews them."""
    leaves: tuple[float, float] | None = None
    """How long until it signs out; it goes on listening."""
    reads: bool = True
    acks: bool = True


STEADY: Final = Habits()
READER: Final = Habits("reader")
GREEDY: Final = Habits("greedy", acks=False)
STALLED: Final = Habits("stalled", acks=False, reads=False)
LEAVER: Final = Habits("leaver", leaves=(1, 5))
ODD: Final = (
    Habits("aborter", aborts=(0.5, 4)),
    Habits("freezer", freezes=(1, 5)),
    Habits("slow", lag=0.02),
    Habits("stale", aborts=(1, 5), goes_back=40),
    Habits("forger", aborts=(1, 5), forges=True),
    Habits("expirer", lasts=(2, 8)),
)


class Place:
    """What all clients share: the address, the history, and whether it is time to behave."""

    def __init__(self, base_url: str, ws_url: str, history: History) -> None:
        self.base_url = base_url
        self.ws_url = ws_url
        self.history = history
        self.calm = asyncio.Event()


class Client:
    """One client, from its first connection to the end of the run."""

    def __init__(
        self,
        place: Place,
        *,
        name: str,
        role: str,
        tokens: Sequence[Token],
        topics: Sequence[str],
        habits: Habits,
        seed: str,
    ) -> None:
        self.name = name
        self.role = role
        self.topics = list(topics)
        self.habits = habits
        self.cursors = dict.fromkeys(topics, 0)
        """The last number of each topic that it has."""
        self.live: set[str] = set()
        self.ended = False
        self.person = tokens[0].person
        self._place = place
        self._tokens = list(tokens)
        self._dice = random.Random(f"{seed} {name}")
        self._wire: ClientConnection | None = None
        self._conn = 0
        self._commands: dict[int, tuple[str, str, int]] = {}
        self._ids = itertools.count(1)
        self._unacked = 0
        self._token = self._tokens[0]
        self._parting = ""
        self._here: dict[str, int] = {}
        """The last number of each topic that came on this connection."""
        self._thawed = asyncio.Event()
        self._helpers: set[asyncio.Task[None]] = set()
        self._leaving: dict[str, asyncio.Task[None]] = {}

    # -- its life -----------------------------------------------------------------------------------

    async def run(self) -> None:
        self._note(
            "client",
            topics=self.topics,
            habits=self.habits.name,
            person=self.person,
            role=self.role,
        )
        try:
            while not self.ended:
                with contextlib.suppress(OSError, TimeoutError, WebSocketException):
                    await self._connect()
                await asyncio.sleep(self._dice.uniform(*BACKOFF_SECONDS))
        finally:
            self._stop_helpers()
            for leaving in self._leaving.values():
                leaving.cancel()

    def calm_down(self) -> None:
        """From here on like anybody: what it has missed, it fetches."""
        if self.habits.reads and self.habits.acks and self.habits.leaves is None:
            self.habits = replace(
                self.habits, aborts=None, freezes=None, lag=0, goes_back=0, forges=False, lasts=None
            )

    def reconnect(self) -> None:
        self.live.clear()
        self._abort()

    @property
    def is_live(self) -> bool:
        return set(self.topics) <= self.live

    async def _connect(self) -> None:
        self.live.clear()
        self._conn, self._parting = next(_connections), ""
        self._wire = await connect(
            self._place.ws_url, sock=None if self.habits.reads else await self._narrow_socket(),
            proxy=None, compression=None, open_timeout=OPEN_SECONDS, close_timeout=0.5,
            ping_interval=None, max_queue=16,
        )  # fmt: skip
        self._note("open", conn=self._conn, port=self._wire.local_address[1])
        code = 1006
        try:
            await self._talk(self._wire)
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd else 1006
        finally:
            self._stop_helpers()
            self._note("close", conn=self._conn, code=code, own=self._parting)
            self._wire.transport.abort()
        await self._after(code)

    async def _narrow_socket(self) -> socket.socket:
        """One in which little has room that nobody reads."""
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.setblocking(False)
        port = httpx.URL(self._place.base_url).port
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
        return sock

    async def _talk(self, wire: ClientConnection) -> None:
        welcome = json.loads(await self._receive(wire, ANSWER_SECONDS))
        if welcome["op"] != "welcome":
            self._note("parted", conn=self._conn, code=welcome["code"])
            await self._receive(wire, ANSWER_SECONDS)  # the close
            return
        window = welcome["limits"]["ack_window"]
        self._note("welcome", conn=self._conn, window=window)
        self._commands.clear()
        self._here.clear()
        self._thawed.set()
        self._unacked = 0
        self._token = self._next_token()
        await self._sign_in()
        for topic in self.topics:
            await self._watch(topic)
        self._start_helpers()
        while self.habits.reads:
            await self._thawed.wait()
            await self._take(await self._receive(wire, None))
        await wire.wait_closed()

    async def _receive(self, wire: ClientConnection, seconds: float | None) -> str:
        async with asyncio.timeout(seconds):
            text = await wire.recv()
        assert isinstance(text, str)
        return text

    async def _after(self, code: int) -> None:
        """What the reason of the end means for the next try."""
        if self.habits.leaves is not None and code in (4401, 4403):
            self._tokens.pop(0)
            self.ended = not self._tokens

    # -- what it says -------------------------------------------------------------------------------

    def _next_token(self) -> Token:
        token = self._tokens[0]
        if self.habits.lasts is not None:
            return token.lasting(self._dice.uniform(*self.habits.lasts))
        if self.habits.forges and self._dice.random() < 0.3:
            return token.forged()
        return token

    async def _sign_in(self) -> None:
        number = await self._say("auth", token=self._token.text)
        self._commands[number] = ("auth", "", 0)

    async def _watch(self, topic: str) -> None:
        since, fields = self.cursors[topic], {}
        if self.habits.forges and self._dice.random() < 0.3:
            if self._dice.random() < 0.5:
                since += FORGED_AHEAD
            else:
                fields["epoch"] = FORGED_EPOCH
        else:
            since = max(0, since - self._dice.randint(0, self.habits.goes_back))
        number = await self._say("watch", topic=topic, since=since, **fields)
        self._commands[number] = ("watch", topic, since)
        if since > self.cursors[topic] or fields:
            self._note("forged", conn=self._conn, topic=topic, since=since)

    async def _say(self, op: str, **fields: Any) -> int:
        number = next(self._ids)
        assert self._wire is not None
        await self._wire.send(json.dumps({"id": number, "op": op, **fields}))
        return number

    async def _ack(self) -> None:
        assert self._wire is not None
        topics = {topic: seq for topic, seq in self._here.items() if seq}
        self._note("ack", conn=self._conn, topics=topics)
        self._unacked = 0
        await self._wire.send(json.dumps({"op": "ack", "topics": topics}))

    # -- what it hears ------------------------------------------------------------------------------

    async def _take(self, text: str) -> None:
        frame = json.loads(text)
        if "re" in frame:
            await self._take_answer(frame)
            return
        match frame["op"]:
            case "event":
                await self._take_event(frame, text)
            case "live":
                self.live.add(frame["topic"])
            case "revoked" | "reset":
                self._note(
                    frame["op"], conn=self._conn, topic=frame["topic"], reason=frame["reason"]
                )
                self.live.discard(frame["topic"])
                self._soon(self._watch_again(frame["topic"]))
            case "auth.expiring":
                if self.habits.lasts is not None and self._dice.random() < 0.5:
                    self._token = self._next_token()
                    await self._sign_in()
            case "error":
                self._note("parted", conn=self._conn, code=frame["code"])

    async def _take_answer(self, frame: dict[str, Any]) -> None:
        op, topic, since = self._commands.pop(frame["re"])
        if op == "auth":
            self._note(
                "signed_in", conn=self._conn, ok=frame["ok"], person=self._token.person,
                session=self._token.session, expires=self._token.expires, genuine=self._token.genuine,
            )  # fmt: skip
        elif not frame["ok"]:
            self._note("refused", conn=self._conn, topic=topic, code=frame["error"]["code"])
            self._soon(self._watch_again(topic))
        else:
            self._note(
                "watching", conn=self._conn, topic=topic, since=since, head=frame["head"],
                mode=frame["mode"], reason=frame.get("reason"),
            )  # fmt: skip
            self._here[topic] = 0
            if frame["mode"] == "reset":
                self._soon(self._watch_again(topic))

    async def _take_event(self, frame: dict[str, Any], text: str) -> None:
        topic, seq = frame["topic"], frame["seq"]
        self._note(
            "event", conn=self._conn, topic=topic, seq=seq, digest=digest(text), id=frame["id"]
        )
        self.cursors[topic] = max(self.cursors[topic], seq)
        self._here[topic] = seq
        self._unacked += 1
        if self.habits.lag:
            await asyncio.sleep(self.habits.lag)
        if self.habits.acks and self._unacked >= ACK_EVERY:
            await self._ack()

    # -- beside it ----------------------------------------------------------------------------------

    def _start_helpers(self) -> None:
        habits = self.habits
        if habits.aborts is not None:
            self._soon(self._later(habits.aborts, self._abort))
        if habits.freezes is not None:
            self._soon(self._freeze_now_and_then(habits.freezes))
        if habits.leaves is not None:
            self._leave_once(habits.leaves)
        if habits.acks:
            self._soon(self._ack_every_second())

    def _soon(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._helpers.add(task)
        task.add_done_callback(self._helpers.discard)

    def _stop_helpers(self) -> None:
        for task in list(self._helpers):
            task.cancel()

    async def _later(self, bounds: tuple[float, float], act: Callable[[], None]) -> None:
        await asyncio.sleep(self._dice.uniform(*bounds))
        act()

    def _abort(self) -> None:
        if self._wire is not None and not self._parting:
            self._parting = "abort"
            self._wire.transport.abort()

    async def _freeze_now_and_then(self, bounds: tuple[float, float]) -> None:
        while not self._place.calm.is_set():
            await asyncio.sleep(self._dice.uniform(*bounds))
            self._thawed.clear()
            await asyncio.sleep(self._dice.uniform(0.5, 2.5))
            self._thawed.set()

    async def _watch_again(self, topic: str) -> None:
        await asyncio.sleep(self._dice.uniform(*ASK_AGAIN_SECONDS))
        with contextlib.suppress(ConnectionClosed):
            await self._watch(topic)

    async def _ack_every_second(self) -> None:
        while True:
            await asyncio.sleep(1)
            if self._unacked:
                with contextlib.suppress(ConnectionClosed):
                    await self._ack()

    def _leave_once(self, bounds: tuple[float, float]) -> None:
        """The end of a session ends its sockets, maybe before it is answered: it is no part of a connection."""
        token = self._token
        if token.session not in self._leaving:
            self._leaving[token.session] = asyncio.create_task(self._leave(bounds, token))

    async def _leave(self, bounds: tuple[float, float], token: Token) -> None:
        await asyncio.sleep(self._dice.uniform(*bounds))
        async with httpx.AsyncClient(base_url=self._place.base_url, trust_env=False) as http:
            while True:
                with contextlib.suppress(httpx.TransportError):
                    answer = await http.post(
                        "/api/auth/logout/", headers=token.bearer, timeout=OPEN_SECONDS
                    )
                    # 401: an earlier try has done it, and its answer was lost.
                    if answer.status_code in (204, 401):
                        self._note("ended", session=token.session, wall=time.time())
                        return
                await asyncio.sleep(0.3)

    def _note(self, what: str, **fields: Any) -> None:
        self._place.history.note(what, client=self.name, **fields)


def digest(text: str) -> str:
    """Of a frame as it is on the wire: live and replayed ones are the same to the letter."""
    return base64.b85encode(hashlib.blake2b(text.encode(), digest_size=12).digest()).decode()
