"""A text that is written wherever health content goes, and then looked for wherever it must not be."""

import asyncio
import base64
import json
import secrets
import subprocess
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from channels.db import database_sync_to_async as in_db
from django.db import connection
from redis import Redis

from clinic.models import Message
from tests import world
from tests.clients import Account, Http, Socket, open_socket
from tests.engine import Engine
from tests.servers.process import wait_until
from tests.servers.web import Web
from tests.servers.worker import Worker

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass(slots=True)
class Haul:
    """What an intruder could carry away, by the place it was found in."""

    places: dict[str, bytes] = field(default_factory=dict)

    def where(self, text: str) -> set[str]:
        return {name for name, found in self.places.items() if is_in(found, text)}


def is_in(haystack: bytes, text: str) -> bool:
    """As it is, in hexadecimal (how a dump writes bytes), in base64 (how Celery writes bodies), in an address."""
    return any(needle in haystack for needle in disguises(text))


def disguises(text: str) -> Iterator[bytes]:
    plain = text.encode()
    yield from (plain, plain.hex().encode(), plain.hex().upper().encode(), quote(text).encode())
    yield plain.decode().encode("utf-16-le")
    for before in range(3):
        # What stands before shifts the letters: the ones it shares are cut off at both ends.
        letters = base64.b64encode(b"\0" * before + plain)
        yield letters[(0, 2, 3)[before] : -4]


@pytest.mark.parametrize("before", ["", "a", "ab", "abc"])
def test_every_disguise_is_seen_through(before: str) -> None:
    told = f"{before}marker-77 and more".encode()

    for seen in (told, told.hex().encode(), base64.b64encode(told), quote(told).encode()):
        assert is_in(seen, "marker-77"), seen
        assert not is_in(seen, "marken-77"), seen


# -- where it is written ----------------------------------------------------------------------------------


async def live_through_it(web: Web, marker: str, control: str) -> None:
    """A patient and a doctor do everything in which words are said, and are told of it on every way there is."""
    ana = await in_db(lambda: world.a_patient("ana", address=control))()
    dora = await in_db(lambda: world.a_doctor("dora"))()
    rita = await in_db(lambda: world.a_receptionist("rita"))()
    start = await in_db(lambda: world.next_free_start(dora).isoformat())()
    accounts = [await in_db(account)(person) for person in (ana, dora.person, rita)]
    patient, doctor, desk = (Http(web.base_url, each) for each in accounts)

    async with (
        open_socket(web.ws_url, token=accounts[0].access) as hers,
        open_socket(web.ws_url, token=accounts[1].access) as theirs,
        open_socket(web.ws_url, token=accounts[2].access) as front,
    ):
        await hers.watch(f"user.{ana.pk}")
        await theirs.watch(f"calendar.{dora.pk}")
        await front.watch("desk")
        with patient, doctor, desk:
            record = await asyncio.to_thread(record_of, patient, doctor, marker, dora.pk)
            await hers.watch(f"record.{record}", since=0)
            visit = await asyncio.to_thread(talk, patient, doctor, marker, record, start, dora.pk)
            await asyncio.to_thread(refusals, patient, marker)
            await asyncio.to_thread(desk.get, f"/api/appointments/{visit}/")
            await told(hers, marker, f"record.{record}")
            await told(theirs, marker, f"calendar.{dora.pk}")
            await front.next_event("desk", "appointment.cancelled")
            polled = await asyncio.to_thread(
                patient.get, "/api/events/", {"topic": f"record.{record}", "after": 0}
            )
            assert marker in json.dumps(polled)


def account(person: Any) -> Account:
    pair = world.tokens(person)
    return Account(person.pk, person.username, world.PASSWORD, pair.access, pair.refresh)


def record_of(patient: Http, doctor: Http, marker: str, doctor_id: int) -> int:
    assert patient.account is not None
    patient.post(
        f"/api/patients/{patient.account.id}/assign/", {"doctor_id": doctor_id}, status=201
    )
    body = {"record_type": "OTHER", "title": f"title {marker}", "description": marker}
    made = patient.post("/api/records/", body, status=201, key="said-once")
    assert patient.post("/api/records/", body, status=201, key="said-once") == made
    return int(made["record"]["id"])


def talk(patient: Http, doctor: Http, marker: str, record: int, start: str, doctor_id: int) -> int:
    note = doctor.post(
        f"/api/records/{record}/add_annotation/",
        {"content": f"a note {marker}"},
        status=201,
        key="k",
    )["annotation"]
    doctor.patch(f"/api/annotations/{note['id']}/", {"content": f"another note {marker}"})
    patient.patch(f"/api/records/{record}/", {"title": f"again {marker}", "content": f"x {marker}"})
    for who in (patient, doctor):
        assert who.get("/api/records/", {"q": marker})["count"] == 1
        assert marker in json.dumps(who.get(f"/api/records/{record}/history/"))
    said = {"doctor_id": doctor_id, "start": start, "notes": f"notes {marker}"}
    visit = patient.post("/api/appointments/book/", said, status=201, key="b")["appointment"]["id"]
    patient.post(f"/api/appointments/{visit}/cancel/", {"reason": f"why {marker}"}, key="c")
    inbox = doctor.get("/api/notifications/")["notifications"]
    assert marker in json.dumps(inbox)
    away = {"start": "2031-03-01T09:00Z", "end": "2031-03-01T10:00Z", "reason": f"ill {marker}"}
    doctor.post("/api/doctors/time_off/", away, status=201, key="t")
    return int(visit)


def refusals(patient: Http, marker: str) -> None:
    """What is refused is said all the same."""
    patient.post("/api/records/", {"record_type": marker, "title": marker}, status=400, key="r")
    patient.post("/api/records/", {marker: marker}, status=400)
    patient.post("/api/appointments/book/", {"doctor_id": 10**9, "notes": marker}, status=400)
    cut_off, kind = f'{{"title": "{marker}'.encode(), {"Content-Type": "application/json"}
    raw = patient.client.post("/api/records/", content=cut_off, headers=kind)
    assert raw.status_code == 400, raw.text
    patient.get("/api/records/", {"type": marker}, status=400)
    patient.get("/api/records/999999999/", {"q": marker}, status=404)


async def told(socket: Socket, marker: str, topic: str) -> None:
    await socket.until(lambda frame: frame.get("topic") == topic and marker in json.dumps(frame))


# -- where it is looked for -------------------------------------------------------------------------------


@dataclass(slots=True)
class Listening:
    """Everything that is said to Redis, as it is said."""

    server: Redis
    heard: list[bytes] = field(default_factory=list)
    ready: threading.Event = field(default_factory=threading.Event)
    done: threading.Event = field(default_factory=threading.Event)

    def listen(self) -> None:
        with self.server.monitor() as monitor:
            self.ready.set()
            while not self.done.is_set():
                self.heard.append(monitor.next_command()["command"].encode())


@pytest.fixture
def redis_capture(redis_here: Redis | None) -> Iterator[list[bytes]]:
    if redis_here is None:
        yield []
        return
    with Redis.from_url(
        f"redis://{redis_here.connection_pool.connection_kwargs['host']}:"
        f"{redis_here.connection_pool.connection_kwargs['port']}/0"
    ) as client:
        listening = Listening(client)
        thread = threading.Thread(target=listening.listen)
        thread.start()
        assert listening.ready.wait(10)
        yield listening.heard
        listening.done.set()
        redis_here.ping()  # One more command, for the listener to wake up to.
        thread.join(10)


def hunt(engine: Engine, server_dir: Path, redis_heard: Iterable[bytes], *logs: Path) -> Haul:
    haul = Haul({f"log of {log.stem}": log.read_bytes() for log in logs})
    haul.places["redis"] = b"\n".join(redis_heard)
    for table, rows in dumped():
        haul.places[f"table {table}"] = rows
    for path in sorted(engine.data_dir.rglob("*")):
        # The database file with its log, Celery's queue and schedule, whatever else is left lying about.
        if path.is_file() and server_dir not in path.parents:
            haul.places[f"file {path.relative_to(engine.data_dir)}"] = content_of(path)
    return haul


def content_of(path: Path) -> bytes:
    """Read by another process: whoever closes a file gives up all locks that their process has on it.

    SQLite would go on writing without them, beside others who write, and spoil the database.
    """
    return subprocess.run(["cat", str(path)], stdout=subprocess.PIPE, check=True).stdout


def dumped() -> Iterator[tuple[str, bytes]]:
    """Each table as a dump has it."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if connection.vendor == "postgresql":
                with cursor.copy(f'COPY "{table}" TO STDOUT') as rows:
                    yield table, b"".join(bytes(part) for part in rows)
            else:
                cursor.execute(f'SELECT * FROM "{table}"')
                yield table, b"\n".join(map(as_dumped, cursor.fetchall()))


def as_dumped(row: tuple[Any, ...]) -> bytes:
    return b"\t".join(each if isinstance(each, bytes) else str(each).encode() for each in row)


async def test_what_is_said_is_found_nowhere_in_clear(
    web: Web, worker: Worker, engine: Engine, server_dir: Path, redis_capture: list[bytes]
) -> None:
    marker, control = (f"{name}-{secrets.token_hex(8)}" for name in ("marker", "control"))

    await live_through_it(web, marker, control)
    await asyncio.to_thread(wait_until, all_sent, seconds=20, what="the mails")
    haul = await in_db(hunt)(engine, server_dir, redis_capture, web.log, worker.log)

    assert haul.where(marker) == set()
    # The same hunt finds what is kept in clear, and each place was really looked into.
    assert "table clinic_person" in haul.where(control)
    assert "doctor_assigned" in haul.places["table clinic_message"].decode(errors="replace")
    assert "table clinic_message" in haul.where("dora@example.org")
    assert haul.where("/api/records/") >= {"log of web"}
    assert "log of worker" in haul.where("message_sent")
    if engine.name == "sqlite":
        assert any(place.startswith("file clinic.sqlite3") for place in haul.where(control))
    else:
        assert "redis" in haul.where("send_messages")
        assert "redis" in haul.where("desk")


def all_sent() -> bool:
    return (
        Message.objects.exists()
        and not Message.objects.filter(sent_at=None, dropped_at=None).exists()
    )
