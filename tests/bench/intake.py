"""The load client while it is measured: one epoll, no event loop, and as little per frame as can be.

It takes over the sockets that a crowd has opened. Where a burst is counted, frames of one length that come
together are counted at once; one socket in CHECKED_EVERY, and all of them where moments are noted, is read
frame by frame.
"""

import json
import os
import select
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from tests.bench.crowd import ACK_EVERY, ENGINE_PING, ENGINE_PONG, EVENT, ClinicMember, Member
from tests.bench.stage import PublisherProcess
from tests.bench.wire import PING, PONG, TEXT, Refused, client_frame, frame_at

CHECKED_EVERY: Final = 50
READ_BYTES: Final = 1 << 18
AT_ONCE: Final = 1024
PUBLISHER_SECONDS: Final = 60.0
"""A publisher ends by itself; this is for one that has died, or has rows to make on a machine that is not its own."""
ACKS_A_SECOND: Final = 50
"""So many times a second some have their turn to acknowledge: each of them once a second."""
_MARK: Final = b'{"op":"event","topic":"'
_UNWELCOME: Final = (b'{"op":"error"', b'{"op":"reset"', b'{"op":"revoked"')
_HEAD_BYTES: Final = 8
"""Of a frame: what those of one length and one kind begin with."""


@dataclass(slots=True)
class Ear:
    """One socket. `last` are the numbers it has heard, by topic."""

    fd: int
    last: dict[str, int]
    checked: bool
    rest: bytes = b""
    unacked: int = 0


@dataclass(slots=True)
class Heard:
    """What came of one wish. Moments are monotonic ns."""

    began: int
    published: int
    events: int = 0
    sent: list[tuple[str, int, int]] = field(default_factory=list)
    arrived: int = 0
    last_at: int = 0
    ended: int = 0
    moments: list[tuple[str, int, int]] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """From the first that was published to the last that arrived."""
        return max(1, self.last_at - self.began) / 1e9

    @property
    def publishing_seconds(self) -> float:
        return max(1, self.published - self.began) / 1e9

    def missing(self, per_event: int) -> int:
        """Deliveries that had not come by the end, where moments are noted."""
        sent = {(topic, seq) for topic, seq, _ in self.sent}
        return self.events * per_event - sum((topic, seq) in sent for topic, seq, _ in self.moments)

    def latency_ms(self, per_event: int) -> list[float]:
        """Of each delivery. What has not come by the end has taken at least until then."""
        sent = {(topic, seq): at for topic, seq, at in self.sent}
        left = dict.fromkeys(sent, per_event)
        came = []
        for topic, seq, at in self.moments:
            if (topic, seq) in sent:  # and no straggler of what was published before
                left[topic, seq] -= 1
                came.append((at - sent[topic, seq]) / 1e6)
        for event, count in left.items():
            came += [(self.ended - sent[event]) / 1e6] * count
        return came


class Intake:
    """Hears all sockets of a crowd, answers their pings, and acknowledges where the clinic wants that."""

    def __init__(self, members: Sequence[Member]) -> None:
        self.frame_bytes = 0
        self.jumps = 0
        """Numbers that did not follow on: elsewhere what is lost is lost."""
        self.closed = 0
        """By servers that are not ours: one of ours must close none."""
        self._epoll = select.epoll()
        self._ears: dict[int, Ear] = {}
        self._clinic = isinstance(members[0], ClinicMember)
        for number, member in enumerate(members):
            last = member.last if isinstance(member, ClinicMember) else {}
            ear = Ear(member.let_go(), last, checked=number % CHECKED_EVERY == 0)
            self._ears[ear.fd] = ear
            self._epoll.register(ear.fd, select.EPOLLIN)
        self._order = list(self._ears.values())
        self._turn_of = 0
        self._acks_at = time.monotonic()
        self._buffer = bytearray(2 * READ_BYTES)
        self._view = memoryview(self._buffer)
        self._shared: str | None = None
        self._answer = b""
        self._heard = Heard(0, 0)

    def close(self) -> None:
        self._epoll.close()

    def idle(self, seconds: float) -> None:
        """Nothing is expected; what comes anyway is taken."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self._listen()

    def drain(self, *, quiet: float, at_most: float) -> None:
        """Until nothing has come for so long."""
        until = time.monotonic() + at_most
        self._heard = Heard(0, 0, last_at=time.monotonic_ns())
        while time.monotonic() < until and time.monotonic_ns() - self._heard.last_at < quiet * 1e9:
            self._listen()

    def hear(
        self,
        publisher: PublisherProcess,
        *,
        per_event: int,
        counted: str | None = None,
        quiet: float,
        at_most: float,
        **wish: Any,
    ) -> Heard:
        """Have it published, and listen until each event has come `per_event` times.

        Or until, all published, `quiet` seconds bring nothing new, or `at_most` have gone by.
        With `counted`, the one topic that is published to, frames are counted; else the moment of each is noted.
        """
        self._shared, self._answer, self._heard = counted, b"", Heard(0, 0)
        patience = time.monotonic() + PUBLISHER_SECONDS
        self._epoll.register(publisher.answers, select.EPOLLIN)
        publisher.ask(**wish)
        while not self._answer.endswith(b"\n"):
            self._listen(publisher.answers)
            if time.monotonic() > patience:
                raise TimeoutError("the publisher does not answer")
        self._epoll.unregister(publisher.answers)
        answer = json.loads(self._answer)
        heard = self._heard
        heard.began, heard.published = answer["began"], answer["ended"]
        heard.events = answer["events"]
        heard.sent = [(topic, seq, at) for topic, seq, at in answer["sent"]]
        expected, since = per_event * heard.events, time.monotonic_ns()
        until = time.monotonic() + at_most
        while heard.arrived < expected and time.monotonic() < until:
            self._listen()
            if time.monotonic_ns() - max(since, heard.last_at) > quiet * 1e9:
                break
        self._shared = None
        heard.ended = time.monotonic_ns()
        return heard

    # -- reading -----------------------------------------------------------------------------------

    def _listen(self, answers: int = -1) -> None:
        for fd, _ in self._epoll.poll(1 / ACKS_A_SECOND, AT_ONCE):
            if fd == answers:
                said = os.read(fd, READ_BYTES)
                if not said:
                    raise Refused("the publisher has ended")
                self._answer += said
            else:
                self._take(self._ears[fd])
        if self._clinic and time.monotonic() >= self._acks_at:
            self._acknowledge_in_turn()

    def _take(self, ear: Ear) -> None:
        begin = len(ear.rest)
        self._buffer[:begin] = ear.rest
        try:
            size = begin + os.readv(ear.fd, [self._view[begin : begin + READ_BYTES]])
        except ConnectionError:
            size = begin
        if size == begin:
            self._lost(ear)
            return
        at_ns = time.monotonic_ns()
        counted = 0 if self._shared is None or ear.checked else self._count(ear, size, at_ns)
        data, offset = bytes(self._view[counted:size]), 0
        while offset < len(data) and (frame := frame_at(data, offset)) is not None:
            opcode, start, offset = frame
            self._take_frame(ear, opcode, data[start:offset], at_ns)
        ear.rest = data[offset:]

    def _count(self, ear: Ear, size: int, at_ns: int) -> int:
        """Events of one length that the buffer begins with, counted; how many bytes they have."""
        frame = frame_at(self._buffer[:_HEAD_BYTES], 0, known=size)
        if frame is None:
            return 0
        length = frame[2]
        count = size // length
        whole = count * length
        head = bytes(self._view[:_HEAD_BYTES])
        if not self._buffer.startswith(head, whole - length):
            return 0
        if self._buffer.count(_MARK, 0, whole) != count:
            return 0
        assert self._shared is not None
        ear.last[self._shared] = ear.last.get(self._shared, 0) + count
        self._came(ear, count, at_ns)
        return whole

    def _take_frame(self, ear: Ear, opcode: int, payload: bytes, at_ns: int) -> None:
        if opcode == TEXT and (event := EVENT.search(payload)) is not None:
            topic, seq = event[1].decode(), int(event[2])
            if seq != ear.last.get(topic, 0) + 1:
                self._jumped(topic, ear.last.get(topic, 0), seq)
            ear.last[topic] = seq
            self.frame_bytes = len(payload)
            if self._shared is None:
                self._heard.moments.append((topic, seq, at_ns))
            self._came(ear, 1, at_ns)
        elif opcode == TEXT and payload == ENGINE_PING:
            os.write(ear.fd, client_frame(TEXT, ENGINE_PONG))
        elif opcode == PING:
            os.write(ear.fd, client_frame(PONG, payload))
        elif self._clinic and payload.startswith(_UNWELCOME):
            raise Refused(f"a socket was told {payload[:200]!r}")

    def _lost(self, ear: Ear) -> None:
        if self._clinic:
            raise Refused("the server closed a socket")
        self.closed += 1
        self._epoll.unregister(ear.fd)

    def _jumped(self, topic: str, last: int, seq: int) -> None:
        if self._clinic:
            raise Refused(f"{topic} jumped from {last} to {seq}")
        self.jumps += 1

    def _came(self, ear: Ear, count: int, at_ns: int) -> None:
        self._heard.arrived += count
        self._heard.last_at = at_ns
        ear.unacked += count
        if self._clinic and ear.unacked >= ACK_EVERY:
            self._acknowledge(ear)

    # -- acknowledging -----------------------------------------------------------------------------

    def _acknowledge(self, ear: Ear) -> None:
        ear.unacked = 0
        said = json.dumps({"op": "ack", "topics": ear.last}, separators=(",", ":"))
        os.write(ear.fd, client_frame(TEXT, said.encode()))

    def _acknowledge_in_turn(self) -> None:
        self._acks_at = time.monotonic() + 1 / ACKS_A_SECOND
        share = len(self._order) // ACKS_A_SECOND + 1
        for ear in self._order[self._turn_of : self._turn_of + share]:
            if ear.unacked:
                self._acknowledge(ear)
        self._turn_of = (self._turn_of + share) % len(self._order)
