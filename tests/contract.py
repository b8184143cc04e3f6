"""The contract of the socket as the tests hold every frame against it: the document, and nothing else."""

import copy
import re
import uuid
from functools import cache
from typing import Any, Final

from jsonschema_rs import Draft7Validator

from realtime.contract import document

Frame = dict[str, Any]
_SOCKET: Final = "/channels/socket"


def check_sent(frame: Frame) -> None:
    """Raises ValueError for what is no command of the contract."""
    _check(_messages_by_op("receive"), str(frame.get("op")), frame)


def check_received(frame: Frame, *, answers: str | None = None) -> None:
    """Raises ValueError for what no server says; `answers` is the command that it is the reply to, where known."""
    if frame.get("op") == "event":
        topic, _, _ = str(frame.get("topic")).partition(".")
        _check(_events(), f"{topic} {frame.get('type')}", frame)
    elif "op" in frame:
        _check(_messages_by_op("send"), str(frame["op"]), frame)
    else:
        _validator(f"reply {answers}" if answers in _replies() else "reply").validate(frame)


def an_event(topic: str, seq: int, type: str = "appointment.booked") -> Frame:
    """What a made-up server says: the contract's own example, of this topic under this number."""
    name = _events()[f"{topic.partition('.')[0]} {type}"]
    example: Frame = document()["components"]["messages"][name]["examples"][0]["payload"]
    return copy.deepcopy(example) | {"topic": topic, "seq": seq, "id": str(uuid.UUID(int=seq))}


def _check(messages: dict[str, str], name: str, frame: Frame) -> None:
    if name not in messages:
        raise ValueError(f"unknown op or event {name!r}: {frame}")
    _validator(messages[name]).validate(frame)


@cache
def _messages_by_op(action: str) -> dict[str, str]:
    """The messages of the socket by their `op`, in one direction."""
    found = {}
    for operation in document()["operations"].values():
        if operation["action"] == action:
            for message in operation.get("messages", ()):
                name = message["$ref"].rpartition("/")[2]
                found[str(_schema_of(name)["properties"]["op"]["const"])] = name
    return found


@cache
def _events() -> dict[str, str]:
    """The messages of the topics by topic and type."""
    return {
        f"{channel} {event}": message["$ref"].rpartition("/")[2]
        for channel, said in document()["channels"].items()
        if f"/channels/{channel}" != _SOCKET
        for event, message in said["messages"].items()
    }


@cache
def _replies() -> dict[str, list[str]]:
    """The messages that each command may be answered with."""
    return {
        name: [message["$ref"].rpartition("/")[2] for message in operation["reply"]["messages"]]
        for name, operation in document()["operations"].items()
        if "reply" in operation
    }


def _schema_of(message: str) -> Any:
    payload = document()["components"]["messages"][message]["payload"]
    return document()["components"]["schemas"][payload["$ref"].rpartition("/")[2]]


@cache
def _validator(message: str) -> Draft7Validator:
    """Of a message, of every reply to a command, or of every reply."""
    components = document()["components"]
    kind, _, command = message.partition(" ")
    if kind != "reply":
        schema = components["messages"][message]["payload"]
    elif command:
        schema = {"anyOf": [components["messages"][one]["payload"] for one in _replies()[command]]}
    else:
        schema = {"$ref": "#/components/schemas/Reply"}
    whole = {"allOf": [schema], "components": {"schemas": components["schemas"]}}
    return Draft7Validator(whole, validate_formats=True, formats={"uuid": _is_uuid})


def _is_uuid(text: str) -> bool:
    return re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", text) is not None
