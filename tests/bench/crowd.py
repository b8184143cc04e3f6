"""Many signed-in sockets at once, as a clinic has them."""

import asyncio
import json
import random
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final

from tests.bench.wire import Refused, WebSocket

ADDRESSES: Final = 100
"""Clients come from as many addresses of 127.0.0.0/8: the server counts sockets per address."""
ACK_EVERY: Final = 64
ACK_SECONDS: Final = 1.0
ACKS_AT_ONCE: Final = 20
PATIENCE_SECONDS: Final = 60.0
ENGINE_PING, ENGINE_PONG = b"2", b"3"

EVENT: Final = re.compile(rb'\{"op":"event","topic":"([^"]+)","seq":(\d+)')

Received = Callable[[str, int, int], None]
"""Is told topic, number and moment (monotonic ns) of every event that arrives."""


class Member(WebSocket):
    """One client of a crowd: says when it is live, and counts its events."""

    def __init__(self, path: str, received: Received) -> None:
        super().__init__(path)
        self._received = received
        self.events = 0
        self.live: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def text_received(self, text: bytes, at_ns: int) -> None:
        event = EVENT.match(text)
        if event is not None:
            self.events += 1
            self.event(event[1].decode(), int(event[2]))
            self._received(event[1].decode(), int(event[2]), at_ns)
        else:
            self.answered(text)

    def event(self, topic: str, seq: int) -> None:
        """An event has come."""

    def answered(self, text: bytes) -> None:
        """Anything else has come."""

    def acknowledge(self) -> None:
        """A second has passed."""

    def is_live(self) -> None:
        if not self.live.done():
            self.live.set_result(None)

    def lost(self, why: str) -> None:
        self.closed_because = self.closed_because or why
        if not self.live.done():
            self.live.set_exception(Refused(why))
            self.live.exception()  # looked at: it may be that nobody waits for this any more
            self.abort()


class ClinicMember(Member):
    """Speaks `clinic.v1`: signs in, watches, acknowledges, and notices a number that jumps.

    `topics` are watched from these numbers on; None is from the present on.
    """

    def __init__(self, token: str, topics: Mapping[str, int | None], received: Received) -> None:
        super().__init__("/ws/", received)
        self._token = token
        self._topics = topics
        self.last: dict[str, int] = {}
        self._unacked = 0
        self._live = 0

    def answered(self, text: bytes) -> None:
        frame = json.loads(text)
        match frame:
            case {"op": "welcome"}:
                self.send({"op": "auth", "id": 0, "token": self._token})
            case {"re": 0, "ok": True}:
                for number, (topic, since) in enumerate(self._topics.items(), 1):
                    watch = {"op": "watch", "id": number, "topic": topic}
                    self.send(watch if since is None else {**watch, "since": since})
            case {"ok": True, "topic": topic, "head": head}:
                since = self._topics[topic]
                self.last[topic] = head if since is None else since
            case {"op": "live"}:
                self._live += 1
                if self._live == len(self._topics):
                    self.is_live()
            case {"op": "error", "code": code} | {"ok": False, "error": {"code": code}}:
                self.lost(code)
            case {"op": "reset" | "revoked" as op, "topic": topic}:
                self.lost(f"{op} of {topic}")

    def event(self, topic: str, seq: int) -> None:
        if seq != self.last.get(topic, -1) + 1:
            self.lost(f"{topic} jumped from {self.last.get(topic)} to {seq}")
        self.last[topic] = seq
        self._unacked += 1
        if self._unacked >= ACK_EVERY:
            self.acknowledge()

    def acknowledge(self) -> None:
        if self._unacked:
            self._unacked = 0
            self.send({"op": "ack", "topics": self.last})


class StockMember(Member):
    """A client of the comparison application: its groups stand in the address, nobody signs in."""

    def __init__(self, topics: Sequence[str], received: Received) -> None:
        super().__init__(f"/ws/?groups={','.join(topics)}", received)

    def answered(self, text: bytes) -> None:
        self.is_live()


class SocketIoMember(Member):
    """A client of the one on Socket.IO, over a websocket from the start; its rooms stand in its `auth`."""

    def __init__(self, topics: Sequence[str], received: Received) -> None:
        super().__init__("/socket.io/?EIO=4&transport=websocket", received)
        self._topics = topics

    def answered(self, text: bytes) -> None:
        """Engine.IO's type of packet comes first (open, ping, message), then Socket.IO's."""
        if text.startswith(b"0"):
            self.say(b"40" + json.dumps({"rooms": self._topics}).encode())
        elif text == ENGINE_PING:
            self.say(ENGINE_PONG)
        elif text.startswith(b'42["ready"'):
            self.is_live()


class Crowd:
    """The open sockets of a bench. Every one of them must stay open: `check` says so."""

    def __init__(self) -> None:
        self.members: list[Member] = []
        self.turned_away: Counter[str] = Counter()
        self._acking = asyncio.create_task(self._acknowledge_for_ever())

    async def join(
        self,
        makers: Sequence[Callable[[], Member]],
        port: int,
        *,
        at_once: int,
        progress: Callable[[float], None] = lambda done: None,
    ) -> float:
        """Open, sign in and watch, `at_once` of them at a time; the seconds until all are live.

        Whoever is turned away, as by a server that did not get to the sign-in in time, comes back
        after half a second to a second and a half.
        """
        began = time.monotonic()
        room = asyncio.Semaphore(at_once)
        live = 0

        async def enter(number: int, make: Callable[[], Member]) -> None:
            nonlocal live
            async with room:
                while isinstance(member := await _live_member(make, port, number), Refused):
                    self.turned_away[str(member)] += 1
                    await asyncio.sleep(random.uniform(0.5, 1.5))
                self.members.append(member)
                live += 1
                progress(live)

        await asyncio.gather(*(enter(*each) for each in enumerate(makers)))
        return time.monotonic() - began

    def check(self) -> None:
        """Raises Refused if a socket was closed, or heard what it should not have."""
        lost = [member.closed_because for member in self.members if member.closed_because]
        if lost:
            raise Refused(f"{len(lost)} of {len(self.members)} sockets: {lost[0]}")

    def leave(self) -> None:
        self._acking.cancel()
        for member in self.members:
            member.abort()

    async def _acknowledge_for_ever(self) -> None:
        """Each member once in ACK_SECONDS, spread evenly: nobody's clocks strike at once."""
        while True:
            pause = ACK_SECONDS / (len(self.members) // ACKS_AT_ONCE + 1)
            for first in range(0, len(self.members) + 1, ACKS_AT_ONCE):
                for member in self.members[first : first + ACKS_AT_ONCE]:
                    member.acknowledge()
                await asyncio.sleep(pause)


@asynccontextmanager
async def crowd() -> AsyncIterator[Crowd]:
    people = Crowd()
    try:
        yield people
    finally:
        people.leave()
        await asyncio.sleep(0.1)


async def _live_member(make: Callable[[], Member], port: int, number: int) -> Member | Refused:
    try:
        member = await _open(make, port, number)
        await asyncio.wait_for(member.live, PATIENCE_SECONDS)
    except Refused as refused:
        return refused
    return member


async def _open(make: Callable[[], Member], port: int, number: int) -> Member:
    """An open socket from one of many addresses of this machine."""
    loop = asyncio.get_running_loop()
    address = (f"127.0.1.{1 + number % ADDRESSES}", 0)
    async with asyncio.timeout(PATIENCE_SECONDS):
        _, member = await loop.create_connection(make, "127.0.0.1", port, local_addr=address)
        await member.opened
    return member
