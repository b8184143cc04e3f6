"""The socket client hands out frames once and fails by itself when numbers jump."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from channels.testing import WebsocketCommunicator

from realtime.hub import Hub, close_hub, this_hub
from tests.clients import PROTOCOL, ApplicationWire, Closed, Frame, Socket, open_application_socket
from tests.contract import an_event as event


async def scripted(*frames: Frame | int) -> Socket:
    """A client whose server says these frames; a number closes the socket."""

    async def application(_scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        for frame in frames:
            if isinstance(frame, int):
                await send({"type": "websocket.close", "code": frame})
            else:
                await send({"type": "websocket.send", "text": json.dumps(frame)})
        await receive()

    communicator = WebsocketCommunicator(application, "/ws/")
    await communicator.connect()
    socket = Socket(ApplicationWire(communicator))
    socket.last_seq["desk"] = 4
    return socket


async def test_events_are_handed_out_once_and_in_order() -> None:
    async with await scripted(event("desk", 5), event("desk", 6), event("desk", 7)) as socket:
        assert (await socket.next_event("desk"))["seq"] == 5
        assert (await socket.until(lambda frame: frame["seq"] == 7))["seq"] == 7
        assert (await socket.next_event("desk"))["seq"] == 6
        assert [frame["seq"] for frame in socket.events("desk")] == [5, 6, 7]


@pytest.mark.parametrize("seq", [4, 6], ids=["repeated", "skipped"])
async def test_a_number_that_is_not_the_next_fails_the_test(seq: int) -> None:
    async with await scripted(event("desk", seq)) as socket:
        with pytest.raises(AssertionError, match=f"desk jumped from 4 to {seq}"):
            await socket.next_event()
        socket._fault = None


async def test_an_event_that_nobody_watches_fails_the_test() -> None:
    async with await scripted(event("user.1", 1)) as socket:
        with pytest.raises(AssertionError, match="not watched"):
            await socket.next_event()
        socket._fault = None


async def test_a_fault_that_nobody_waited_for_fails_the_test_at_the_end() -> None:
    with pytest.raises(AssertionError, match="jumped"):
        async with await scripted(event("desk", 9), 1000) as socket:
            await socket._reader


@pytest.mark.parametrize(
    "frame",
    [{"op": "gossip"}, {**event("desk", 5), "secret": 1}, {**event("desk", 5), "data": {}}],
    ids=["unknown", "more", "less"],
)
async def test_a_frame_that_the_protocol_does_not_know_fails_the_test(frame: Frame) -> None:
    async with await scripted(frame) as socket:
        with pytest.raises(ValueError, match=r"unknown op|secret|required"):
            await socket.next_event()
        socket._fault = None


async def test_a_closed_socket_says_its_code() -> None:
    async with await scripted(4401) as socket:
        with pytest.raises(Closed, match="4401"):
            await socket.next_event()
        assert await socket.closed() == 4401


async def test_waiting_in_vain_says_what_was_heard() -> None:
    async with await scripted(event("desk", 5)) as socket:
        with pytest.raises(TimeoutError, match=r"appointment\.booked"):
            await socket.next_event("user.1", timeout=0.05)


@pytest.fixture
async def hub() -> AsyncIterator[Hub]:
    """This process's hub, which sockets without a network make; gone after the test."""
    yield this_hub()
    await close_hub()


@pytest.mark.django_db(transaction=True)
async def test_the_same_client_talks_to_the_application_in_this_process(hub: Hub) -> None:
    async with open_application_socket() as socket:
        assert (await socket.until(lambda frame: frame["op"] == "welcome"))["protocol"] == PROTOCOL
        refused = await socket.command("auth", token="nobody's")
        assert refused["error"]["code"] == "unauthenticated"
        assert await socket.closed() == 4401
