"""The web server: daphne, with limits on what it takes in, and an orderly end."""
# ruff: noqa: N802  (methods with Twisted's names)

import asyncio
import math
import re
import time
import uuid
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import unquote
from weakref import WeakSet

import structlog
from daphne.http_protocol import HTTPFactory, WebRequest  # type: ignore[import-untyped]
from daphne.server import Server as Daphne  # type: ignore[import-untyped]
from daphne.ws_protocol import (  # type: ignore[import-untyped]
    WebSocketFactory,
    WebSocketProtocol,
)
from django.conf import settings
from twisted.internet import reactor as _reactor
from twisted.logger import LogPublisher, globalLogBeginner
from twisted.web import http

from clinic import metrics
from realtime import departure
from realtime.frames import text_in
from realtime.limits import Bucket
from realtime.problems import HEADERS, PROBLEM, problem
from realtime.wire import WIRE, Listener

log = structlog.get_logger(__name__)
reactor: Any = _reactor  # a module to type checkers, which becomes an object when it is chosen
BACKLOG: Final = 4096
SOCKET_CONNECT_SECONDS: Final = 5
# A request may be on its way on a connection that was used, or made, so short a time ago.
QUIET_SECONDS: Final = 0.5
_HTTPChannel: Any = http.HTTPChannel  # half of it is typed, and wrongly
# Every connection is looked at once in a round, for what is overdue on it.
ROUND_SECONDS: Final = 1.0
LOOK_SECONDS: Final = 0.05
# How long a refused client is listened to: one that is cut off while it sends never reads why.
LINGER_SECONDS: Final = 2


@dataclass(frozen=True, slots=True)
class Refusal:
    status: int
    code: str
    detail: str

    def body(self, request_id: str) -> bytes:
        return problem(self.status, self.code, self.detail, request_id).encode()

    def answer(self) -> bytes:
        """A whole answer on the wire, the last one of its connection."""
        request_id = str(uuid.uuid4())
        body = self.body(request_id)
        headers = [
            *HEADERS,
            (b"content-type", PROBLEM),
            (b"content-length", b"%d" % len(body)),
            (b"x-request-id", request_id.encode()),
            (b"connection", b"close"),
        ]
        first = b"HTTP/1.1 %d %s" % (self.status, HTTPStatus(self.status).phrase.encode())
        return b"\r\n".join([first, *(b": ".join(pair) for pair in headers), b"", body])


MALFORMED: Final = Refusal(400, "bad_request", "The request cannot be understood.")
TOO_SLOW: Final = Refusal(408, "request_timeout", "The request did not arrive in time.")
TOO_LARGE: Final = Refusal(413, "body_too_large", "The body is larger than is taken here.")


def body_limit(path: bytes) -> int:
    """How many bytes a request to this path may bring: what no pattern names may bring none."""
    text = unquote(path.partition(b"?")[0].decode("latin-1"))
    limits = settings.REQUEST_BODY_LIMITS.items()
    return next((limit for pattern, limit in limits if re.match(pattern, text)), 0)


class Channel(_HTTPChannel):  # type: ignore[misc]
    """One connection. What arrives on it is limited in size and in time, before anything is stored."""

    MAX_LENGTH = settings.REQUEST_HEAD_MAX_BYTES
    totalHeadersSize = settings.REQUEST_HEAD_MAX_BYTES  # noqa: N815  (Twisted's name)

    def __init__(self) -> None:
        super().__init__()
        self._refused = False
        self._reading = True
        self._patience: float = settings.REQUEST_HEAD_SECONDS
        self._deadline: Any = None
        self._room = 0
        self._used_at = 0.0

    # -- Twisted tells what arrives ---------------------------------------------------------------

    def connectionMade(self) -> None:
        super().connectionMade()
        self._used_at = reactor.seconds()
        self.factory.server.transports.add(self.transport)

    def dataReceived(self, data: bytes) -> None:
        if self._refused:
            return
        super().dataReceived(data)
        # What came in one piece needs no clock.
        if self._reading and self._deadline is None:
            self._deadline = reactor.callLater(self._patience, self.refuse, TOO_SLOW)

    def lineReceived(self, line: bytes) -> None:
        if not self._refused:
            super().lineReceived(line)

    def rawDataReceived(self, data: bytes) -> None:
        if not self._refused:
            super().rawDataReceived(data)

    def lineLengthExceeded(self, line: bytes) -> None:
        self.refuse(MALFORMED)

    def allHeadersReceived(self) -> None:
        self._stop_clock()
        self._patience = settings.REQUEST_BODY_SECONDS
        self._room = body_limit(self._path)
        if self.length is not None and self.length > self._room:
            self.refuse(TOO_LARGE)
        else:
            super().allHeadersReceived()

    def has_room_for(self, count: int) -> bool:
        """Count so many bytes of a body. Those of a chunked one are known only as they come."""
        self._room -= count
        if self._room < 0:
            self.refuse(TOO_LARGE)
        return not self._refused

    def allContentReceived(self) -> None:
        if self._refused:
            return
        self._stop_clock()
        self._reading = False
        super().allContentReceived()

    def requestDone(self, request: Any) -> None:
        self._reading = True
        self._patience = settings.REQUEST_HEAD_SECONDS
        self._used_at = reactor.seconds()
        super().requestDone(request)

    def connectionLost(self, reason: Any) -> None:
        self._stop_clock()
        super().connectionLost(reason)

    # -- endings ----------------------------------------------------------------------------------

    def refuse(self, refusal: Refusal) -> None:
        """Say why, hear nothing more, and let go of the connection when that can have been read."""
        if self._refused:
            return
        self._refused = True
        self._stop_clock()
        self.setTimeout(None)
        metrics.REFUSED_EARLY.labels(refusal.code).inc()
        log.info("request_refused", code=refusal.code)
        self.transport.write(refusal.answer())
        self.transport.loseWriteConnection()
        self._deadline = reactor.callLater(LINGER_SECONDS, self.transport.abortConnection)

    def _respondToBadRequestAndDisconnect(self) -> None:
        self.refuse(MALFORMED)

    def close_if_quiet(self) -> None:
        nothing_begun = not self.requests and self._deadline is None
        if nothing_begun and reactor.seconds() - self._used_at > QUIET_SECONDS:
            self.loseConnection()

    def _stop_clock(self) -> None:
        deadline, self._deadline = self._deadline, None
        if deadline is not None and deadline.active():
            deadline.cancel()


class Request(WebRequest):  # type: ignore[misc]
    def __init__(self, *args: Any) -> None:
        # Forms are Django's to read; Twisted would do so before any limit of Django's.
        super().__init__(*args, parsePOSTFormSubmission=False)

    def handleContentChunk(self, data: bytes) -> None:
        if self.channel.has_room_for(len(data)):
            super().handleContentChunk(data)

    def handle_reply(self, message: dict[str, Any]) -> None:
        starts = message["type"] == "http.response.start"
        if starts and departure.here.announced and self.channel is not None:
            # A proxy keeps connections: it must not send its next request on one that is about to go.
            self.channel.persistent = False
            self.responseHeaders.setRawHeaders(b"Connection", [b"close"])
        if self.method == b"HEAD":
            # daphne sends what comes after the first piece of a body: the next answer's beginning, to a client.
            message = {**message, "body": b""}
        super().handle_reply(message)

    def basic_error(self, status: int, status_text: bytes, body: str) -> None:
        """What daphne refuses by itself, in words of ours."""
        code, detail = (
            ("bad_request", MALFORMED.detail)
            if status < 500
            else ("error", "This is our mistake; it has been logged.")
        )
        request_id = str(uuid.uuid4())
        headers = [*HEADERS, (b"content-type", PROBLEM), (b"x-request-id", request_id.encode())]
        self.handle_reply({"type": "http.response.start", "status": status, "headers": headers})
        text = problem(status, code, detail, request_id)
        self.handle_reply({"type": "http.response.body", "body": text.encode()})


class Factory(HTTPFactory):  # type: ignore[misc]
    protocol = Channel

    def __init__(self, server: "Server") -> None:
        super().__init__(server)
        self.timeOut = settings.KEEP_ALIVE_SECONDS

    def buildProtocol(self, addr: Any) -> Any:
        channel = super().buildProtocol(addr)
        channel.requestFactory = Request
        return channel


class SocketProtocol(WebSocketProtocol):  # type: ignore[misc]
    """The wire of one socket (realtime/wire.py).

    Each frame that comes is counted before it is looked at: pieces, pings and messages alike, for the
    smallest ones are the dearest. Whoever does not read what we write is not read from, either.
    """

    def connectionMade(self) -> None:
        super().connectionMade()
        self._listener: Listener | None = None
        self._frames = Bucket(
            burst=settings.SOCKET_WIRE_FRAMES,
            rate=settings.SOCKET_WIRE_FRAMES_PER_SECOND,
            clock=reactor.seconds,
        )
        self._flooded = False
        # The HTTP channel, which had this connection before, would not hear of a full buffer.
        self.transport.unregisterProducer()
        self.transport.registerProducer(self, True)

    def report_to(self, listener: Listener) -> None:
        self._listener = listener

    # -- what comes -------------------------------------------------------------------------------

    def dataReceived(self, data: bytes) -> None:
        # Not through the adapter's own, which makes words for a log that nobody keeps, at every frame.
        if not self._flooded and not self._has_read(data):
            self._dataReceived(data)

    def _has_read(self, data: bytes) -> bool:
        """Take what is one whole short text, if nothing was begun before; everything else is autobahn's."""
        if self.state != self.STATE_OPEN or self.data or self.inside_message or self.current_frame:
            return False
        text = text_in(data)
        if text is None or not self._frames.take():
            return False
        if not self.muted:
            self.last_ping = time.time()
            if self._listener is None or not self._listener.takes(text):
                self.application_queue.put_nowait({"type": "websocket.receive", "text": text})
        return True

    def onFrameBegin(self) -> None:
        if self._frames.take():
            super().onFrameBegin()
            return
        self._flooded = True
        self.data, self.current_frame = b"", None
        if self._listener is not None and self.state == self.STATE_OPEN:
            self._listener.wire_is_flooded()
        else:
            self.dropConnection(abort=True)

    # -- what goes out (Twisted calls both, by its buffer of 64 KiB) --------------------------------

    def pauseProducing(self) -> None:
        self.transport.pauseProducing()
        if self._listener is not None:
            self._listener.wire_is_full()

    def resumeProducing(self) -> None:
        self.transport.resumeProducing()
        if self._listener is not None:
            self._listener.wire_is_free()

    def stopProducing(self) -> None:
        """The connection is lost, which we are told in other words."""

    def write_ready(self, frame: bytes) -> None:
        """Send a frame that is encoded already: to a thousand sockets the same bytes.

        Past the work that autobahn does for each message, and, while nothing is waiting to be written,
        past a round of the event loop. What the network does not take is Twisted's to send, in order.
        """
        if self.state != self.STATE_OPEN or self.muted:
            return
        self._frames.give()  # an acknowledgement of it may come
        transport = self.transport
        if self.send_queue or transport.dataBuffer or transport._tempDataBuffer:
            self.sendData(frame)
            return
        taken = transport.writeSomeData(frame)
        # An error shows again, and is dealt with, when Twisted writes.
        taken = taken if isinstance(taken, int) and taken > 0 else 0
        if taken < len(frame):
            self.sendData(frame[taken:])


class SocketFactory(WebSocketFactory):  # type: ignore[misc]
    protocol = SocketProtocol


class Server(Daphne):  # type: ignore[misc]
    """daphne on one address: `listen`, then `run`."""

    def __init__(self, application: Any, *, host: str, port: int) -> None:
        super().__init__(
            application,
            endpoints=[f"{host} {port}"],  # daphne wants one; `run` opens it
            websocket_connect_timeout=SOCKET_CONNECT_SECONDS,
            websocket_handshake_timeout=SOCKET_CONNECT_SECONDS,
            websocket_max_message_size=settings.SOCKET_MESSAGE_MAX_BYTES,
            websocket_max_frame_size=settings.SOCKET_MESSAGE_MAX_BYTES,
            # By default it closes with 1000 after a day, and to a client 1000 means: stay closed.
            websocket_timeout=-1,
            verbosity=0,
            server_name="",
        )
        self._address = host, port
        self.connections: dict[Any, dict[str, Any]] = {}
        self._to_look_at: list[Any] = []
        self._at_once = 0
        self.transports: WeakSet[Any] = WeakSet()
        """Every connection, whatever is spoken on it; those that have ended may linger here."""

    def listen(self) -> None:
        """Open the address. Raises CannotListenError where it is taken."""
        self.http_factory = Factory(self)
        self.ws_factory = SocketFactory(self, server=self.server_name)
        self.ws_factory.setProtocolOptions(
            autoPingTimeout=self.ping_timeout,
            allowNullOrigin=True,
            openHandshakeTimeout=self.websocket_handshake_timeout,
            maxMessagePayloadSize=self.websocket_max_message_size,
            maxFramePayloadSize=self.websocket_max_frame_size,
            failByDrop=False,  # a client that breaks a rule is told which: 1002, 1007, 1009
        )
        nobody: list[Any] = [LogPublisher()]
        globalLogBeginner.beginLoggingTo(nobody, redirectStandardIO=False, discardBuffer=True)
        host, port = self._address
        self._port = reactor.listenTCP(port, self.http_factory, backlog=BACKLOG, interface=host)
        asyncio.set_event_loop(reactor._asyncioEventloop)

    def create_application(self, protocol: Any, scope: dict[str, Any]) -> Any:
        if scope["type"] == "websocket":
            scope["extensions"] = {WIRE: protocol}
        return super().create_application(protocol, scope)

    def run(self) -> None:
        """Serve until the reactor is stopped."""
        reactor.callLater(LOOK_SECONDS, self.look_around)
        reactor.run(installSignalHandlers=False)

    def look_around(self) -> None:
        """Look at a few connections at a time: at a thousand in one go, every frame would wait.

        Instead of daphne's two checkers.
        """
        if not self._to_look_at:
            self._to_look_at = list(self.connections)
            self._at_once = math.ceil(len(self._to_look_at) * LOOK_SECONDS / ROUND_SECONDS)
        for _ in range(min(self._at_once, len(self._to_look_at))):
            self._look_at(self._to_look_at.pop())
        reactor.callLater(LOOK_SECONDS, self.look_around)

    def _look_at(self, protocol: Any) -> None:
        details = self.connections.get(protocol)
        if details is None:
            return
        gone, task = details.get("disconnected"), details.get("application_instance")
        if task is not None and task.done():
            del details["application_instance"]
            error = None if task.cancelled() else task.exception()
            if error is not None:
                log.error("application_failed", exc_info=error)
                if not gone:
                    protocol.handle_exception(error)
        elif task is not None and gone and time.time() - gone > self.application_close_timeout:
            task.cancel()
        if gone and "application_instance" not in details:
            del self.connections[protocol]
        else:
            protocol.check_timeouts()

    def stop_listening(self) -> None:
        self._port.doRead()  # who has connected already is not turned away
        self._port.stopListening()

    def is_busy(self) -> bool:
        """Whether an answer is on its way, or work that was begun is not done."""
        return any(one.connected for one in self.transports) or bool(self.unfinished())

    def unfinished(self) -> list[asyncio.Future[Any]]:
        tasks = (one.get("application_instance") for one in self.connections.values())
        return [task for task in tasks if task is not None and not task.done()]

    def close_quiet_connections(self) -> None:
        for transport in list(self.transports):
            if transport.connected and isinstance(transport.protocol, Channel):
                transport.protocol.close_if_quiet()
