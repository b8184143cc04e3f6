"""Whatever a client sends, it is answered or shut out by the rules: never 1011, never a traceback."""

import asyncio
import json
import random
from collections.abc import Callable
from typing import Any, get_args

import pytest
from channels.testing import WebsocketCommunicator
from django.test import override_settings

from realtime import frames
from realtime.asgi import application
from tests import world
from tests.clients import PATIENCE_SECONDS
from tests.contract import check_received
from tests.realtime.stage import HOST, hub_here, in_db, lasting, move, signed_in

pytestmark = pytest.mark.usefixtures("hub")

NASTY: list[Any] = [
    None, True, False, 0, -1, 1, 1.5, -0.0, 1e308, 2**31, 2**63, 2**64, 10**30, 10**400, "", " ", "\x00", "\ud800",
    "\udfff\ud800", "é", "\u2028", "\u202e", "𝕏" * 10, "x" * 65, "x" * 5000, "user.1", "desk", "slots.1", "slots.0",
    "user." + "9" * 40, "__proto__", "../..", "' OR 1=1 --", "${x}", "NaN", [], {}, [[]], [None] * 50, {"": ""},
    {"op": "ping"}, {"slots.1": 1}, {"slots.1": -1}, {"slots.1": 2**70}, {"x" * 65: 1},
]  # fmt: skip
RAW = [
    "", " ", "\x00", "null", "true", "0", '"', "'", "{", "}", "[", "]", "{}", "[]", "{,}", '{"id"}', '{"id":}',
    '{"id":1,}', "{'id': 1}", '{"id": 01, "op": "ping"}', '{"id": +1, "op": "ping"}', '{"id": 1e5, "op": "ping"}',
    '{"id": NaN, "op": "ping"}', '{"id": Infinity, "op": "ping"}', '{"id":1,"id":2,"op":"ping"}',
    '{"id":1,"op":"ping","op":"dance"}', '{"id":1,"op":"ping"}garbage', "\ufeff" + '{"id":1,"op":"ping"}',
    '{"id":1,"op":"\\ud800"}', '{"id":1,"op":"ping","\\udc00":1}', '{"id":1,"op":"watch","topic":"\\u0000"}',
    "[" * 15000, '{"a":' * 3200, "[" * 7000 + "]" * 7000, '"' + "\\" * 999, '{"id":' + "9" * 15000 + ',"op":"ping"}',
    '{"id":-' + "9" * 15000 + ',"op":"ping"}', '{"id":1.' + "9" * 15000 + ',"op":"ping"}',
    '{"id":1e999999999,"op":"ping"}',
    '{"op":"ack","topics":{' + ",".join(f'"{n}":{n}' for n in range(1000)) + "}}", "\ud800", '{"id":1,"op":"\udc80"}',
    "x" * 16385, "é" * 8193, "x" * 60000,
]  # fmt: skip
# Something for every field there is: a new one needs its line here before anything is fuzzed again.
FIELDS: dict[str, Any] = {
    "id": 1, "token": "x", "topic": "slots.1", "since": 0, "epoch": "e", "topics": {"slots.1": 1},
}  # fmt: skip
COMMANDS: list[dict[str, Any]] = [
    {name: get_args(field.annotation)[0] if name == "op" else FIELDS[name]
     for name, field in model.model_fields.items()}
    for model in get_args(frames.Command)
]  # fmt: skip
# A wrong token ends the socket wherever it is sent, so those are rare.
NEARLY = [command for command in COMMANDS if command["op"] != "auth"] + [
    {"id": 3, "op": "watch", "topic": "user.1"},
    {"id": 6, "op": "presence", "topic": "record.1"},
]
[AUTH] = [command for command in COMMANDS if command["op"] == "auth"]


class Mutator:
    """Frames that are nearly right, and frames that are nothing at all."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance

    def frame(self) -> str | bytes:
        way = self.chance.choices(
            (self.nearly, self.raw, self.bent, self.noise, self.binary), (50, 15, 20, 10, 5)
        )[0]
        return way()

    def nearly(self) -> str:
        frame = dict(AUTH if self.chance.random() < 0.01 else self.chance.choice(NEARLY))
        for _ in range(self.chance.randint(0, 2)):
            match self.chance.randrange(4):
                case 0:
                    frame.pop(self.chance.choice(list(frame)), None)
                case 1:
                    frame[self.chance.choice([*frame, "x"])] = self.chance.choice(NASTY)
                case 2:
                    frame[self.chance.choice(["", "id", "op", "topics"])] = self.chance.choice(
                        NASTY
                    )
                case 3:
                    frame = {**frame, "x": [frame]}
            if not frame:
                break
        return json.dumps(frame, ensure_ascii=self.chance.random() < 0.5)

    def raw(self) -> str:
        return self.chance.choice(RAW) or " "

    def bent(self) -> str:
        text = list(self.nearly())
        for _ in range(self.chance.randint(1, 4)):
            place = self.chance.randrange(len(text))
            text[place] = self.chance.choice(
                ["", "{", "}", '"', "\\", "\x00", "\ud800", "9", ",", "é"]
            )
        return "".join(text) or " "

    def noise(self) -> str:
        points = self.chance.choices(range(0x20000), k=self.chance.randint(1, 200))
        return "".join(map(chr, points))

    def binary(self) -> bytes:
        return self.chance.randbytes(self.chance.randint(1, 300))


ALLOWED_CLOSES = {4400, 4401, 4403, 4429}


async def one_socket(token: str, frame: Callable[[], str | bytes], count: int) -> tuple[int, int]:
    """Send up to so many frames on one socket, signed in or not; how many it took, and its close code."""
    peer = WebsocketCommunicator(application, "/ws/", [HOST])
    await peer.connect(timeout=PATIENCE_SECONDS)
    if token:
        await peer.send_json_to({"id": 0, "op": "auth", "token": token})
    code = sent = 0
    while sent < count and not code:
        sent += 1
        something = frame()
        if isinstance(something, bytes):
            await peer.send_to(bytes_data=something)
        else:
            await peer.send_to(text_data=something)
        await asyncio.sleep(0)
        while not peer.output_queue.empty():
            code = _accept(await peer.receive_output()) or code
    await peer.send_input({"type": "websocket.disconnect", "code": 1001})
    await peer.wait(timeout=PATIENCE_SECONDS)
    while not peer.output_queue.empty():
        code = _accept(peer.output_queue.get_nowait()) or code
    return sent, code


def _accept(message: dict[str, Any]) -> int:
    if message["type"] == "websocket.close":
        code = message["code"]
        assert code in ALLOWED_CLOSES, message
        assert isinstance(code, int)
        return code
    check_received(json.loads(message["text"]))
    return 0


# No run may end because a token has.
LONG_SECONDS = 7200


async def fuzz(settings: Any, count: int, seed: int) -> None:
    settings.SOCKETS_PER_PERSON = 1000
    settings.SOCKETS_UNAUTHENTICATED_PER_ADDRESS = 1000
    # How fast this machine is must not decide whether somebody sends too much.
    settings.SOCKET_COMMANDS_PER_SECOND = 1
    chance = random.Random(seed)
    mutator = Mutator(chance)
    await in_db(move, 1, 5)
    token = lasting((await in_db(lambda: world.tokens(world.a_patient()))).access, LONG_SECONDS)
    sent, codes = 0, set[int]()
    async with signed_in(seconds=LONG_SECONDS) as bystander:
        await bystander.watch("slots.1")
        while sent < count:
            opener = token if chance.random() < 0.9 else ""
            # The tenth bad frame ends a socket; to get far on one, most of its life it is lenient.
            # Not by the fixture, which remembers every value there has been.
            with override_settings(
                SOCKET_BAD_FRAMES_PER_MINUTE=chance.choice([10, 1000, 1000, 1000]),
                SOCKET_COMMAND_BURST=chance.choice([20, 1000]),
            ):
                took, code = await one_socket(opener, mutator.frame, 200)
            sent += took
            codes.add(code)
        # Nobody else has noticed.
        await in_db(move, 1)
        await bystander.next_event("slots.1")
        await bystander.ping()
    assert codes & {4400, 4401, 4429} == {4400, 4401, 4429}
    assert not hub_here().feeds
    print(f"{sent} frames sent, closed with {sorted(codes)} (0: still open)")


@pytest.mark.parametrize("seed", [1, 2])
async def test_no_frame_ends_as_our_mistake(settings: Any, seed: int) -> None:
    await fuzz(settings, 2500, seed)


@pytest.mark.proof
@pytest.mark.timeout(3600)
async def test_none_of_very_many_frames_does(settings: Any) -> None:
    await fuzz(settings, 100_000, 20261121)


@pytest.mark.parametrize("signed", [True, False])
async def test_every_raw_horror_by_itself(signed: bool, settings: Any) -> None:
    settings.SOCKETS_UNAUTHENTICATED_PER_ADDRESS = 1000
    settings.SOCKETS_PER_PERSON = 1000
    token = (await in_db(lambda: world.tokens(world.a_patient()))).access if signed else ""
    for text in filter(None, RAW):
        await one_socket(token, lambda text=text: text, 1)  # type: ignore[misc]
