"""Is a clinic that has just been started whole? `smoke.py http://localhost:8000 ADMIN PASSWORD`, standard library only.

It does what people do: a patient and a doctor register, the admin approves, the patient books through REST, a
socket through the same address is greeted, and the doctor's topic holds the booking. It leaves two accounts.
"""

import http.client
import json
import os
import secrets
import sys
import time
import urllib.error
import urllib.request
from base64 import b64encode
from typing import Any
from urllib.parse import urlsplit

START_SECONDS = 180
ANSWER_SECONDS = 20
DAY = {"is_available": True, "start_time": "00:00", "end_time": "23:30"}
WEEK = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")


class Clinic:
    def __init__(self, base: str) -> None:
        self.base = base.rstrip("/")

    def ask(self, path: str, body: object = None, *, access: str = "", method: str = "") -> Any:
        request = urllib.request.Request(  # noqa: S310 (the address is the operator's own)
            self.base + path,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Content-Type": "application/json",
                **({"Authorization": f"Bearer {access}"} if access else {}),
            },
            method=method or ("GET" if body is None else "POST"),
        )
        with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as answer:  # noqa: S310
            return json.loads(answer.read() or b"null")

    def sign_in(self, username: str, password: str) -> str:
        body = {"username": username, "password": password}
        access: str = self.ask("/api/token/", body)["access"]
        return access

    def register(self, role: str) -> tuple[int, str]:
        """A new account's id and access token."""
        name = f"smoke-{role.lower()}-{secrets.token_hex(4)}"
        answer = self.ask(
            "/api/auth/register/",
            {
                "username": name,
                "email": f"{name}@example.org",
                "password": secrets.token_urlsafe(16),
                "role": role,
            },
        )
        return answer["user"]["id"], answer["tokens"]["access"]

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                self.ask("/readyz")
                return
            except (OSError, http.client.HTTPException) as error:
                if time.monotonic() > deadline:
                    sys.exit(f"{self.base}/readyz: {error}")
            time.sleep(1)

    def greeting(self) -> Any:
        """The first frame of a socket: a short text frame, as every server sends it."""
        place = urlsplit(self.base)
        connection = http.client.HTTPConnection(place.netloc, timeout=ANSWER_SECONDS)
        connection.request(
            "GET",
            "/ws/",
            headers={
                "Connection": "Upgrade",
                "Upgrade": "websocket",
                "Sec-WebSocket-Version": "13",
                "Sec-WebSocket-Key": b64encode(os.urandom(16)).decode(),
            },
        )
        assert connection.sock is not None
        stream = connection.sock.makefile("rb")
        status = stream.readline()
        if b" 101 " not in status:
            sys.exit(f"/ws/: {status!r}")
        while stream.readline() not in (b"\r\n", b""):
            pass
        _, length = stream.read(2)
        if length == 126:
            length = int.from_bytes(stream.read(2), "big")
        frame = json.loads(stream.read(length))
        connection.close()
        return frame


def main(base: str, admin: str, password: str) -> None:
    clinic = Clinic(base)
    clinic.wait_until_ready()
    say("ready")
    head = clinic.sign_in(admin, password)
    doctor_id, doctor = clinic.register("DOCTOR")
    _, patient = clinic.register("PATIENT")
    clinic.ask(f"/api/users/{doctor_id}/approve/", {}, access=head)
    hours = {"available_days": dict.fromkeys(WEEK, DAY)}
    clinic.ask("/api/doctors/availability/", hours, access=doctor, method="PUT")
    say("registered and approved")
    cards = clinic.ask("/api/doctors/?limit=100", access=patient)["doctors"]
    start = next(card["next_free"] for card in cards if card["id"] == doctor_id)
    booking = {"doctor_id": doctor_id, "start": start}
    booked = clinic.ask("/api/appointments/book/", booking, access=patient)["appointment"]
    say(f"booked {start}")
    if clinic.greeting()["op"] != "welcome":
        sys.exit("the socket does not greet")
    topic = f"/api/events/?topic=calendar.{doctor_id}&after=0"
    events = clinic.ask(topic, access=doctor)["events"]
    if [event["data"]["id"] for event in events] != [booked["id"]]:
        sys.exit(f"the doctor is told {events}")
    say("told the doctor; the socket greets")


def say(what: str) -> None:
    sys.stdout.write(f"smoke: {what}\n")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except urllib.error.HTTPError as refusal:
        sys.exit(f"{refusal.url}: {refusal.code} {refusal.read()[:500]!r}")
