"""Every message of the protocol `clinic.v1`, typed: the one source for both directions."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final, Literal, get_args
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from clinic.models.people import Role
from clinic.queries.journal import Frame
from clinic.shapes.notifications import NotificationShape

PROTOCOL: Final = "clinic.v1"

# Any number of the client's own; the reply has it as `re`.
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
    """Sign in with an access token: the first frame, and again before the token ends, in the same session."""

    op: Literal["auth"]
    id: CommandId
    token: str


class Watch(_Command):
    """Watch a topic: after the number `since`, which counts in `epoch`, or from now on."""

    op: Literal["watch"]
    id: CommandId
    topic: TopicName
    since: Seq | None = None
    epoch: str | None = Field(default=None, max_length=64)


class Unwatch(_Command):
    """Watch a topic no longer."""

    op: Literal["unwatch"]
    id: CommandId
    topic: TopicName


class Ping(_Command):
    """Ask for a sign of life."""

    op: Literal["ping"]
    id: CommandId


class Ack(_Command):
    """The numbers up to which events of these topics have arrived. It has no id and no reply."""

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


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _ServerFrame(_Part):
    def text(self) -> str:
        return self.model_dump_json(exclude_none=True)


class Who(_Part):
    id: int
    name: str


class User(Who):
    role: Role


class Error(_Part):
    """Why a command was refused. `code` is for programs; `retry_after_ms` is there if it may be tried again."""

    code: str
    message: str
    retryable: bool
    retry_after_ms: int | None = None


class Limits(_Part):
    frame_bytes: int = Field(description="A frame of a client; a larger one is `bad_frame`.")
    auth_bytes: int = Field(description="The first frame.")
    auth_seconds: int = Field(description="From `welcome` to `auth`.")
    command_burst: int = Field(description="Commands at once.")
    commands_per_second: int = Field(description="Commands for ever.")
    wire_frames: int = Field(description="Frames of RFC 6455 at once; one more for each event.")
    wire_frames_per_second: int = Field(description="Frames of RFC 6455 for ever.")
    topics: int = Field(description="Topics watched on one socket.")
    sockets_per_person: int = Field(description="Sockets of one person; the oldest goes.")
    ack_window: int = Field(description="Events sent and not acknowledged.")
    replay_page: int = Field(description="Events read at once from the database.")


class Welcome(_ServerFrame):
    """The first frame of a server: it waits for `auth`."""

    op: Literal["welcome"] = "welcome"
    protocol: Literal["clinic.v1"] = PROTOCOL
    time: datetime
    heartbeat_s: int
    limits: Limits


class Done(_ServerFrame):
    """It is done."""

    re: CommandId
    ok: Literal[True] = True


class Failed(_ServerFrame):
    """It was refused. `re` is missing where the command's id could not be read."""

    re: CommandId | None = None
    ok: Literal[False] = False
    error: Error


class Authenticated(_ServerFrame):
    """Who is signed in until when, and the topics that somebody of this role normally watches."""

    re: CommandId
    ok: Literal[True] = True
    user: User
    expires_at: datetime
    epoch: str
    topics: list[str]


Mode = Literal["fresh", "resumed", "reset"]
ResetReason = Literal["too_old", "ahead", "other_epoch"]


class Watching(_ServerFrame):
    """`resumed`: what was missed follows. `fresh`: from `head` on. `reset`: not watched; load the snapshot."""

    re: CommandId
    ok: Literal[True] = True
    topic: str
    head: Seq
    epoch: str
    mode: Mode
    reason: ResetReason | None = None


class Live(_ServerFrame):
    """Everything up to `seq` has been sent; from here on events come as they are committed."""

    op: Literal["live"] = "live"
    topic: str
    seq: Seq


class EventFrame(_ServerFrame):
    """What happened. It is stored as text when it is written (clinic/journal.py): these models only say how.

    What `data` is depends on the type and the topic (realtime/schemas.py).
    """

    op: Literal["event"] = "event"
    topic: str
    seq: Annotated[int, Field(ge=1)]
    id: UUID
    type: str
    at: datetime
    actor: Who | None
    data: Any


class PersonalEventFrame(EventFrame):
    """One of somebody's own topic: `cause` is the key of their own request, `notification` the line in their inbox."""

    cause: str | None = None
    notification: NotificationShape | None = None


class NobodysEventFrame(EventFrame):
    """One that never says who acted."""

    actor: None


class Heartbeat(_ServerFrame):
    """Nothing has been sent for a while. These are the last numbers of the topics watched."""

    op: Literal["hb"] = "hb"
    heads: dict[str, Seq]
    time: datetime


class AuthExpiring(_ServerFrame):
    """Send `auth` with a new token of this session, or be closed when this one expires."""

    op: Literal["auth.expiring"] = "auth.expiring"
    expires_at: datetime


class Revoked(_ServerFrame):
    """The right to watch this topic has ended; nothing of it follows."""

    op: Literal["revoked"] = "revoked"
    topic: str
    reason: Literal["right_ended"] = "right_ended"


class Reset(_ServerFrame):
    """What is missing is no longer kept: load the snapshot, then watch again."""

    op: Literal["reset"] = "reset"
    topic: str
    reason: Literal["too_old"] = "too_old"


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


COMMANDS: Final[tuple[type[_Command], ...]] = get_args(Command)
# What is answered to whom; a refusal, Failed, to all of them.
REPLIES: Final[Mapping[type[_Command], type[_ServerFrame]]] = {
    Auth: Authenticated,
    Watch: Watching,
    Unwatch: Done,
    Ping: Done,
}
ANSWERS: Final[tuple[type[_ServerFrame], ...]] = tuple(dict.fromkeys((*REPLIES.values(), Failed)))
# Everything else a server says; beside it, events.
PUSHES: Final[tuple[type[_ServerFrame], ...]] = (
    Welcome,
    Live,
    Heartbeat,
    AuthExpiring,
    Revoked,
    Reset,
    Presence,
    Goodbye,
)


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
