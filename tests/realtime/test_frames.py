"""The message models are the contract: every frame a server may send is known by its name."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from realtime import frames
from tests.clients import validate_frame

pytestmark = pytest.mark.engine("sqlite")

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
EVENT: dict[str, Any] = {
    "op": "event", "topic": "desk", "seq": 1, "id": "a", "type": "appointment.booked",
    "at": NOW.isoformat(), "actor": None, "data": {},
}  # fmt: skip
REFUSAL = frames.Error(code="bad_frame", message="No.", retryable=False)


@pytest.mark.parametrize(
    "frame",
    [
        frames.Welcome(time=NOW, heartbeat_s=25, limits={"topics": 100}),
        frames.Done(re=1),
        frames.Failed(re=1, error=REFUSAL),
        frames.Failed(error=REFUSAL),
        frames.Live(topic="desk", seq=1),
        frames.EventFrame.model_validate(EVENT),
        frames.Heartbeat(heads={"desk": 1}, time=NOW),
        frames.AuthExpiring(expires_at=NOW),
        frames.Revoked(topic="desk", reason="right_ended"),
        frames.Reset(topic="desk", reason="too_old"),
        frames.Presence(topic="record.1", watching=[frames.User(id=1, name="A", role="DOCTOR")]),
        frames.Goodbye(code="bad_frame", message="No.", reconnect="no"),
        frames.Watching(re=1, topic="desk", head=1, epoch="e", mode="fresh"),
        frames.Authenticated(
            re=1,
            user=frames.User(id=1, name="A", role="PATIENT"),
            expires_at=NOW,
            epoch="e",
            topics=[],
        ),
    ],
    ids=lambda frame: type(frame).__name__,
)
def test_a_frame_of_the_server_is_read_back_as_what_it_was(frame: Any) -> None:
    sent = json.loads(frame.text())
    sent.setdefault("actor", None) if frame.text().startswith('{"op":"event"') else None

    assert type(frames.check_server_frame(sent)) is type(frame)


@pytest.mark.parametrize(
    "frame",
    [{"op": "gossip"}, {**EVENT, "secret": 1}, {"re": 1, "ok": True, "secret": 1}, {"seq": 1}],
    ids=["unknown op", "more than an event", "more than a reply", "neither"],
)
def test_what_the_protocol_does_not_know_is_refused(frame: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"unknown op|validation error"):
        validate_frame("received", frame)


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
