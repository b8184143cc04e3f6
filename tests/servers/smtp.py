"""A mail server that keeps what it is given, refuses whom a test names, and stalls where a test says."""

import email
import email.policy
import socketserver
import threading
from email.message import EmailMessage
from typing import Literal

Moment = Literal["greeting", "accepted"]


class Smtp:
    """Listens on 127.0.0.1. `stall("accepted")`: a mail is kept, and its sender never told so."""

    def __init__(self) -> None:
        self.received: list[EmailMessage] = []
        self.refused: set[str] = set()
        self.stalled = threading.Event()
        self._stall_at: Moment | None = None
        self._going_on = threading.Event()
        self._going_on.set()
        self._server = _Server(("127.0.0.1", 0), _Talk)
        self._server.sink = self
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self._server.server_address[1]}"

    def stall(self, at: Moment) -> None:
        """From now on senders wait there, until `go_on`."""
        self._stall_at = at
        self.stalled.clear()
        self._going_on.clear()

    def go_on(self) -> None:
        self._stall_at = None
        self._going_on.set()

    def close(self) -> None:
        self.go_on()
        self._server.shutdown()
        self._server.server_close()

    def reached(self, moment: Moment) -> None:
        if moment == self._stall_at:
            self.stalled.set()
            self._going_on.wait(60)


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    sink: Smtp


class _Talk(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        try:
            self.talk(self.server.sink)
        except OSError:
            """The sender was killed."""

    def talk(self, sink: Smtp) -> None:
        sink.reached("greeting")
        self.say(220, "here")
        while line := self.rfile.readline().decode().strip():
            verb = line.split()[0].upper()
            if verb == "RCPT" and any(address in line for address in sink.refused):
                self.say(550, f"nobody here is called {line}")
            elif verb == "DATA":
                self.say(354, "go on")
                sink.received.append(self.message())
                sink.reached("accepted")
                self.say(250, "kept")
            elif verb == "QUIT":
                return self.say(221, "bye")
            else:
                self.say(250, "yes")
        return None

    def message(self) -> EmailMessage:
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        return email.message_from_bytes(b"".join(lines), policy=email.policy.default)

    def say(self, code: int, words: str) -> None:
        self.wfile.write(f"{code} {words}\r\n".encode())
