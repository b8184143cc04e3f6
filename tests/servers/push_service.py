"""A push service that checks every request as the standards ask, keeps it, and answers what a test wants."""

import base64
import http.client
import http.server
import re
import threading
import time
from dataclasses import dataclass, field
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

AUTHORIZATION: Final = re.compile(r"vapid t=(?P<token>[\w-]+\.[\w-]+\.[\w-]+), k=(?P<key>[\w-]+)")
DAY: Final = 24 * 3600


@dataclass(frozen=True)
class Push:
    browser: str
    headers: dict[str, str]
    key: str
    claims: dict[str, Any]


@dataclass(frozen=True)
class Answer:
    status: int = 201
    headers: dict[str, str] = field(default_factory=dict)
    trickle: bool = False
    """A header line that never ends, a byte at a time."""


class PushService:
    """Listens on 127.0.0.1. What it was sent against the rules is in `wrong`, and was answered with 400."""

    def __init__(self) -> None:
        self.pushes: list[Push] = []
        self.wrong: list[str] = []
        self.answers: dict[str, Answer] = {}
        self.closing = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _Request)
        self._server.service = self
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def endpoint(self, browser: str) -> str:
        return f"{self.origin}/send/{browser}"

    @property
    def told(self) -> list[str]:
        return [push.browser for push in self.pushes]

    def close(self) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    service: PushService


class _Request(http.server.BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        service = self.server.service
        try:
            push = self.checked(service)
        except (KeyError, ValueError, AssertionError, jwt.InvalidTokenError) as error:
            service.wrong.append(f"{type(error).__name__}: {error}")
            return self.answer(Answer(400))
        service.pushes.append(push)
        return self.answer(service.answers.get(push.browser, Answer()))

    def checked(self, service: PushService) -> Push:
        """RFC 8030, 5 (headers; no body) and RFC 8292, 2 (who we are)."""
        headers = {name.lower(): value for name, value in self.headers.items()}
        assert headers["content-length"] == "0", "a push without words has no body"
        assert not {"content-encoding", "transfer-encoding", "cookie"} & headers.keys()
        assert int(headers["ttl"]) >= 0
        assert headers["urgency"] in ("very-low", "low", "normal", "high")
        assert re.fullmatch(r"[\w-]{1,32}", headers["topic"])
        found = AUTHORIZATION.fullmatch(headers["authorization"])
        assert found, "this is no VAPID"
        point = base64.urlsafe_b64decode(found["key"] + "=")
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        options: Any = {"require": ["exp", "aud", "sub"]}
        claims = jwt.decode(
            found["token"], key, algorithms=["ES256"], audience=service.origin, options=options
        )
        assert claims["exp"] - time.time() <= DAY, "a signature holds for a day at most"
        assert re.match(r"mailto:.+@|https://.", claims["sub"]), "somebody must be reachable"
        return Push(self.path.rpartition("/")[2], headers, found["key"], claims)

    def answer(self, answer: Answer) -> None:
        self.wfile.write(
            f"HTTP/1.1 {answer.status} {http.client.responses[answer.status]}\r\n".encode()
        )
        for name, value in answer.headers.items():
            self.wfile.write(f"{name}: {value}\r\n".encode())
        if answer.trickle:
            self.wfile.write(b"X-Endless: ")
            while not self.server.service.closing.wait(0.05):
                self.wfile.write(b"x")
        self.wfile.write(b"Content-Length: 0\r\n\r\n")

    def handle(self) -> None:
        try:
            super().handle()
        except OSError:
            """Whoever asked has gone."""

    def log_message(self, format: str, *args: Any) -> None:
        pass
