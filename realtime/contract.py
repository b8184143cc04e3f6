"""The contract of the socket as an AsyncAPI document, made from the message models and from nothing else."""

from collections.abc import Iterator
from functools import cache
from typing import Any, Final, NamedTuple, get_args

from django.conf import settings

from clinic.events import CATALOGUE, Event
from clinic.shapes.payloads import data_types
from clinic.topics import DESK, TopicKind
from realtime import frames
from realtime.closing import CLOSINGS
from realtime.examples import event_example, frame_examples
from realtime.limits import told_limits
from realtime.refusals import REFUSALS
from realtime.schemas import event_schema_name, message_schemas, reference

Document = dict[str, Any]
SOCKET: Final = "socket"
JSON: Final = "application/json"


class Topics(NamedTuple):
    """What is said of the topics of one kind."""

    owner: str
    holds: str
    watchers: str


TOPICS: Final = {
    TopicKind.USER: Topics("the id of the person", "what concerns this person", "that person"),
    TopicKind.CALENDAR: Topics(
        "the id of the doctor", "the doctor's appointments, with notes", "that doctor"
    ),
    TopicKind.SLOTS: Topics(
        "the id of the doctor",
        "slots taken and freed, hours changed; it never says who",
        "anyone signed in",
    ),
    TopicKind.RECORD: Topics(
        "the id of the record",
        "the record and its annotations, with their text",
        "its patient, and the doctors who may read it",
    ),
    TopicKind.DESK: Topics(
        "", "all appointments without notes, doctors' approvals", "receptionists and admins"
    ),
}
_INFO: Final = (
    "One websocket carries everything that a person watches: JSON text, one object per frame. Changes are made over "
    "HTTP (`/api/schema/`); the socket tells of them. Every topic is a gapless numbered list: whoever says "
    "`since: 41` gets 42, 43, 44, once and in order, and what was replayed is what was live. "
    "The schemas say what this version sends: ignore members and `op`s that you do not know."
)
_SIGNING_IN: Final = (
    "The access token that signing in over HTTP answers with. It is sent in `auth`, the first frame, and never in "
    "the address, a header or a cookie. The Origin of a browser is checked against the allowed ones."
)


@cache
def document() -> Document:
    """A process makes it once: nothing of it depends on who asks."""
    schemas = message_schemas()
    return {
        "asyncapi": "3.1.0",
        "info": {
            "title": "Clinic socket",
            "version": frames.PROTOCOL.removeprefix("clinic.v") + ".0.0",
            "description": _INFO,
            "license": {"name": "MIT"},
        },
        "defaultContentType": JSON,
        "servers": _servers(),
        "channels": {SOCKET: _socket()} | {kind: _topic(kind) for kind in TopicKind},
        "operations": _operations(),
        "components": {
            "messages": _frame_messages() | _event_messages(schemas),
            "schemas": schemas,
            "securitySchemes": {
                "accessToken": {"type": "apiKey", "in": "password", "description": _SIGNING_IN}
            },
        },
    }


def _servers() -> Document:
    host = {"default": "localhost:8000", "description": "Where the clinic is served."}
    return {
        name: {
            "host": "{host}",
            "protocol": protocol,
            "protocolVersion": "13",
            "description": description,
            "variables": {"host": host},
            "security": [{"$ref": "#/components/securitySchemes/accessToken"}],
        }
        for name, protocol, description in (
            ("secure", "wss", "Behind a proxy that speaks TLS."),
            ("local", "ws", "On one's own machine."),
        )
    }


# -- channels ---------------------------------------------------------------------------------------------


def _socket() -> Document:
    names = [_name(model) for model in _frame_models()]
    protocol = {"type": "string", "enum": [frames.PROTOCOL]}
    headers = {"type": "object", "properties": {"Sec-WebSocket-Protocol": protocol}}
    return {
        "address": "/ws/",
        "title": "The socket",
        "description": "Commands, their replies, and what the server says by itself. "
        f"The subprotocol {frames.PROTOCOL} may be offered. Events of the topics watched come here, too. "
        "For people it is written at `/api/docs/realtime/`.",
        "messages": {name: _message(name) for name in names},
        "bindings": {"ws": {"method": "GET", "headers": headers, "bindingVersion": "0.1.0"}},
        "x-error-codes": [_refusal(why) for why in REFUSALS],
        "x-close-codes": [_closing(why) for why in CLOSINGS],
        "x-limits": list(_limits()),
    }


def _refusal(why: Any) -> Document:
    again = {} if why.retry_after_ms is None else {"retry_after_ms": why.retry_after_ms}
    return {"code": why.code, "message": why.message, **again}


def _closing(why: Any) -> Document:
    again = {} if why.reconnect_in_ms is None else {"reconnect_in_ms": why.reconnect_in_ms}
    return {
        "status": why.status,
        "code": why.code,
        "message": why.message,
        "reconnect": why.reconnect,
        **again,
    }


def _limits() -> Iterator[Document]:
    told = told_limits()
    for name, field in frames.Limits.model_fields.items():
        yield {"name": name, "value": getattr(told, name), "description": field.description}
    for name, value, description in (
        ("message_bytes", settings.SOCKET_MESSAGE_MAX_BYTES, "Of a client; beyond, 1009 closes."),
        ("heartbeat_s", settings.SOCKET_HEARTBEAT_SECONDS, "Of silence, then comes a heartbeat."),
        ("renewal_notice_s", settings.SOCKET_RENEWAL_NOTICE_SECONDS, "Before the token ends."),
        ("bad_frames", settings.SOCKET_BAD_FRAMES_PER_MINUTE, "In a minute: the last one closes."),
        ("ack_stall_s", settings.SOCKET_ACK_STALL_SECONDS, "With a full window, then it closes."),
        (
            "unauthenticated_sockets",
            settings.SOCKETS_UNAUTHENTICATED_PER_ADDRESS,
            "Of one address.",
        ),
        ("kept_days", settings.ENTRY_DAYS, "So long events can be asked for again."),
        ("kept_days_user", settings.USER_ENTRY_DAYS, "Those of a person's own topic."),
    ):
        yield {"name": name, "value": value, "description": description}


def _topic(kind: TopicKind) -> Document:
    said = TOPICS[kind]
    owned = kind is not DESK.kind
    parameters = {"parameters": {"id": {"description": said.owner}}} if owned else {}
    return {
        "address": f"{kind}.{{id}}" if owned else str(DESK),
        "title": f"Topic: {kind}",
        "description": f"It holds {said.holds}. For {said.watchers}. "
        "A topic is no address: `watch` names it, and its events come on the socket.",
        **parameters,
        "messages": {
            event.type: _message(f"{kind}.{event.type}")
            for event in CATALOGUE.values()
            if kind in data_types(event)
        },
    }


# -- operations, as the server sees them ----------------------------------------------------------------------


def _operations() -> Document:
    commands = {_name(command): _operation(command) for command in frames.COMMANDS}
    pushes = {
        _name(push): {
            "action": "send",
            "channel": {"$ref": f"#/channels/{SOCKET}"},
            "summary": _words(push),
            "messages": [_in_channel(SOCKET, _name(push))],
        }
        for push in frames.PUSHES
    }
    events = {
        f"{kind}.events": {
            "action": "send",
            "channel": {"$ref": f"#/channels/{kind}"},
            "summary": f"Everything that happens in a topic {kind}, numbered without a gap.",
        }
        for kind in TopicKind
    }
    return commands | pushes | events


def _operation(command: Any) -> Document:
    channel = {"$ref": f"#/channels/{SOCKET}"}
    answers = [frames.REPLIES[command], frames.Failed] if command in frames.REPLIES else []
    replies = [_in_channel(SOCKET, _name(answer)) for answer in answers]
    return {
        "action": "receive",
        "channel": channel,
        "summary": _words(command),
        "messages": [_in_channel(SOCKET, _name(command))],
        **({"reply": {"channel": channel, "messages": replies}} if replies else {}),
    }


# -- messages ---------------------------------------------------------------------------------------------


def _frame_models() -> list[Any]:
    return [*frames.COMMANDS, *frames.ANSWERS, *frames.PUSHES]


def _frame_messages() -> Document:
    examples = frame_examples()
    return {
        _name(model): _described(
            _name(model), _words(model), model.__name__, examples[model.__name__]
        )
        | _correlation(model)
        for model in _frame_models()
    }


def _event_messages(schemas: Document) -> Document:
    return {
        f"{topic}.{kind.type}": _described(
            kind.type,
            _event_words(kind),
            name := event_schema_name(kind, topic),
            [event_example(kind, topic, name, schemas)],
        )
        for kind in CATALOGUE.values()
        for topic in data_types(kind)
    }


def _described(name: str, summary: str, schema: str, examples: list[Document]) -> Document:
    return {
        "name": name,
        "title": schema,
        "summary": summary,
        "contentType": JSON,
        "payload": reference(schema),
        "examples": [{"payload": example} for example in examples],
    }


def _correlation(model: Any) -> Document:
    for field in ("id", "re"):
        if field in model.model_fields:
            return {"correlationId": {"location": f"$message.payload#/{field}"}}
    return {}


def _name(model: Any) -> str:
    """A command and a push are known by their `op`; a reply has none."""
    op = model.model_fields.get("op")
    return str(model.__name__.lower() if op is None else get_args(op.annotation)[0])


def _message(name: str) -> Document:
    return {"$ref": f"#/components/messages/{name}"}


def _in_channel(channel: str, name: str) -> Document:
    return {"$ref": f"#/channels/{channel}/messages/{name}"}


def _words(model: Any) -> str:
    return " ".join(str(model.__doc__).split())


def _event_words(kind: type[Event]) -> str:
    """Its own words, or its family's; those that `dataclass` writes are none."""
    for each in kind.__mro__[: kind.__mro__.index(Event)]:
        said = each.__dict__.get("__doc__") or ""
        if said and not said.startswith(f"{each.__name__}("):
            return " ".join(said.split())
    return ""
