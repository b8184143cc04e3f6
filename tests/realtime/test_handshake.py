"""Opening a socket: who may, with what, and for how long."""

import asyncio
import time
from datetime import datetime
from typing import Any

import pytest
from channels.testing import WebsocketCommunicator

from clinic import clock
from clinic.actions.sessions import end_session, refresh_session
from clinic.models import Person, Session
from realtime import hub as hubs
from realtime.asgi import application
from realtime.reads import LIVE_THREADS
from tests import world
from tests.clients import PATIENCE_SECONDS, Closed, Socket
from tests.realtime.stage import (
    HOST,
    away,
    connect,
    everything_sent,
    goodbye,
    hub_here,
    in_db,
    lasting,
    move,
    session_of,
    signed_in,
)

pytestmark = [pytest.mark.engine("sqlite"), pytest.mark.usefixtures("hub")]


async def refusal(socket: Socket) -> dict[str, Any]:
    return (await socket.until(lambda frame: frame.get("ok") is False))["error"]


# -- who speaks first ----------------------------------------------------------------------------------


async def test_the_server_says_welcome_first() -> None:
    async with connect() as socket:
        welcome = await socket.until(lambda frame: True)

    assert welcome["op"] == "welcome"
    assert welcome["protocol"] == "clinic.v1"
    assert welcome["heartbeat_s"] == 25
    assert welcome["limits"]["ack_window"] == 256


async def test_the_subprotocol_may_be_named_or_left_out_and_no_other_is_confirmed() -> None:
    for offered, chosen in (
        ([], None),
        (["clinic.v1"], "clinic.v1"),
        (["other", "clinic.v1"], "clinic.v1"),
        (["other"], None),
    ):
        peer = WebsocketCommunicator(application, "/ws/", [HOST], offered)
        assert await peer.connect(timeout=PATIENCE_SECONDS) == (True, chosen)
        await peer.disconnect()


async def test_a_token_opens_the_socket_and_names_the_person() -> None:
    doctor = await in_db(world.a_doctor)
    pair = await in_db(world.tokens, doctor.person)
    async with connect() as socket:
        reply = await socket.auth(pair.access)

    assert reply["user"] == {"id": doctor.pk, "role": "DOCTOR", "name": doctor.person.name}
    assert reply["topics"] == [f"user.{doctor.pk}", f"calendar.{doctor.pk}"]
    assert reply["epoch"]


FIRST_FRAMES = [
    '{"id": 1, "op": "ping"}',
    '{"id": 1, "op": "watch", "topic": "desk"}',
    '{"op": "ack", "topics": {}}',
    "nonsense",
    "[]",
    '{"id": 1, "op": "auth"}',
    '{"id": 1, "op": "auth", "token": 5}',
    '{"id": 1, "op": "auth", "token": "' + "x" * 4096 + '"}',
    '{"id": 1, "op": "auth", "token": "' + "é" * 2048 + '"}',
    '{"id": 1, "op": "auth", "token": "\ud800"}',
]


async def test_any_other_first_frame_is_answered_and_closes_4401() -> None:
    for first in FIRST_FRAMES:
        async with connect() as socket:
            await socket.send_raw(first)
            assert (await refusal(socket))["code"] == "unauthenticated", first
            code, why = await goodbye(socket)

        assert (code, why["code"], why["reconnect"]) == (4401, "unauthenticated", "yes")


async def test_a_first_frame_in_binary_closes_4401() -> None:
    async with connect() as socket:
        await socket._wire._communicator.send_to(bytes_data=b"\x00")  # type: ignore[attr-defined]
        assert (await goodbye(socket))[0] == 4401


async def test_an_auth_frame_of_exactly_4_kb_is_read() -> None:
    text = '{"id": 1, "op": "auth", "token": ""}'
    async with connect() as socket:
        await socket.send_raw(text.replace('""', '"' + "x" * (4096 - len(text)) + '"'))
        assert (await refusal(socket))["code"] == "unauthenticated"

    assert socket.frames[1]["re"] == 1  # it was taken for a command, whose token is wrong


async def test_who_says_nothing_is_closed_4408(settings: Any) -> None:
    settings.SOCKET_AUTH_SECONDS = 1
    async with connect() as socket:
        code, why = await goodbye(socket)

    assert (code, why["code"]) == (4408, "auth_timeout")


async def test_who_has_signed_in_is_not_closed_for_saying_nothing(settings: Any) -> None:
    settings.SOCKET_AUTH_SECONDS = 1
    async with signed_in() as socket:
        await asyncio.sleep(1.2)
        await socket.ping()


async def test_who_has_sent_a_token_in_time_may_wait_for_a_busy_server(settings: Any) -> None:
    settings.SOCKET_AUTH_SECONDS = 1
    token = (await in_db(world.tokens, await in_db(world.a_patient))).access
    async with connect() as socket:
        reads = hub_here().reads
        busy = [asyncio.create_task(reads.run(time.sleep, 1.5)) for _ in range(LIVE_THREADS)]
        await socket.auth(token)
        await asyncio.gather(*busy)


# -- with what --------------------------------------------------------------------------------------------


async def _is_refused(token: str) -> None:
    async with connect() as socket:
        reply = await socket.command("auth", token=token)
        assert reply["error"]["code"] == "unauthenticated"
        code, why = await goodbye(socket)
    assert (code, why["reconnect"]) == (4401, "yes")


async def test_a_bad_token_closes_4401() -> None:
    for token in ("", "x", "a.b.c", "\x00", "Bearer x", "é"):
        await _is_refused(token)


async def test_a_refresh_token_is_no_access_token() -> None:
    pair = await in_db(lambda: world.tokens(world.a_patient()))
    await _is_refused(pair.refresh)


async def test_a_forged_token_closes_4401() -> None:
    pair = await in_db(lambda: world.tokens(world.a_patient()))
    head, body, signature = pair.access.split(".")
    await _is_refused(f"{head}.{body}.{signature[::-1]}")


async def test_an_expired_token_closes_4401() -> None:
    pair = await in_db(lambda: world.tokens(world.a_patient()))
    await _is_refused(lasting(pair.access, -1))


async def test_the_token_of_an_ended_session_closes_4401() -> None:
    pair = await in_db(lambda: world.tokens(world.a_patient()))
    await in_db(lambda: end_session(session_of(pair.access).pk))
    await _is_refused(pair.access)


async def test_the_token_of_a_deactivated_person_closes_4401() -> None:
    patient = await in_db(world.a_patient)
    pair = await in_db(world.tokens, patient)
    await in_db(Person.objects.filter(pk=patient.pk).update, is_active=False)
    await _is_refused(pair.access)


async def test_no_token_is_taken_from_the_url_a_header_or_a_cookie() -> None:
    pair = await in_db(lambda: world.tokens(world.a_patient()))
    token = pair.access.encode()
    headers = [
        HOST,
        (b"authorization", b"Bearer " + token),
        (b"cookie", b"token=" + token + b"; clinic_refresh=" + pair.refresh.encode()),
    ]
    async with connect(
        f"/ws/?token={pair.access}&access_token={pair.access}", headers=headers
    ) as socket:
        assert (await socket.command("ping"))["error"]["code"] == "unauthenticated"
        assert await socket.closed() == 4401


# -- from where (the whole table: test_origins.py) ---------------------------------------------------------


async def opens(host: bytes, origin: bytes | None) -> bool:
    headers = [(b"host", host)] + ([(b"origin", origin)] if origin is not None else [])
    try:
        async with connect(headers=headers) as socket:
            await socket.until(lambda frame: frame["op"] == "welcome")
            return True
    except Closed:
        return False


async def test_only_pages_of_ours_and_clients_that_are_no_pages_may_open_it() -> None:
    assert await opens(b"localhost:8000", b"http://localhost:8000")
    assert await opens(b"localhost:8000", None)
    for foreign in (b"https://evil.example", b"http://localhost:8001", b"null", b"http://[", b""):
        assert not await opens(b"localhost:8000", foreign)


async def test_there_is_one_socket_and_no_other() -> None:
    for path in ("/", "/ws", "/ws/x/", "/api/events/", "/ws/../ws"):
        with pytest.raises(Closed):
            async with connect(path):
                pass


# -- for how long --------------------------------------------------------------------------------------------


@pytest.fixture
def quick_ticks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hubs, "TICK_SECONDS", 0.05)


async def test_a_socket_ends_with_its_token_within_two_seconds() -> None:
    async with signed_in(seconds=1.5) as socket:
        expires_at = datetime.fromisoformat(socket.frames[1]["expires_at"])
        code, why = await goodbye(socket)
        late = (clock.now() - expires_at).total_seconds()

    assert (code, why["code"], why["reconnect"]) == (4401, "token_expired", "yes")
    assert 0 <= late < 2


async def test_its_end_is_announced_a_minute_before_once(quick_ticks: None) -> None:
    async with signed_in(seconds=59) as socket:
        notice = await socket.until(lambda frame: frame.get("op") == "auth.expiring")
        assert notice["expires_at"] == socket.frames[1]["expires_at"]
        await asyncio.sleep(0.3)
        assert [frame.get("op") for frame in socket.frames].count("auth.expiring") == 1


async def test_nothing_is_announced_earlier(quick_ticks: None) -> None:
    async with signed_in(seconds=63) as socket:
        await socket.silence(0.3)
        assert all(frame.get("op") != "auth.expiring" for frame in socket.frames)


async def test_renewing_in_band_keeps_the_socket_and_interrupts_nothing(quick_ticks: None) -> None:
    pair = await in_db(lambda: world.tokens(world.a_patient()))
    renewed = await in_db(lambda: refresh_session(refresh=pair.refresh))
    async with connect(token=lasting(pair.access, 3)) as socket:
        await socket.watch("slots.1")
        for _ in range(5):
            await in_db(move, 1, 3)
        reply = await socket.auth(renewed.access)
        for _ in range(5):
            await in_db(move, 1, 3)

        assert reply["expires_at"] > socket.frames[1]["expires_at"]
        assert await everything_sent(socket, "slots.1", 30) == list(range(1, 31))
        await asyncio.sleep(3)
        await socket.ping()


async def test_a_renewal_of_another_person_closes_4403() -> None:
    other = await in_db(lambda: world.tokens(world.a_patient()))
    async with signed_in() as socket:
        await socket.send({"id": 9, "op": "auth", "token": other.access})
        code, why = await goodbye(socket)

    assert (code, why["code"], why["reconnect"]) == (4403, "other_user", "no")


async def test_a_renewal_of_another_session_of_the_same_person_closes_4403() -> None:
    patient = await in_db(world.a_patient)
    other = await in_db(world.tokens, patient)
    async with signed_in(patient) as socket:
        await socket.send({"id": 9, "op": "auth", "token": other.access})
        assert await socket.closed() == 4403


async def test_a_renewal_with_a_bad_token_closes_4401() -> None:
    async with signed_in() as socket:
        assert (await socket.command("auth", token="x"))["error"]["code"] == "unauthenticated"
        assert await socket.closed() == 4401


async def test_commands_sent_behind_auth_wait_for_it() -> None:
    pair = await in_db(lambda: world.tokens(world.a_patient()))
    async with connect() as socket:
        await socket.send({"id": 1, "op": "auth", "token": pair.access})
        await socket.send({"id": 2, "op": "ping"})
        await socket.until(lambda frame: frame.get("re") == 2)

    assert [frame.get("re") for frame in socket.frames] == [None, 1, 2]


async def test_until_the_sign_in_is_through_a_frame_has_4_kb_at_most() -> None:
    pair = await in_db(lambda: world.tokens(world.a_patient()))
    async with connect() as socket:
        await socket.send({"id": 1, "op": "auth", "token": pair.access})
        await socket.send({"id": 2, "op": "ping", "x": "x" * 4096})
        await socket.until(lambda frame: frame.get("re") == 1)
        await socket.send({"id": 3, "op": "ping", "x": "x" * 4096})
        await socket.until(lambda frame: frame.get("re") == 3)

    assert (await refusal(socket))["code"] == "bad_frame"
    assert all(frame.get("re") != 2 for frame in socket.frames)


async def test_commands_sent_behind_a_bad_auth_are_never_answered() -> None:
    async with connect() as socket:
        await socket.send({"id": 1, "op": "auth", "token": "x"})
        await socket.send({"id": 2, "op": "watch", "topic": "desk"})
        assert await socket.closed() == 4401

    assert all(frame.get("re") != 2 for frame in socket.frames)


async def test_without_a_database_one_is_told_to_come_back() -> None:
    pair = await in_db(lambda: world.tokens(world.a_patient()))
    async with away(Session), connect() as socket:
        error = (await socket.command("auth", token=pair.access))["error"]
        code, why = await goodbye(socket)

    assert (error["code"], error["retryable"]) == ("unavailable", True)
    assert (code, why["code"], why["reconnect"]) == (4503, "overloaded", "after")


async def test_a_renewal_that_the_database_cannot_answer_can_be_tried_again() -> None:
    pair = await in_db(lambda: world.tokens(world.a_patient()))
    async with connect(token=pair.access) as socket:
        async with away(Session):
            assert (await socket.command("auth", token=pair.access))["error"]["retryable"]
        await socket.auth(pair.access)


async def test_who_leaves_while_signing_in_leaves_nothing() -> None:
    pair = await in_db(lambda: world.tokens(world.a_patient()))
    for _ in range(5):
        async with connect() as socket:
            await socket.send({"id": 1, "op": "auth", "token": pair.access})
    assert not hub_here().sockets
    assert not hub_here().unauthenticated
