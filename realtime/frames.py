"""Every message of the protocol `clinic.v1`, typed: the one source for both directions."""

import struct
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from clinic.queries.journal import Frame

PROTOCOL: Final = "clinic.v1"

CommandId = Annotated[int, Field(ge=0, strict=True)]
Seq = Annotated[int, Field(ge=0, strict=True)]
TopicName = Annotated[str, Field(max_length=64)]


class BadFrame(Exception):
    """The client sent what is no message of the protocol. `command_id` is set where it could be read."""

    def __init__(self, command_id: int | None = None) -> None:
        self.command_id = command_id
        super().__init__("bad_frame")


# -- from the client -----------------------------------------------------------------------------------


class _Command(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Auth(_Command):
    op: Literal["auth"]
    id: CommandId
    token: str


class Watch(_Command):
    op: Literal["watch"]
    id: CommandId
    topic: TopicName
    since: Seq | None = None
    epoch: str | None = Field(default=None, max_length=64)


class Unwatch(_Command):
    op: Literal["unwatch"]
    id: CommandId
    topic: TopicName


class Ping(_Command):
    op: Literal["ping"]
    id: CommandId


class Ack(_Command):
    op: Literal["ack"]
    topics: dict[TopicName, Seq]


# What is answered, in order; acknowledgements are not.
Request = Auth | Watch | Unwatch | Ping
Command = Request | Ack
_COMMANDS: Final[TypeAdapter[Command]] = TypeAdapter(Annotated[Command, Field(discriminator="op")])


def parse_command(text: str) -> Command:
    """Raises BadFrame, with the command's id where there was one."""
    try:
        return _COMMANDS.validate_json(text)
    except ValidationError:
        raise BadFrame(_id_in(text)) from None


class _OnlyId(BaseModel):
    id: CommandId


def _id_in(text: str) -> int | None:
    try:
        return _OnlyId.model_validate_json(text).id
    except ValidationError:
        return None


# -- from the server -----------------------------------------------------------------------------------


class _ServerFrame(BaseModel):
    model_config = ConfigDict(frozen=True)

    def text(self) -> str:
        return self.model_dump_json(exclude_none=True)


class Who(BaseModel):
    id: int
    name: str


class User(Who):
    role: str


class Error(BaseModel):
    code: str
    message: str
    retryable: bool
    retry_after_ms: int | None = None


class Welcome(_ServerFrame):
    op: Literal["welcome"] = "welcome"
    protocol: Literal["clinic.v1"] = PROTOCOL
    time: datetime
    heartbeat_s: int
    limits: dict[str, int]


class Done(_ServerFrame):
    """The reply to ping and unwatch."""

    re: int
    ok: Literal[True] = True


class Failed(_ServerFrame):
    re: int | None = None
    ok: Literal[False] = False
    error: Error


class Authenticated(_ServerFrame):
    re: int
    ok: Literal[True] = True
    user: User
    expires_at: datetime
    epoch: str
    topics: list[str]


class Watching(_ServerFrame):
    re: int
    ok: Literal[True] = True
    topic: str
    head: int
    epoch: str
    mode: Literal["fresh", "resumed", "reset"]
    reason: Literal["too_old", "ahead", "other_epoch"] | None = None


class Live(_ServerFrame):
    op: Literal["live"] = "live"
    topic: str
    seq: int


class EventFrame(_ServerFrame):
    """Stored as text when it was written (clinic/journal.py), so this model only checks and documents."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    op: Literal["event"] = "event"
    topic: str
    seq: int
    id: str
    type: str
    at: datetime
    actor: Who | None
    data: dict[str, Any]
    cause: str | None = None
    notification: dict[str, Any] | None = None


class Heartbeat(_ServerFrame):
    op: Literal["hb"] = "hb"
    heads: dict[str, int]
    time: datetime


class AuthExpiring(_ServerFrame):
    op: Literal["auth.expiring"] = "auth.expiring"
    expires_at: datetime


class Revoked(_ServerFrame):
    op: Literal["revoked"] = "revoked"
    topic: str
    reason: str


class Reset(_ServerFrame):
    """What is missing is no longer kept: load the snapshot, then watch again."""

    op: Literal["reset"] = "reset"
    topic: str
    reason: str


class Presence(_ServerFrame):
    """Who is watching this topic now, each person once. It has no number and is not kept."""

    op: Literal["presence"] = "presence"
    topic: str
    watching: list[User]


class Goodbye(_ServerFrame):
    """Sent before a close, because a close frame's reason does not get through."""

    op: Literal["error"] = "error"
    code: str
    message: str
    reconnect: Literal["yes", "no", "after"]
    reconnect_in_ms: int | None = None


SERVER_FRAMES: Final = (
    Welcome,
    Authenticated,
    Watching,
    Done,
    Failed,
    Live,
    EventFrame,
    Heartbeat,
    AuthExpiring,
    Revoked,
    Reset,
    Presence,
    Goodbye,
)
_BY_OP: Final[dict[str, type[_ServerFrame]]] = {
    model.model_fields["op"].default: model for model in SERVER_FRAMES if "op" in model.model_fields
}


def check_server_frame(frame: dict[str, Any]) -> _ServerFrame:
    """The model of a frame a server sent; raises ValueError for what the protocol does not know."""
    if "op" in frame:
        if frame["op"] not in _BY_OP:
            raise ValueError(f"unknown op {frame['op']!r}")
        return _BY_OP[frame["op"]].model_validate(frame, extra="forbid")
    replies = TypeAdapter(Authenticated | Watching | Failed | Done)
    reply: _ServerFrame = replies.validate_python(frame, extra="forbid")
    return reply


# -- frames on the wire, past the server's own work on them -------------------------------------------------

_LAST_OF_ONE_TEXT: Final = 0x81
_IS_MASKED: Final = 0x80
_KEY_BYTES: Final = 4
_TWO_BYTES_SAY_HOW_LONG: Final = 126
_EIGHT_BYTES_SAY_HOW_LONG: Final = 127


@dataclass(frozen=True, slots=True)
class ReadyFrame:
    """An event as its watchers get it: as text, and as a frame of RFC 6455 (unmasked, in one piece)."""

    seq: int
    text: str
    wire: bytes

    @classmethod
    def of(cls, frame: Frame) -> "ReadyFrame":
        payload = frame.text.encode()
        size = len(payload)
        if size < _TWO_BYTES_SAY_HOW_LONG:
            head = struct.pack("!BB", _LAST_OF_ONE_TEXT, size)
        elif size < 1 << 16:
            head = struct.pack("!BBH", _LAST_OF_ONE_TEXT, _TWO_BYTES_SAY_HOW_LONG, size)
        else:
            head = struct.pack("!BBQ", _LAST_OF_ONE_TEXT, _EIGHT_BYTES_SAY_HOW_LONG, size)
        return cls(frame.seq, frame.text, head + payload)


def text_in(data: bytes) -> str | None:
    """The text of a client's frame that fills these bytes exactly, as nearly all do; None for anything else."""
    if len(data) < 2 or data[0] != _LAST_OF_ONE_TEXT or not data[1] & _IS_MASKED:
        return None
    size, begin = data[1] ^ _IS_MASKED, 2
    if size == _EIGHT_BYTES_SAY_HOW_LONG:
        return None
    if size == _TWO_BYTES_SAY_HOW_LONG:
        size, begin = int.from_bytes(data[2:4]), 4
        if size < _TWO_BYTES_SAY_HOW_LONG:
            return None  # said in more bytes than it needs: the library knows what becomes of it
    key, masked = data[begin : begin + _KEY_BYTES], data[begin + _KEY_BYTES :]
    if len(masked) != size:
        return None
    keys = (key * (size // _KEY_BYTES + 1))[:size]
    plain = (int.from_bytes(masked) ^ int.from_bytes(keys)).to_bytes(size)
    try:
        return plain.decode()
    except UnicodeDecodeError:
        return None
