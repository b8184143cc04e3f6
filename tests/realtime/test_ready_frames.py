"""Events on the wire: encoded once by us, and just what any websocket library reads."""

import pytest
from websockets.client import ClientProtocol
from websockets.frames import Frame as WireFrame
from websockets.frames import Opcode
from websockets.protocol import OPEN
from websockets.uri import parse_uri

from clinic.queries.journal import Frame
from realtime.frames import ReadyFrame

pytestmark = pytest.mark.engine("sqlite")


@pytest.mark.parametrize("size", [1, 125, 126, 127, 65_535, 65_536, 70_000])
def test_a_ready_frame_is_what_a_websocket_library_reads(size: int) -> None:
    text = "ä" * (size // 2) + "x" * (size % 2)
    client = ClientProtocol(parse_uri("ws://localhost/"), state=OPEN)

    client.receive_data(ReadyFrame.of(Frame(7, text)).wire)

    assert client.events_received() == [WireFrame(Opcode.TEXT, text.encode(), fin=True)]
