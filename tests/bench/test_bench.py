"""The bench's own parts: figures that are computed wrongly look like any others."""

import xml.etree.ElementTree as ElementTree

import pytest

from tests.bench import latency, picture, report
from tests.bench.numbers import median_of, percentile
from tests.bench.wire import _frame_at

pytestmark = pytest.mark.engine("sqlite")


@pytest.mark.parametrize(
    ("share", "expected"), [(0.5, 50), (0.99, 99), (1.0, 100), (0.001, 1), (0.0, 1)]
)
def test_a_percentile_is_a_value_that_was_measured(share: float, expected: int) -> None:
    assert percentile(list(range(100, 0, -1)), share) == expected


def test_rounds_are_summed_up_by_the_median_of_each_figure() -> None:
    rounds = [{"p50": 1.0, "p99": 9.0}, {"p50": 3.0, "p99": 5.0}, {"p50": 2.0, "p99": 70.0}]
    assert median_of(rounds) == {"p50": 2.0, "p99": 9.0}


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

    assert _frame_at(frame, 6) == (1, len(frame) - size, len(frame))
    assert _frame_at(frame[:-1], 6) is None


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
