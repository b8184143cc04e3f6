"""How much a client may send, and which clients count as one."""

from collections import deque
from collections.abc import Callable
from typing import Any

from django.conf import settings

from clinic.limits import request_network
from realtime.frames import Limits


def told_limits() -> Limits:
    """What `welcome` says."""
    return Limits(
        frame_bytes=settings.SOCKET_FRAME_MAX_BYTES,
        auth_bytes=settings.SOCKET_AUTH_MAX_BYTES,
        auth_seconds=settings.SOCKET_AUTH_SECONDS,
        command_burst=settings.SOCKET_COMMAND_BURST,
        commands_per_second=settings.SOCKET_COMMANDS_PER_SECOND,
        wire_frames=settings.SOCKET_WIRE_FRAMES,
        wire_frames_per_second=settings.SOCKET_WIRE_FRAMES_PER_SECOND,
        topics=settings.SOCKET_TOPICS,
        sockets_per_person=settings.SOCKETS_PER_PERSON,
        ack_window=settings.SOCKET_ACK_WINDOW,
        replay_page=settings.REPLAY_PAGE,
    )


def network_of_scope(scope: Any) -> str:
    """Where an ASGI request comes from, by the proxies that are believed."""
    said = [
        value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"
    ]
    return request_network((scope.get("client") or ("",))[0], ",".join(said))


class Bucket:
    """A token bucket: `burst` at once, `rate` per second for ever."""

    def __init__(self, *, burst: int, rate: float, clock: Callable[[], float]) -> None:
        self._burst = burst
        self._rate = rate
        self._clock = clock
        self._level = float(burst)
        self._at = clock()

    def take(self) -> bool:
        now = self._clock()
        self._level = min(self._burst, self._level + (now - self._at) * self._rate)
        self._at = now
        if self._level < 1:
            return False
        self._level -= 1
        return True

    def give(self) -> None:
        """One more than the rate gives; what is beyond the burst is lost."""
        self._level += 1


class Strikes:
    """Counts events within a sliding minute; the `limit`-th is one too many."""

    def __init__(self, *, limit: int, seconds: float, clock: Callable[[], float]) -> None:
        self._limit = limit
        self._seconds = seconds
        self._clock = clock
        self._times: deque[float] = deque(maxlen=limit)

    def strike(self) -> bool:
        """Count one; True when that was one too many."""
        now = self._clock()
        self._times.append(now)
        return len(self._times) == self._limit and now - self._times[0] <= self._seconds
