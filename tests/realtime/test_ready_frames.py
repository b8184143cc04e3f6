"""Events on the wire: encoded once by us, and just what any websocket library reads."""

import pytest
from websockets.client import ClientProtocol
from websockets.frames import Frame as WireFrame
from websockets.frames import Opcode
from websockets.protocol import OPEN
from websockets.uri import parse_uri

from clinic.queries.journal import Frame
from realtime.frames import ReadyFrame, text_in

pytestmark = pytest.mark.engine("sqlite")


@pytest.mark.parametrize("size", [1, 125, 126, 127, 65_535, 65_536, 70_000])
def test_a_ready_frame_is_what_a_websocket_library_reads(size: int) -> None:
    text = "ä" * (size // 2) + "x" * (size % 2)
    client = ClientProtocol(parse_uri("ws://localhost/"), state=OPEN)

    client.receive_data(ReadyFrame.of(Frame(7, text)).wire)

    assert client.events_received() == [WireFrame(Opcode.TEXT, text.encode(), fin=True)]


@pytest.mark.parametrize("size", [0, 1, 3, 125, 126, 127, 65_535])
def test_what_a_websocket_library_sends_is_read_whole(size: int) -> None:
    text = "ä" * (size // 2) + "x" * (size % 2)

    assert text_in(_masked(text.encode())) == text


_TEXT = b'{"op":"ack","topics":{"desk":4}}'


def _masked(payload: bytes, opcode: Opcode = Opcode.TEXT, *, fin: bool = True) -> bytes:
    return WireFrame(opcode, payload, fin=fin).serialize(mask=True)


LEFT = {
    "nothing": b"",
    "its beginning": b"\x81",
    "not whole": _masked(_TEXT)[:-1],
    "the next one has begun": _masked(_TEXT) + b"\x81",
    "two": _masked(_TEXT) * 2,
    "not the last piece": _masked(_TEXT, fin=False),
    "bytes": _masked(_TEXT, Opcode.BINARY),
    "a ping": _masked(_TEXT, Opcode.PING),
    "a later piece": _masked(_TEXT, Opcode.CONT),
    "no UTF-8": _masked(b"\xff\xfe"),
    "not masked": WireFrame(Opcode.TEXT, _TEXT).serialize(mask=False),
    "a bit that nobody agreed on": b"\xc1" + _masked(_TEXT)[1:],
    "its length in more bytes than needed": b"\x81\xfe\x00\x01aaaaa",
    "long": _masked(b"x" * 65_536),
}


# By their names: each process that collects this makes other masks.
@pytest.mark.parametrize("what", LEFT)
def test_anything_else_is_left_to_the_server(what: str) -> None:
    assert text_in(LEFT[what]) is None
