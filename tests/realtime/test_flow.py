"""Acknowledgements: what is unread stays in the database, and who never reads is let go."""

import asyncio
from typing import Any

import pytest

from realtime import hub as hubs
from realtime.consumer import ClinicSocket
from tests.clients import Socket
from tests.realtime.stage import everything_sent, goodbye, hub_here, in_db, move, signed_in

pytestmark = pytest.mark.usefixtures("hub")
TOPIC = "slots.1"


def the_socket() -> ClinicSocket:
    """The server's end of the only socket."""
    (socket,) = hub_here().sockets
    return socket


async def stays_at(socket: Socket, seq: int, topic: str = TOPIC) -> None:
    """It got everything up to this number, and nothing behind it comes."""
    await everything_sent(socket, topic, seq)
    await asyncio.sleep(0.15)
    assert socket.last_seq[topic] == seq


async def test_the_window_is_256_events_and_the_rest_stays_in_the_database() -> None:
    await in_db(move, 1, 600)
    async with signed_in() as socket:
        await socket.watch(TOPIC, since=0)
        await stays_at(socket, 256)
        await in_db(move, 1, 100)
        await stays_at(socket, 256)
        assert the_socket()._unacked == 256
        assert not the_socket()._commands
        await socket.ack()
        await stays_at(socket, 512)
        await socket.ack()
        await stays_at(socket, 700)


async def test_a_live_socket_stops_at_the_window_and_goes_on_behind_it(settings: Any) -> None:
    settings.SOCKET_ACK_WINDOW = 10
    async with signed_in() as slow, signed_in() as quick:
        await slow.watch(TOPIC)
        await quick.watch(TOPIC)
        for seq in (5, 10, 15, 20, 25):
            await in_db(move, 1, 5)
            await everything_sent(quick, TOPIC, seq)
            await quick.ack()
        await stays_at(slow, 10)
        await slow.ack({TOPIC: 4})
        await stays_at(slow, 14)
        await slow.ack()
        await everything_sent(slow, TOPIC, 24)
        await slow.ack()
        assert await everything_sent(slow, TOPIC, 25) == list(range(1, 26))


async def test_an_event_per_acknowledgement_is_enough(settings: Any) -> None:
    settings.SOCKET_ACK_WINDOW = 3
    await in_db(move, 1, 50)
    async with signed_in() as socket:
        await socket.watch(TOPIC, since=0)
        for seq in range(3, 51):
            await everything_sent(socket, TOPIC, seq)
            await socket.ack({TOPIC: seq - 2})
        await socket.ack()
        assert [event["seq"] for event in socket.events()] == list(range(1, 51))


async def test_the_window_is_shared_by_the_topics_of_a_socket(settings: Any) -> None:
    settings.SOCKET_ACK_WINDOW = 10
    async with signed_in() as socket:
        await socket.watch(TOPIC)
        await socket.watch("slots.2")
        await in_db(move, 1, 10)
        await everything_sent(socket, TOPIC, 10)
        await in_db(move, 2, 3)
        await stays_at(socket, 10)
        assert socket.events("slots.2") == []
        await socket.ack({TOPIC: 2})
        await stays_at(socket, 2, "slots.2")
        await socket.ack()
        await everything_sent(socket, "slots.2", 3)


async def test_acknowledging_what_was_not_sent_gives_no_room(settings: Any) -> None:
    settings.SOCKET_ACK_WINDOW = 5
    await in_db(move, 1, 20)
    async with signed_in() as socket:
        await socket.watch(TOPIC, since=2)
        await stays_at(socket, 7)
        for lie in ({TOPIC: 8}, {TOPIC: 10**30}, {TOPIC: 0}, {TOPIC: 2}, {"slots.2": 7}, {"": 1}):
            await socket.ack(lie)
        await stays_at(socket, 7)
        assert the_socket()._unacked == 5
        await socket.ack({TOPIC: 3})
        await stays_at(socket, 8)
        await socket.ack({TOPIC: 3})
        await stays_at(socket, 8)


async def test_what_is_no_longer_watched_needs_no_acknowledgement(settings: Any) -> None:
    settings.SOCKET_ACK_WINDOW = 5
    await in_db(move, 1, 20)
    await in_db(move, 2, 20)
    async with signed_in() as socket:
        await socket.watch(TOPIC, since=0)
        await stays_at(socket, 5)
        await socket.watch("slots.2", since=0)
        await asyncio.sleep(0.1)
        assert socket.events("slots.2") == []
        await socket.unwatch(TOPIC)
        await stays_at(socket, 5, "slots.2")
        await socket.watch(TOPIC, since=10)
        await asyncio.sleep(0.1)
        assert the_socket()._unacked == 5
        await socket.ack()
        for _ in range(5):  # the window is shared: which topic has the next five, nobody can say
            await socket.next_event()


async def test_watching_again_starts_a_new_account(settings: Any) -> None:
    settings.SOCKET_ACK_WINDOW = 5
    await in_db(move, 1, 20)
    async with signed_in() as socket:
        for since in (0, 3, 0, 15, 7):
            await socket.watch(TOPIC, since=since)
            await stays_at(socket, since + 5)
            assert the_socket()._unacked == 5


async def test_who_does_not_acknowledge_is_let_go_after_a_while(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hubs, "TICK_SECONDS", 0.05)
    settings.SOCKET_ACK_WINDOW = 5
    settings.SOCKET_ACK_STALL_SECONDS = 0.5
    await in_db(move, 1, 20)
    async with signed_in() as socket:
        await socket.watch(TOPIC, since=0)
        await everything_sent(socket, TOPIC, 5)
        begun = asyncio.get_running_loop().time()
        code, why = await goodbye(socket)
        took = asyncio.get_running_loop().time() - begun

    assert (code, why["code"], why["reconnect"]) == (4410, "not_acknowledging", "yes")
    assert 0.4 < took < 1.5


async def test_any_progress_keeps_a_slow_reader(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hubs, "TICK_SECONDS", 0.05)
    settings.SOCKET_ACK_WINDOW = 5
    settings.SOCKET_ACK_STALL_SECONDS = 0.6
    await in_db(move, 1, 20)
    async with signed_in() as socket:
        await socket.watch(TOPIC, since=0)
        for seq in range(1, 6):
            await asyncio.sleep(0.3)
            await socket.ack({TOPIC: seq})
        assert socket.close_code is None


async def test_the_while_begins_when_the_window_is_full(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One event may lie unacknowledged for long: that is no reason to let go in the next burst."""
    monkeypatch.setattr(hubs, "TICK_SECONDS", 0.05)
    settings.SOCKET_ACK_WINDOW = 5
    settings.SOCKET_ACK_STALL_SECONDS = 0.6
    async with signed_in() as socket:
        await socket.watch(TOPIC)
        await in_db(move, 1)
        await asyncio.sleep(0.9)
        await in_db(move, 1, 10)
        await everything_sent(socket, TOPIC, 5)
        await asyncio.sleep(0.3)
        await socket.ack()
        await everything_sent(socket, TOPIC, 10)


async def test_a_quiet_socket_with_room_may_leave_events_unacknowledged(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hubs, "TICK_SECONDS", 0.05)
    settings.SOCKET_ACK_WINDOW = 5
    settings.SOCKET_ACK_STALL_SECONDS = 0.2
    async with signed_in() as socket:
        await socket.watch(TOPIC)
        await in_db(move, 1, 4)
        await everything_sent(socket, TOPIC, 4)
        await asyncio.sleep(0.6)
        await socket.ping()


# -- floods -----------------------------------------------------------------------------------------------


async def test_acknowledgements_that_acknowledge_are_free(settings: Any) -> None:
    settings.SOCKET_COMMAND_BURST = 10
    await in_db(move, 1, 200)
    async with signed_in() as socket:
        await socket.watch(TOPIC, since=0)
        await everything_sent(socket, TOPIC, 200)
        for seq in range(1, 201):
            await socket.ack({TOPIC: seq})
        await socket.ping()


async def test_acknowledgements_that_acknowledge_nothing_are_counted(settings: Any) -> None:
    """Otherwise they are the one frame that a client may send without end."""
    settings.SOCKET_COMMAND_BURST = 10
    async with signed_in() as socket:
        await socket.watch(TOPIC)
        for _ in range(10):
            await socket.send({"op": "ack", "topics": {TOPIC: 0, "slots.9": 5}})
        await socket.ping()  # they take nothing from the commands
        for _ in range(10):
            await socket.send({"op": "ack", "topics": {TOPIC: 0, "slots.9": 5}})
        assert await socket.closed() == 4429
