"""How much a client may send, open and hold."""

import asyncio
import json
import threading
from contextlib import AsyncExitStack
from typing import Any

import pytest
from channels.testing import WebsocketCommunicator

from realtime.asgi import application
from realtime.limits import Bucket, Strikes
from tests import world
from tests.clients import PATIENCE_SECONDS, Socket
from tests.realtime.stage import HOST, connect, goodbye, hub_here, in_db, move, signed_in

pytestmark = pytest.mark.usefixtures("hub")


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


# -- the counters themselves ---------------------------------------------------------------------------


def test_a_bucket_gives_a_burst_and_then_its_rate() -> None:
    clock = Clock()
    bucket = Bucket(burst=3, rate=2, clock=clock)
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]
    clock.now += 0.5
    assert [bucket.take() for _ in range(2)] == [True, False]
    clock.now += 3600
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]


def test_what_is_given_to_a_bucket_can_be_taken_and_never_more_than_its_burst() -> None:
    clock = Clock()
    bucket = Bucket(burst=3, rate=0, clock=clock)
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]
    bucket.give()
    assert [bucket.take() for _ in range(2)] == [True, False]
    for _ in range(10):
        bucket.give()
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]


def test_strikes_count_within_their_time_only() -> None:
    clock = Clock()
    strikes = Strikes(limit=3, seconds=60, clock=clock)
    assert [strikes.strike(), strikes.strike()] == [False, False]
    clock.now += 61
    assert [strikes.strike(), strikes.strike(), strikes.strike()] == [False, False, True]


# -- frames ------------------------------------------------------------------------------------------------


async def bad(socket: Socket) -> dict[str, Any]:
    return await socket.until(lambda frame: frame.get("ok") is False)


BAD_FRAMES: list[tuple[str, int | None]] = [
    ("nonsense", None),
    ('{"id": 5, "op": "dance"}', 5),
    ('{"id": 5, "op": "watch"}', 5),
    ('{"id": 5, "op": "watch", "topic": 7}', 5),
    ('{"op": "ping"}', None),
    ('{"op": "ack", "topics": 5}', None),
    ('{"id": 5, "op": "presence"}', 5),
    (json.dumps({"id": 5, "op": "ping", "x": "x" * 16384}), None),
    (json.dumps({"id": 5, "op": "ping", "x": "é" * 8192}, ensure_ascii=False), None),
]


async def test_what_is_no_command_is_answered_and_the_socket_stays() -> None:
    async with signed_in() as socket:
        for text, reply_to in BAD_FRAMES:
            await socket.send_raw(text)
            reply = await bad(socket)
            assert reply["error"]["code"] == "bad_frame"
            assert reply.get("re") == reply_to
            assert not reply["error"]["retryable"]
        await socket.ping()


async def test_a_frame_of_exactly_16_kib_is_read() -> None:
    text = '{"id": 5, "op": "ping", "x": ""}'
    async with signed_in() as socket:
        await socket.send_raw(text.replace('""', '"' + "x" * (16384 - len(text)) + '"'))
        assert (await socket.until(lambda frame: frame.get("re") == 5))["ok"]


async def test_a_binary_frame_is_a_bad_frame() -> None:
    async with signed_in() as socket:
        await socket._wire._communicator.send_to(bytes_data=b'{"id": 5, "op": "ping"}')  # type: ignore[attr-defined]
        assert (await bad(socket))["error"]["code"] == "bad_frame"
        await socket.ping()


async def test_unknown_fields_are_ignored() -> None:
    async with signed_in() as socket:
        await socket.send({"id": 5, "op": "ping", "colour": "blue"})
        assert (await socket.until(lambda frame: frame.get("re") == 5))["ok"]


async def test_the_tenth_bad_frame_within_a_minute_closes_4400() -> None:
    async with signed_in() as socket:
        for _ in range(9):
            await socket.send_raw("nonsense")
        await socket.ping()
        await socket.send_raw("nonsense")
        code, why = await goodbye(socket)

    assert (code, why["code"], why["reconnect"]) == (4400, "bad_frame", "no")
    assert [frame.get("ok") for frame in socket.frames].count(False) == 10


async def test_too_many_commands_close_4429_with_a_time_to_come_back() -> None:
    async with signed_in() as socket:
        for number in range(40):
            await socket.send({"id": number, "op": "ping"})
        code, why = await goodbye(socket)

    assert (code, why["code"], why["reconnect"]) == (4429, "too_many_frames", "after")
    assert why["reconnect_in_ms"] > 0


async def test_thirty_commands_at_once_are_fine() -> None:
    async with signed_in() as socket:
        for number in range(100, 129):  # the sign-in was one
            await socket.send({"id": number, "op": "ping"})
        await socket.until(lambda frame: frame.get("re") == 128)


async def test_commands_we_do_not_get_to_are_not_piled_up(settings: Any) -> None:
    """A database that hangs holds up commands, which come at the rate that is allowed."""
    settings.SOCKET_COMMAND_BURST = 5
    settings.SOCKET_COMMANDS_PER_SECOND = 1000
    async with signed_in() as socket:
        held = threading.Event()
        busy = [asyncio.create_task(hub_here().replays.run(held.wait)) for _ in range(2)]
        for number in range(100, 107):
            await socket.send({"id": number, "op": "watch", "topic": "slots.1"})
            await asyncio.sleep(0.01)
        code, why = await goodbye(socket)
        held.set()
        await asyncio.gather(*busy)

    assert (code, why["code"], why["reconnect"]) == (4503, "overloaded", "after")


async def test_nothing_is_answered_after_the_close(settings: Any) -> None:
    settings.SOCKET_COMMAND_BURST = 5
    async with signed_in() as socket:
        for number in range(100, 140):
            await socket.send({"id": number, "op": "watch", "topic": "slots.1"})
        assert await socket.closed() == 4429
        assert socket.frames[-1]["op"] == "error"
        assert not hub_here().feeds


async def test_ping_is_answered() -> None:
    async with signed_in() as socket:
        await socket.send({"id": 77, "op": "ping"})
        assert await socket.until(lambda frame: frame.get("re") == 77) == {"re": 77, "ok": True}


async def test_a_mistake_of_ours_is_told_and_nobody_waits_for_an_answer(
    monkeypatch: pytest.MonkeyPatch, errors: list[str]
) -> None:
    def mistaken(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("realtime.consumer.position", mistaken)
    async with signed_in() as socket:
        await socket.send({"id": 5, "op": "watch", "topic": "slots.1"})
        code, why = await goodbye(socket)

    assert (code, why["reconnect"]) == (4503, "after")
    assert len(errors) == 1
    assert "ZeroDivisionError" in errors.pop()


# -- sockets -----------------------------------------------------------------------------------------------


async def test_one_person_holds_so_many_sockets_and_the_oldest_goes(settings: Any) -> None:
    settings.SOCKETS_PER_PERSON = 3
    patient = await in_db(world.a_patient)
    async with AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(signed_in(patient)) for _ in range(3)]
        await stack.enter_async_context(signed_in())  # somebody else's count for themselves
        await asyncio.gather(*(socket.ping() for socket in sockets))
        newest = await stack.enter_async_context(signed_in(patient))
        code, why = await goodbye(sockets[0])
        await asyncio.gather(*(socket.ping() for socket in (*sockets[1:], newest)))
        assert len(hub_here().sockets) == 4

    assert (code, why["code"], why["reconnect"]) == (4409, "too_many_sockets", "no")


async def test_sockets_that_were_closed_do_not_count(settings: Any) -> None:
    settings.SOCKETS_PER_PERSON = 2
    patient = await in_db(world.a_patient)
    async with signed_in(patient) as first:
        for _ in range(5):
            async with signed_in(patient) as other:
                await other.ping()
        await first.ping()


async def test_an_address_holds_so_many_sockets_without_a_sign_in(settings: Any) -> None:
    settings.SOCKETS_UNAUTHENTICATED_PER_ADDRESS = 3
    async with AsyncExitStack() as stack:
        waiting = [await stack.enter_async_context(connect()) for _ in range(3)]
        refused = await stack.enter_async_context(connect())
        code, why = await goodbye(refused)
        assert (code, why["reconnect"]) == (4429, "after")
        elsewhere = await stack.enter_async_context(connect(address="198.51.100.8"))
        await elsewhere.until(lambda frame: frame["op"] == "welcome")
        pair = await in_db(lambda: world.tokens(world.a_patient()))
        await waiting[0].auth(pair.access)  # who has signed in makes room
        again = await stack.enter_async_context(connect())
        await again.until(lambda frame: frame["op"] == "welcome")
        assert hub_here().unauthenticated == {"198.51.100.7": 3, "198.51.100.8": 1}


async def test_behind_a_proxy_each_client_holds_its_own_sockets(settings: Any) -> None:
    settings.SOCKETS_UNAUTHENTICATED_PER_ADDRESS = 1
    settings.TRUSTED_PROXIES = 1

    def through_proxy(said: bytes) -> Any:
        return connect(headers=(HOST, (b"x-forwarded-for", said)), address="10.0.0.1")

    async with AsyncExitStack() as stack:
        await stack.enter_async_context(through_proxy(b"203.0.113.1"))
        other = await stack.enter_async_context(through_proxy(b"203.0.113.2"))
        await other.until(lambda frame: frame["op"] == "welcome")
        # What a client says of itself stands before what the proxy says of it.
        again = await stack.enter_async_context(through_proxy(b"192.0.2.9, 203.0.113.1"))
        assert (await goodbye(again))[0] == 4429
        assert hub_here().unauthenticated == {"203.0.113.1": 1, "203.0.113.2": 1}


async def test_sockets_that_came_and_went_in_every_way_leave_no_count(settings: Any) -> None:
    settings.SOCKET_AUTH_SECONDS = 1
    settings.SOCKETS_UNAUTHENTICATED_PER_ADDRESS = 4
    async with AsyncExitStack() as stack:
        silent, wrong, right, gone, rude, over = [
            await stack.enter_async_context(connect()) for _ in range(6)
        ]
        assert await over.closed() == 4429
        await wrong.send({"id": 1, "op": "auth", "token": "x"})
        pair = await in_db(lambda: world.tokens(world.a_patient()))
        await right.auth(pair.access)
        await gone.abort()
        await rude.closed()
        assert await wrong.closed() == 4401
        assert await silent.closed() == 4408
        assert not hub_here().unauthenticated
        assert len(hub_here().sockets) == 1


@pytest.mark.parametrize("server_gives_up", [False, True])
async def test_sockets_that_leave_at_any_moment_leave_nothing(
    server_gives_up: bool, settings: Any
) -> None:
    """Sign-in, watching and replays are under way when the cable is pulled, or the application is."""
    settings.SOCKETS_UNAUTHENTICATED_PER_ADDRESS = 1000
    settings.SOCKETS_PER_PERSON = 1000
    await in_db(move, 1, 3)
    pair = await in_db(lambda: world.tokens(world.a_patient()))

    async def visit(turns: int) -> None:
        peer = WebsocketCommunicator(application, "/ws/", [HOST])
        await peer.connect(timeout=PATIENCE_SECONDS)
        for command in (
            {"id": 1, "op": "auth", "token": pair.access},
            {"id": 2, "op": "watch", "topic": "slots.1", "since": 0},
            {"id": 3, "op": "watch", "topic": "slots.1"},
            {"id": 4, "op": "unwatch", "topic": "slots.1"},
            {"id": 5, "op": "watch", "topic": "slots.2"},
        ):
            await peer.send_json_to(command)
        for _ in range(turns):
            await asyncio.sleep(0.002)
        if server_gives_up:
            peer.future.cancel()
        else:
            await peer.send_input({"type": "websocket.disconnect", "code": 1006})
        await peer.wait(timeout=PATIENCE_SECONDS)

    await asyncio.gather(*(visit(number) for number in range(50)))
    async with asyncio.timeout(PATIENCE_SECONDS):
        while hub_here().reads.waiting + hub_here().replays.waiting:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert not hub_here().feeds
    assert not hub_here().sockets
    assert not hub_here().unauthenticated
