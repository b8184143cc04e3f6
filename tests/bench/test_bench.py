"""The bench's own parts: figures that are computed wrongly look like any others."""

import json
import os
import re
import socket
import xml.etree.ElementTree as ElementTree
from collections.abc import AsyncIterator, Iterator

import pytest

from clinic import clock
from realtime.client import Event, Item, Reset
from tests import world
from tests.bench import latency, picture, report, socketio
from tests.bench.crowd import StockMember
from tests.bench.intake import CHECKED_EVERY, Heard, Intake
from tests.bench.numbers import median_of, percentile
from tests.bench.publisher import EVENT_BYTES, payload
from tests.bench.stage import PublisherProcess
from tests.bench.wire import Refused, frame_at
from tests.bench.witness import Witness, witness
from tests.realtime.stage import in_db, move
from tests.servers.web import Web

pytestmark = pytest.mark.engine("sqlite")


@pytest.mark.parametrize(
    ("share", "expected"), [(0.5, 50), (0.99, 99), (1.0, 100), (0.001, 1), (0.0, 1)]
)
def test_a_percentile_is_a_value_that_was_measured(share: float, expected: int) -> None:
    assert percentile(list(range(100, 0, -1)), share) == expected


def test_rounds_are_summed_up_by_the_median_of_each_figure() -> None:
    rounds = [{"p50": 1.0, "p99": 9.0}, {"p50": 3.0, "p99": 5.0}, {"p50": 2.0, "p99": 70.0}]
    assert median_of(rounds) == {"p50": 2.0, "p99": 9.0}
    assert median_of([{"5": each} for each in rounds]) == {"5": {"p50": 2.0, "p99": 9.0}}


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536])
def test_frames_of_every_length_are_found_once_they_are_complete(size: int) -> None:
    length = (
        bytes([size])
        if size < 126
        else b"\x7e" + size.to_bytes(2, "big")
        if size < 65_536
        else b"\x7f" + size.to_bytes(8, "big")
    )
    frame = bytearray(b"before" + b"\x81" + length + b"x" * size)

    assert frame_at(frame, 6) == (1, len(frame) - size, len(frame))
    assert frame_at(frame[:-1], 6) is None


def test_a_wake_for_a_number_stands_for_the_numbers_before_it() -> None:
    stops = latency._stops(
        [("committed", "desk", 7, 100), ("woken", "desk", 7, 200), ("read", "desk", 6, 300)]
    )
    assert stops["desk", 6] == {"committed": 100, "woken": 200, "read": 300}


def test_stages_add_up_to_the_whole() -> None:
    stops = {"committed": 1_000_000, "woken": 3_000_000, "read": 4_000_000}

    frame = latency._Frame.of("desk", 9_000_000, stops)

    assert frame is not None
    assert frame.total_ms == sum(frame.stages_ms.values()) == 8


def test_the_picture_is_valid_and_draws_what_there_is() -> None:
    run = {"clinic": {"overlaps": 0, "attempts": 9}, "naive": {"overlaps": 4}, "engine": "sqlite"}

    drawn = ElementTree.fromstring(picture.picture({"race": {"sqlite": run}}))

    words = [text.text for text in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert words == ["Double bookings after 9 attempts at the same times",
        "sqlite, the clinic", "0", "sqlite, look, then insert", "4"]  # fmt: skip


def test_a_goal_that_was_missed_is_said_so() -> None:
    row = report.Row("B5  commit to frame, p99", "70 ms", "<= 50 ms", met=False)
    assert report._verdict(row) == "NOT MET"


# -- the load client -------------------------------------------------------------------------------------


class HandedOver(StockMember):
    """A socket whose other end the test holds."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end

    def let_go(self) -> int:
        return self._end.fileno()


class FromTheTest(PublisherProcess):
    """Has published before it is asked to."""

    def __init__(self, said: dict[str, object]) -> None:
        self.answers, theirs = os.pipe()
        os.write(theirs, json.dumps(said).encode() + b"\n")
        os.close(theirs)

    def ask(self, **wish: object) -> None:
        assert wish == {"how": "burst"}


def framed(text: str) -> bytes:
    return b"\x81\x7e" + len(text).to_bytes(2, "big") + text.encode()


PING_FRAME = b"\x89\x04ping"


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


@pytest.fixture
def hears(pair: tuple[socket.socket, socket.socket]) -> Iterator[Intake]:
    """Hears the pair's first end as one that is not checked frame by frame."""
    assert CHECKED_EVERY > 1
    checked, its_other_end = socket.socketpair()
    with checked, its_other_end:
        intake = Intake([HandedOver(checked), HandedOver(pair[0])])
        yield intake
        intake.close()


@pytest.mark.parametrize("cut", [1, 503, 504, 505, 2000])
@pytest.mark.parametrize("counted", ["slots.1", None])
def test_the_client_counts_each_event_once_however_its_bytes_arrive(
    cut: int, counted: str | None, hears: Intake, pair: tuple[socket.socket, socket.socket]
) -> None:
    """Numbers of one and of two digits, and a ping between them."""
    events = [framed(payload("slots.1", number)) for number in range(1, 13)]
    wire = b"".join([*events[:4], PING_FRAME, *events[4:]])
    for part in (wire[:cut], wire[cut:]):
        pair[1].sendall(part)
        hears._shared = counted
        hears._listen()

    published = FromTheTest({"began": 1, "ended": 2, "events": 12, "sent": []})
    before = hears._heard.arrived
    heard = hears.hear(
        published, per_event=1, counted=counted, quiet=0.01, at_most=0.01, how="burst"
    )
    os.close(published.answers)

    assert before + heard.arrived == 12
    assert hears.jumps == 0
    assert pair[1].recv(100).endswith(b"ping")


def test_what_follows_no_number_is_noticed(
    hears: Intake, pair: tuple[socket.socket, socket.socket]
) -> None:
    pair[1].sendall(framed(payload("slots.1", 1)) + framed(payload("slots.1", 3)))

    hears._listen()

    assert hears.jumps == 1


def test_what_has_not_come_has_taken_until_the_end_and_stragglers_count_for_nothing() -> None:
    sent = [("a", 2, 1_000_000), ("a", 3, 2_000_000)]
    moments = [("a", 1, 1_500_000), ("a", 2, 3_000_000), ("a", 2, 4_000_000), ("a", 3, 5_000_000)]

    heard = Heard(0, 0, events=2, sent=sent, moments=moments, ended=9_000_000)

    assert heard.latency_ms(2) == [2, 3, 3, 7]
    assert heard.missing(2) == 1


@pytest.mark.parametrize("seq", [1, 1000])
def test_what_is_published_beside_the_clinic_is_as_long_as_it_is_said_to_be(seq: int) -> None:
    assert len(payload("user.17", seq)) == EVENT_BYTES


def test_the_packages_beside_the_clinic_are_pinned_exactly() -> None:
    wanted = json.loads((socketio.SOURCE / "package.json").read_text())["dependencies"]
    locked = json.loads((socketio.SOURCE / "package-lock.json").read_text())["packages"]

    assert locked[""]["dependencies"] == wanted
    for name, version in wanted.items():
        assert re.fullmatch(r"[\d.]+", version)
        assert locked[f"node_modules/{name}"]["version"] == version
    assert all("integrity" in each for name, each in locked.items() if name)


# -- the witness -------------------------------------------------------------------------------------------


async def test_a_witness_hears_what_other_programs_would(web: Web) -> None:
    token = await in_db(lambda: world.tokens(world.a_patient()).access)
    async with witness(web.port, token, "slots.1") as one:
        assert one.heard == 0
        await in_db(move, 1, 5)
        await one.until(5)


@pytest.mark.parametrize("then", [3, 1])
async def test_a_witness_says_what_is_missing_or_comes_twice(then: int) -> None:
    async def items() -> AsyncIterator[Item]:
        yield Reset("desk", "fresh", 0, "e")
        for seq in (1, then):
            yield Event("desk", seq, "e", "x", "t", clock.now(), {}, {})

    with pytest.raises(Refused, match=f"after number 1 came .*seq={then}"):
        await Witness().listen(items())


# -- what is said ------------------------------------------------------------------------------------------


def test_a_goal_beside_others_is_about_the_ratio() -> None:
    of_each = {"clinic": 4.0, "stock": 1.0, "socketio": 2.0}
    beside = report._Beside({kind: {"burst": {"x": value}} for kind, value in of_each.items()})

    row = beside.row("B1", "burst.x", at_least=3)

    assert (row.beside, report._verdict(row)) == (("1", "2", "2.00 x"), "NOT MET")


def test_without_socket_io_no_goal_beside_it_is_judged() -> None:
    beside = report._Beside({"clinic": {"burst": {"x": 4.0}}, "stock": {"burst": {"x": 1.0}}})

    row = beside.row("B1", "burst.x", at_least=3)

    assert (row.beside, report._verdict(row)) == (("1", "-", ""), "")
