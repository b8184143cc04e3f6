"""What a client may send, read: a command, or a bad frame, and whose."""

import pytest

from realtime import frames

pytestmark = pytest.mark.engine("sqlite")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "[]",
        "null",
        '"ping"',
        "{}",
        '{"id": 1}',
        '{"id": 1, "op": "dance"}',
        '{"id": 1, "op": 7}',
        '{"op": "ping"}',
        '{"id": "1", "op": "ping"}',
        '{"id": true, "op": "ping"}',
        '{"id": 1.0, "op": "ping"}',
        '{"id": -1, "op": "ping"}',
        '{"id": 1, "op": "watch"}',
        '{"id": 1, "op": "watch", "topic": 5}',
        '{"id": 1, "op": "watch", "topic": "desk", "since": -1}',
        '{"id": 1, "op": "watch", "topic": "desk", "since": "1"}',
        '{"id": 1, "op": "watch", "topic": "desk", "since": 1.5}',
        '{"op": "ack", "topics": []}',
        '{"op": "ack", "topics": {"desk": null}}',
        '{"op": "ack"}',
        '{"id": 1, "op": "ping"} {}',
        '{"id": 1, "op": "ping",}',
        '{"id": NaN, "op": "ping"}',
        '{"id": 1, "op": "auth", "token": "\\ud800"}',
        '{"id": 1, "op": "auth", "token": "\ud800"}',
        "[" * 8000,
        '{"a":' * 3000,
        '{"id": 1' + "0" * 5000 + ', "op": "ping"}',
    ],
    ids=lambda text: text.encode(errors="replace")[:30].decode(),
)
def test_what_is_no_command_is_a_bad_frame(text: str) -> None:
    with pytest.raises(frames.BadFrame):
        frames.parse_command(text)


def test_a_bad_frame_says_whose_it_is_when_that_can_be_read() -> None:
    with pytest.raises(frames.BadFrame) as caught:
        frames.parse_command('{"id": 7, "op": "dance"}')

    assert caught.value.command_id == 7


def test_unknown_fields_are_ignored() -> None:
    command = frames.parse_command('{"id": 7, "op": "ping", "colour": "blue"}')

    assert command == frames.Ping(op="ping", id=7)
