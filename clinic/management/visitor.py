"""One person at the clinic's API, from another program: signs in, asks, asks again while nobody answers."""

import json
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable
from http import HTTPStatus
from http.client import HTTPException
from typing import Any, Final
from urllib.parse import urlsplit

from clinic.models import Role

ANSWER_SECONDS: Final = 30.0
AGAIN_SECONDS: Final = 0.5
AGAIN_MOST_SECONDS: Final = 5.0
LATER: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


class Refused(Exception):
    """The clinic said no; `code` is the stable one of the problem."""

    def __init__(self, status: int, code: str, retry_after: str | None = None) -> None:
        self.status = status
        self.code = code
        wanted = int(retry_after) if retry_after and retry_after.isdigit() else 0
        self.wait_seconds = min(max(wanted, AGAIN_SECONDS), AGAIN_MOST_SECONDS)
        super().__init__(code)


class NobodyAnswers(Exception):
    """The clinic was away for longer than one waits."""


def is_here(url: str) -> bool:
    return urlsplit(url).hostname in LOOPBACK


class Visitor:
    """Somebody with a password. `patience` says, whenever nobody answered, how long to go on in all."""

    def __init__(
        self, url: str, username: str, password: str, patience: Callable[[], float]
    ) -> None:
        self.username = username
        self.id = 0
        self.role = ""
        self._url = url.rstrip("/")
        self._password = password
        self._patience = patience
        self._access = ""
        self._refresh = ""
        # The environment's proxies do not lead to this very machine.
        proxies = urllib.request.ProxyHandler({} if is_here(url) else None)
        self._opener = urllib.request.build_opener(proxies)

    def sign_in(self) -> None:
        """Raises Refused for wrong credentials."""
        credentials = {"username": self.username, "password": self._password}
        self._keep(self._ask("POST", "/api/auth/login/", credentials))
        me = self.get("/api/users/me/")["user"]
        self.id, self.role = me["id"], Role(me["role"])

    def sign_out(self) -> None:
        self.post("/api/auth/logout/")

    def get(self, path: str) -> Any:
        return self._signed_in("GET", path)

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Done once, however often it has to be asked for."""
        return self._signed_in("POST", path, body or {})

    def delete(self, path: str) -> None:
        self._signed_in("DELETE", path)

    def _signed_in(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        key = str(uuid.uuid4())
        try:
            return self._ask(method, path, body, key)
        except Refused as refusal:
            if refusal.status != HTTPStatus.UNAUTHORIZED:
                raise
        self._renew()
        return self._ask(method, path, body, key)

    def _renew(self) -> None:
        try:
            self._keep(self._ask("POST", "/api/auth/refresh/", {"refresh": self._refresh}))
        except Refused:
            credentials = {"username": self.username, "password": self._password}
            self._keep(self._ask("POST", "/api/auth/login/", credentials))

    def _keep(self, tokens: Any) -> None:
        self._access, self._refresh = tokens["access"], tokens["refresh"]

    def _ask(
        self, method: str, path: str, body: dict[str, Any] | None = None, key: str = ""
    ) -> Any:
        begun_at = time.monotonic()
        while True:
            try:
                return self._ask_once(self._request(method, path, body, key))
            except Refused as refusal:
                if refusal.status not in LATER:
                    raise
                why, wait = refusal.code, refusal.wait_seconds
            except (OSError, HTTPException) as error:
                why, wait = str(getattr(error, "reason", error)), AGAIN_SECONDS
            if time.monotonic() - begun_at > self._patience():
                raise NobodyAnswers(f"The clinic at {self._url} does not answer ({why}).")
            time.sleep(wait)

    def _request(
        self, method: str, path: str, body: dict[str, Any] | None, key: str
    ) -> urllib.request.Request:
        headers = {"Content-Type": "application/json", "User-Agent": "simulate command"}
        if key:
            headers |= {"Authorization": f"Bearer {self._access}", "Idempotency-Key": key}
        content = None if body is None else json.dumps(body).encode()
        return urllib.request.Request(self._url + path, content, headers, method=method)  # noqa: S310

    def _ask_once(self, request: urllib.request.Request) -> Any:
        try:
            with self._opener.open(request, timeout=ANSWER_SECONDS) as answer:
                content = answer.read()
        except urllib.error.HTTPError as refusal:
            with refusal:
                code = _code_in(refusal.read(), refusal.code)
                raise Refused(refusal.code, code, refusal.headers["Retry-After"]) from None
        return json.loads(content) if content else None


def _code_in(content: bytes, status: int) -> str:
    try:
        return str(json.loads(content)["code"])
    except (ValueError, KeyError, TypeError):
        return str(status)
