"""A client of the live socket for other programs: everything once and in order, whatever is interrupted.

Needs Python 3.11 and the package `websockets`, and nothing of this project: the file may be taken along.
The protocol is described in docs/realtime.md.
"""

import asyncio
import itertools
import json
import math
import os
import random
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from http.client import HTTPException
from pathlib import Path
from typing import Any, Final, Protocol, Self
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Subprotocol

PROTOCOL: Final = Subprotocol("clinic.v1")
HTTP_SECONDS: Final = 10.0
HANDSHAKE_SECONDS: Final = 10.0
CLOSE_SECONDS: Final = 2.0
SILENT_HEARTBEATS: Final = 2.4
BACKOFF_FIRST_SECONDS: Final = 0.5
BACKOFF_MOST_SECONDS: Final = 30.0
RENEW_AGAIN_SECONDS: Final = 2.0
ACK_EVERY_EVENTS: Final = 64
ACK_EVERY_SECONDS: Final = 1.0
# The service takes thirty commands at once and ten a second from then on.
COMMANDS_AT_ONCE: Final = 20
COMMAND_EVERY_SECONDS: Final = 0.125
# What the caller has not taken yet. When it is full nothing is read, so nothing is acknowledged either,
# and the backlog stays in the service's database.
WAITING_ITEMS: Final = 256
UNAUTHENTICATED: Final = 4401
GOING_AWAY: Final = 4412
STOPPING: Final = frozenset({1000, 4400, 4403, 4409})
LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})

Frame = Mapping[str, Any]


class SignedOut(Exception):
    """The session has ended, or never was: sign in again."""


class Stopped(Exception):
    """The service closed the socket and does not want this client back; `status` is the close code."""

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        super().__init__(f"{message} ({status})")


class Unreachable(Exception):
    """The service cannot be asked at the moment: worth another try."""


# -- what a caller gets -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Position:
    """The last number of a topic that was handled. Numbers of another epoch mean nothing."""

    seq: int
    epoch: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """One event of one topic. `data` is the state after the change; `frame` is all of it, as it came."""

    topic: str
    seq: int
    epoch: str | None
    id: str
    type: str
    at: datetime
    data: Mapping[str, Any]
    frame: Frame = field(repr=False)


@dataclass(frozen=True, slots=True)
class Reset:
    """Load your snapshot of this topic now: what was before cannot be replayed, or you had no number.

    Every event after `seq` follows, so nothing is missed meanwhile; those that the snapshot holds
    already are known by its own `stream.seq`. `reason` is fresh, too_old, ahead or other_epoch.
    """

    topic: str
    reason: str
    seq: int
    epoch: str | None


@dataclass(frozen=True, slots=True)
class Revoked:
    """The right to this topic is gone, or was never there: nothing of it comes any more."""

    topic: str
    reason: str


@dataclass(frozen=True, slots=True)
class Connected:
    """`user` has id, name and role."""

    user: Mapping[str, Any]
    topics: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Waiting:
    """There is no connection; the next attempt is in so many seconds."""

    seconds: float
    why: str


@dataclass(frozen=True, slots=True)
class Present:
    """Who is watching this topic now, each with id, name and role. It has no number and is never replayed."""

    topic: str
    people: tuple[Mapping[str, Any], ...]


Item = Event | Reset | Revoked
State = Connected | Waiting


# -- tokens -----------------------------------------------------------------------------------------------


class Tokens(Protocol):
    async def access(self, *, refused: str | None = None) -> str:
        """An access token, another than the refused one. Raises SignedOut or Unreachable."""


class Session:
    """A session over HTTP: an access token for minutes, and a refresh token that works once.

    Nobody else may use the same refresh token. Several streams may share one `Session`.
    """

    def __init__(self, url: str, *, access: str, refresh: str) -> None:
        self._url = url.rstrip("/")
        self._access = access
        self._refresh = refresh
        self._renewal: asyncio.Task[None] | None = None

    @classmethod
    async def sign_in(cls, url: str, username: str, password: str) -> Self:
        """Raises SignedOut for wrong credentials, Unreachable where nobody answers."""
        credentials = {"username": username, "password": password}
        tokens = await asyncio.to_thread(_post, url.rstrip("/") + "/api/auth/login/", credentials)
        return cls(url, access=tokens["access"], refresh=tokens["refresh"])

    async def sign_out(self) -> None:
        await asyncio.to_thread(_post, self._url + "/api/auth/logout/", {}, self._access)

    async def access(self, *, refused: str | None = None) -> str:
        if refused == self._access:
            if self._renewal is None:
                self._renewal = asyncio.create_task(self._renew())
                self._renewal.add_done_callback(self._renewed)
            # Whoever waits may give up; an answer with the only good token must not be lost with them.
            await asyncio.shield(self._renewal)
        return self._access

    async def _renew(self) -> None:
        address = self._url + "/api/auth/refresh/"
        tokens = await asyncio.to_thread(_post, address, {"refresh": self._refresh})
        self._access, self._refresh = tokens["access"], tokens["refresh"]

    def _renewed(self, renewal: asyncio.Task[None]) -> None:
        self._renewal = None
        if not renewal.cancelled():
            renewal.exception()  # seen: whoever still waits raises it


def _post(address: str, body: Mapping[str, Any], access: str | None = None) -> Any:
    headers = {"Content-Type": "application/json", "User-Agent": "clinic-client"}
    if access is not None:
        headers["Authorization"] = f"Bearer {access}"
    request = urllib.request.Request(address, json.dumps(body).encode(), headers)  # noqa: S310
    proxies = urllib.request.ProxyHandler({} if _is_here(address) else None)
    try:
        with urllib.request.build_opener(proxies).open(request, timeout=HTTP_SECONDS) as answer:
            content = answer.read()
            return json.loads(content) if content else None
    except urllib.error.HTTPError as refusal:
        with refusal:
            raise _refused(refusal.code, refusal.read()) from None
    except (OSError, HTTPException, ValueError) as error:
        raise Unreachable(_in_words(error)) from error


def _refused(status: int, content: bytes) -> Exception:
    if status not in (401, 403):
        return Unreachable(f"it answers {status}")
    try:
        return SignedOut(str(json.loads(content)["detail"]))
    except (ValueError, KeyError, TypeError):
        return SignedOut(f"it answers {status}")


# -- the stream -------------------------------------------------------------------------------------------


def watch(
    url: str,
    tokens: Tokens,
    topics: Collection[str] | None = None,
    *,
    since: Mapping[str, Position] | None = None,
    kept: Path | None = None,
    on_state: Callable[[State], None] | None = None,
    on_present: Callable[[Present], None] | None = None,
) -> "Stream":
    """What happens in these topics, or in those that this person normally watches.

    `url` is that of the service, `http://…` or `https://…`. It begins after the numbers in the file `kept`
    and those in `since`, which go before; a topic without a number begins now, with a Reset. The file
    is written after each item, and belongs to one stream at a time. Who watches a record beside you is told
    to `on_present` as soon as it is heard, and not known any more while there is no connection.

    Raises ValueError for a file that holds no numbers and OSError for one that cannot be kept; while
    iterating, SignedOut and Stopped.
    """
    return Stream(url, tokens, topics, _Numbers(kept, since or {}), on_state, on_present)


class Stream:
    """An asynchronous iterator of events, resets and revocations. It connects again for ever.

    An item counts as handled, and its number as reached, when the next one is asked for, or when
    `async with` ends without an exception. What was not handled comes again from the kept numbers.
    """

    def __init__(
        self,
        url: str,
        tokens: Tokens,
        topics: Collection[str] | None,
        numbers: "_Numbers",
        on_state: Callable[[State], None] | None,
        on_present: Callable[[Present], None] | None,
    ) -> None:
        self._address = _socket_address(url)
        self._tokens = tokens
        self._numbers = numbers
        self._tell = on_state or (lambda state: None)
        self._show = on_present or (lambda present: None)
        self._inbox = _Inbox(
            None if topics is None else list(dict.fromkeys(topics)), dict(numbers.places)
        )
        self._reader: asyncio.Task[None] | None = None
        self._handed: Item | None = None
        self._end: Exception | None = None
        self._token: str | None = None
        self._refused: str | None = None
        self._failures = 0
        self._renewed_for_close = False

    @property
    def numbers(self) -> Mapping[str, Position]:
        """What has been handled so far."""
        return dict(self._numbers.places)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, failure: type[BaseException] | None, *_: object) -> None:
        if failure is None:
            self.done()
        await self.aclose()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Item:
        self.done()
        if self._end is not None:
            raise self._end
        if self._reader is None:
            self._reader = asyncio.create_task(self._run())
        item = await self._inbox.items.get()
        if isinstance(item, Exception):
            self._end = item
            raise item
        self._handed = item
        return item

    def done(self) -> None:
        """The item that was handed out last has been handled."""
        item, self._handed = self._handed, None
        if isinstance(item, Event | Reset):
            self._numbers.keep(item.topic, Position(item.seq, item.epoch))

    async def aclose(self) -> None:
        self._end = self._end or StopAsyncIteration()
        with suppress(asyncio.QueueFull):  # then nobody waits for an item
            self._inbox.items.put_nowait(self._end)
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.wait([self._reader])

    # -- connecting, again and again ------------------------------------------------------------------

    async def _run(self) -> None:
        try:
            while True:
                seconds, why = await self._attempt()
                self._tell(Waiting(seconds, why))
                await asyncio.sleep(seconds)
        except _NothingLeft:
            await self._inbox.items.put(StopAsyncIteration())
        except Exception as end:  # noqa: BLE001 (raised where the items are asked for)
            await self._inbox.items.put(end)

    async def _attempt(self) -> tuple[float, str]:
        """One connection from beginning to end: in how many seconds to try again, and why it ended."""
        try:
            self._token = await self._tokens.access(refused=self._refused)
            async with connect(
                self._address,
                subprotocols=[PROTOCOL],
                proxy=None if _is_here(self._address) else True,
                open_timeout=HANDSHAKE_SECONDS,
                close_timeout=CLOSE_SECONDS,
                ping_interval=None,  # the protocol has heartbeats of its own
            ) as socket:
                await _Connection(
                    socket, self._token, self._inbox, self._renew, self._live, self._show
                ).run()
        except (Unreachable, OSError, InvalidHandshake, TimeoutError) as error:
            return self._backoff(), _in_words(error)
        except _Ended as end:
            return self._after(end), end.why
        raise AssertionError("a connection ends with an exception")

    def _live(self, reply: Frame) -> None:
        self._failures = 0
        self._renewed_for_close = False
        self._refused = None
        self._tell(Connected(reply["user"], tuple(self._inbox.topics or reply["topics"])))

    async def _renew(self) -> str:
        self._token = await self._tokens.access(refused=self._token)
        return self._token

    def _after(self, end: "_Ended") -> float:
        if end.reconnect == "no" or end.status in STOPPING:
            raise Stopped(end.status, end.why)
        if end.status == UNAUTHENTICATED:
            self._refused = self._token
            if not self._renewed_for_close:
                self._renewed_for_close = True
                return 0.0
        if end.reconnect_in_ms is None:
            return self._backoff()
        asked = end.reconnect_in_ms / 1000
        # Who goes away names a window for everybody: spread over it. Who is busy names a moment: come after it.
        if end.status == GOING_AWAY:
            return random.random() * asked  # noqa: S311 (jitter)
        return asked + random.random() * BACKOFF_FIRST_SECONDS  # noqa: S311

    def _backoff(self) -> float:
        """Full jitter between half a second and a cap that doubles up to thirty."""
        cap = min(BACKOFF_MOST_SECONDS, BACKOFF_FIRST_SECONDS * 2 ** (1 + min(self._failures, 10)))
        self._failures += 1
        return random.uniform(BACKOFF_FIRST_SECONDS, cap)  # noqa: S311


class _NothingLeft(Exception):
    """No topic is left to be watched."""


class _Ended(Exception):
    """The connection is over. `reconnect` and `reconnect_in_ms` are what the service said before."""

    def __init__(self, status: int, why: str, goodbye: Frame) -> None:
        self.status = status
        self.why = str(goodbye.get("message") or why)
        self.reconnect = goodbye.get("reconnect")
        self.reconnect_in_ms: float | None = goodbye.get("reconnect_in_ms")
        super().__init__(self.why)


class _Inbox:
    """What was received, across connections: the items for the caller, and how far each topic is.

    `topics` are the named ones that are still to be watched; None means whatever the service says.
    """

    def __init__(self, topics: list[str] | None, places: dict[str, Position]) -> None:
        self.topics = topics
        self.places = places
        self.items: asyncio.Queue[Item | Exception] = asyncio.Queue(WAITING_ITEMS)
        self._reasons: dict[str, str] = {}

    def forget(self, topic: str, reason: str) -> None:
        """The number is worth nothing any more; the caller learns why, once it is watched anew."""
        self.places.pop(topic, None)
        self._reasons[topic] = reason

    async def begin(self, topic: str, place: Position) -> None:
        self.places[topic] = place
        reason = self._reasons.pop(topic, "fresh")
        await self.items.put(Reset(topic, reason, place.seq, place.epoch))

    async def take(self, frame: Frame) -> bool:
        """Hand on the next event of its topic; whether it was next, or one that came before."""
        topic, seq = frame["topic"], frame["seq"]
        place = self.places[topic]
        if seq == place.seq + 1:
            event = Event(
                topic, seq, place.epoch, frame["id"], frame["type"],
                datetime.fromisoformat(frame["at"]), frame["data"], frame,
            )  # fmt: skip
            self.places[topic] = Position(seq, place.epoch)
            await self.items.put(event)
        return bool(seq <= place.seq + 1)

    async def lose(self, topic: str, reason: str) -> None:
        await self.items.put(Revoked(topic, reason))
        if self.topics is not None:
            self.topics = [other for other in self.topics if other != topic]
            if not self.topics:
                raise _NothingLeft


class _Connection:
    """One socket from its sign-in to its end."""

    def __init__(
        self,
        socket: ClientConnection,
        token: str,
        inbox: _Inbox,
        renew: Callable[[], Awaitable[str]],
        live: Callable[[Frame], None],
        show: Callable[[Present], None],
    ) -> None:
        self._socket = socket
        self._token = token
        self._inbox = inbox
        self._renew = renew
        self._live = live
        self._show = show
        self._now = asyncio.get_running_loop().time
        self._ids = itertools.count(1)
        self._auth = 0
        self._watches: dict[int, str] = {}
        self._watched: set[str] = set()
        self._to_ask: asyncio.Queue[str] = asyncio.Queue()
        self._asked_for: set[str] = set()
        self._behind: dict[str, int] = {}
        self._unacked: dict[str, int] = {}
        self._unacked_events = 0
        self._ack_at = math.inf
        self._silence = HANDSHAKE_SECONDS
        self._alive_until = self._now() + HANDSHAKE_SECONDS
        self._goodbye: Frame = {}
        self._is_live = False
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Never returns: raises _Ended, or _NothingLeft."""
        try:
            await self._authenticate(self._token)
            self._tasks["ask"] = asyncio.create_task(self._ask())
            while True:
                await self._take(await self._next_frame())
                # Counted from here: the caller may have kept us waiting.
                self._alive_until = self._now() + self._silence
        except ConnectionClosed as closed:
            status = closed.rcvd.code if closed.rcvd else 1006
            raise _Ended(status, "the connection was lost", self._goodbye) from None
        except (KeyError, TypeError, ValueError, AttributeError):
            raise _Ended(1002, "it does not speak clinic.v1", self._goodbye) from None
        finally:
            for task in self._tasks.values():
                task.cancel()

    # -- what is said ---------------------------------------------------------------------------------

    async def _command(self, op: str, **fields: Any) -> int:
        number = next(self._ids)
        await self._say({"id": number, "op": op, **fields})
        return number

    async def _say(self, frame: Frame) -> None:
        # That the other side is gone is for the reader to find: its last words come before its end.
        with suppress(ConnectionClosed):
            await self._socket.send(json.dumps(frame))

    async def _authenticate(self, token: str) -> None:
        self._auth = await self._command("auth", token=token)

    async def _ask(self) -> None:
        """Watch one topic after the other, no faster than the service takes commands."""
        for count in itertools.count():
            topic = await self._to_ask.get()
            place = self._inbox.places.get(topic)
            fields = {} if place is None else {"since": place.seq, "epoch": place.epoch}
            known = {name: value for name, value in fields.items() if value is not None}
            self._watches[await self._command("watch", topic=topic, **known)] = topic
            if count >= COMMANDS_AT_ONCE:
                await asyncio.sleep(COMMAND_EVERY_SECONDS)

    def _want(self, topic: str) -> None:
        if topic not in self._asked_for:
            self._asked_for.add(topic)
            self._to_ask.put_nowait(topic)

    async def _acknowledge(self) -> None:
        topics, self._unacked = self._unacked, {}
        self._unacked_events, self._ack_at = 0, math.inf
        await self._say({"op": "ack", "topics": topics})

    async def _renew_until_done(self) -> None:
        with suppress(SignedOut):  # the service closes when the token has expired
            while True:
                try:
                    await self._authenticate(await self._renew())
                    return
                except Unreachable:
                    await asyncio.sleep(RENEW_AGAIN_SECONDS)

    # -- what is heard --------------------------------------------------------------------------------

    async def _next_frame(self) -> Any:
        while True:
            if self._unacked_events >= ACK_EVERY_EVENTS or self._now() >= self._ack_at:
                await self._acknowledge()
            try:
                async with asyncio.timeout_at(min(self._alive_until, self._ack_at)):
                    return json.loads(await self._socket.recv())
            except TimeoutError:
                if self._now() >= self._alive_until:
                    self._socket.transport.abort()  # nobody is there to shake hands with
                    raise _Ended(1006, "nothing was heard for too long", {}) from None

    async def _take(self, frame: Any) -> None:
        if "re" in frame:
            await self._replied(frame)
            return
        match frame["op"]:
            case "welcome":
                self._silence = frame["heartbeat_s"] * SILENT_HEARTBEATS
            case "event":
                await self._event(frame)
            case "reset":
                self._start_over(frame["topic"], frame["reason"])
            case "revoked":
                self._watched.discard(frame["topic"])
                await self._inbox.lose(frame["topic"], frame["reason"])
            case "presence":
                self._show(Present(frame["topic"], tuple(frame["watching"])))
            case "hb":
                self._compare(frame["heads"])
            case "auth.expiring":
                if "renew" not in self._tasks or self._tasks["renew"].done():
                    self._tasks["renew"] = asyncio.create_task(self._renew_until_done())
            case "error":
                self._goodbye = frame

    async def _replied(self, frame: Any) -> None:
        number = frame["re"]
        if number in self._watches:
            await self._watching(self._watches.pop(number), frame)
        elif number == self._auth and frame["ok"]:
            if not self._is_live:
                self._is_live = True
                self._live(frame)
            for topic in frame["topics"] if self._inbox.topics is None else self._inbox.topics:
                if topic not in self._watched:
                    self._want(topic)

    async def _watching(self, topic: str, reply: Any) -> None:
        self._asked_for.discard(topic)
        if not reply["ok"]:
            await self._not_watching(topic, reply["error"])
        elif reply["mode"] == "reset":
            self._start_over(topic, reply["reason"])
        else:
            self._watched.add(topic)
            self._behind.pop(topic, None)
            place = self._inbox.places.get(topic)
            if place is None:
                await self._inbox.begin(topic, Position(reply["head"], reply["epoch"]))
            else:
                self._inbox.places[topic] = Position(place.seq, reply["epoch"])

    async def _not_watching(self, topic: str, error: Any) -> None:
        self._watched.discard(topic)
        if not error["retryable"]:
            await self._inbox.lose(topic, error["code"])
            return
        wait = error.get("retry_after_ms", 0) / 1000 + random.random()  # noqa: S311 (jitter)
        asyncio.get_running_loop().call_later(wait, self._want, topic)

    async def _event(self, frame: Any) -> None:
        topic = frame["topic"]
        if topic not in self._watched:
            return
        self._unacked[topic] = frame["seq"]
        self._unacked_events += 1
        self._ack_at = min(self._ack_at, self._now() + ACK_EVERY_SECONDS)
        self._behind.pop(topic, None)
        if not await self._inbox.take(frame):
            self._want(topic)  # from our own number on

    def _start_over(self, topic: str, reason: str) -> None:
        self._watched.discard(topic)
        self._inbox.forget(topic, reason)
        self._want(topic)

    def _compare(self, heads: Mapping[str, int]) -> None:
        """Twice behind in a row is no coincidence: watch again."""
        for topic, head in heads.items():
            place = self._inbox.places.get(topic)
            if topic not in self._watched or place is None or head <= place.seq:
                self._behind.pop(topic, None)
            elif self._behind.setdefault(topic, 0):
                self._want(topic)
            else:
                self._behind[topic] = 1


# -- the numbers ------------------------------------------------------------------------------------------


class _Numbers:
    """How far the caller is in each topic; in a file, when one is named."""

    def __init__(self, path: Path | None, given: Mapping[str, Position]) -> None:
        self._path = path
        self.places = {**_read(path), **given}
        self._write()  # what cannot be written is said before anything is watched

    def keep(self, topic: str, place: Position) -> None:
        self.places[topic] = place
        self._write()

    def _write(self) -> None:
        if self._path is None:
            return
        text = json.dumps({name: asdict(each) for name, each in self.places.items()})
        # Put in place whole: whoever is killed here leaves the one from before.
        new = self._path.with_name(self._path.name + ".new")
        new.write_text(text + "\n")
        new.replace(self._path)


def _read(path: Path | None) -> dict[str, Position]:
    if path is None or not path.exists():
        return {}
    try:
        kept = json.loads(path.read_text())
        return {topic: _position(**place) for topic, place in kept.items()}
    except (ValueError, TypeError, AttributeError):
        raise ValueError(f"{path} does not hold the numbers of topics") from None


def _position(seq: int, epoch: str | None = None) -> Position:
    if type(seq) is not int or not isinstance(epoch, str | None):
        raise ValueError("no position")
    return Position(seq, epoch)


# -- addresses and words ----------------------------------------------------------------------------------


def _socket_address(url: str) -> str:
    scheme, host = urlsplit(url).scheme, urlsplit(url).netloc
    if scheme not in ("http", "https") or not host:
        raise ValueError(f"{url!r} is not an address like http://127.0.0.1:8000")
    return f"{scheme.replace('http', 'ws')}://{host}{urlsplit(url).path.rstrip('/')}/ws/"


def _is_here(address: str) -> bool:
    """No proxy of the environment leads to this very machine."""
    return urlsplit(address).hostname in LOOPBACK


def _in_words(error: BaseException) -> str:
    if isinstance(error, urllib.error.URLError) and isinstance(error.reason, OSError):
        error = error.reason
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno).lower()
    return str(error) or ("it does not answer" if isinstance(error, TimeoutError) else repr(error))
