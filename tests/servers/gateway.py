"""An SMS gateway that keeps what it is given and answers what a test wants."""

import http.server
import json
import threading
from typing import Any


class Gateway:
    """Listens on 127.0.0.1; `status` and `headers` are what it answers."""

    def __init__(self) -> None:
        self.received: list[dict[str, Any]] = []
        self.asked: list[dict[str, str]] = []
        self.status = 202
        self.headers: dict[str, str] = {}
        self._server = _Server(("127.0.0.1", 0), _Request)
        self._server.gateway = self
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/sms?from=clinic"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    gateway: Gateway


class _Request(http.server.BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        gateway = self.server.gateway
        body = self.rfile.read(int(self.headers["Content-Length"]))
        gateway.asked.append({"path": self.path, **{k.lower(): v for k, v in self.headers.items()}})
        gateway.received.append(json.loads(body))
        self.send_response(gateway.status)
        for name, value in gateway.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass
