"""The contract of the socket as a page for people: what the AsyncAPI document says, in the order one needs it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

Document = dict[str, Any]
# The conversation that the page begins with: which example of which message, and who says it.
_CONVERSATION: Final = (
    ("server", "welcome", 0),
    ("you", "auth", 0),
    ("server", "authenticated", 0),
    ("you", "watch", 0),
    ("server", "watching", 0),
    ("server", "calendar.appointment.booked", 0),
    ("server", "live", 0),
    ("you", "ack", 0),
)


@dataclass(frozen=True, slots=True)
class Member:
    name: str
    kind: SafeString
    always: bool
    words: SafeString


@dataclass(frozen=True, slots=True)
class Shape:
    """An object and its members."""

    name: str
    words: SafeString
    members: list[Member]


@dataclass(slots=True)
class Message:
    name: str
    anchor: str
    words: SafeString
    members: list[Member] = field(default_factory=list)
    replies: list[str] = field(default_factory=list)
    examples: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Happening:
    """A type of event: in which topics, what its data is there, and one of them as an example."""

    type: str
    words: SafeString
    example: str
    data: dict[str, tuple[list[str], list[Shape]]] = field(default_factory=dict)
    """By shapes: the topics that have them."""


class Page:
    """Everything the template asks for, read from the document."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._schemas = document["components"]["schemas"]
        self._messages = document["components"]["messages"]
        self.socket = document["channels"]["socket"]
        self.title = document["info"]["title"]
        self.words = words_of(document["info"]["description"])

    def conversation(self) -> list[tuple[str, str, str]]:
        return [(who, name, self._examples(name)[number]) for who, name, number in _CONVERSATION]

    def commands(self) -> list[Message]:
        return [self._message(name, said) for name, said in self._operations("receive")]

    def pushes(self) -> list[Message]:
        return [
            self._message(name, said)
            for name, said in self._operations("send")
            if name in self.socket["messages"]
        ]

    def replies(self) -> list[Message]:
        known = {name for action in ("receive", "send") for name, _ in self._operations(action)}
        return [self._message(name, {}) for name in self.socket["messages"] if name not in known]

    def topics(self) -> list[tuple[str, SafeString]]:
        return [
            (channel["address"], words_of(channel["description"]))
            for name, channel in self._document["channels"].items()
            if channel is not self.socket
        ]

    def events(self) -> list[Happening]:
        found: dict[str, Happening] = {}
        for topic, channel in self._document["channels"].items():
            for kind, message in channel["messages"].items() if topic != "socket" else ():
                name = _last(message["$ref"])
                said = self._messages[name]
                happening = found.setdefault(
                    kind, Happening(kind, words_of(said["summary"]), self._examples(name)[0])
                )
                shapes = self._data(said)
                names = " or ".join(shape.name for shape in shapes)
                happening.data.setdefault(names, ([], shapes))[0].append(topic)
        return sorted(found.values(), key=lambda happening: happening.type)

    def envelope(self) -> list[Member]:
        """What all events have, whatever they tell; those of a person's own topic have most."""
        told = next(iter(self._document["channels"]["user"]["messages"].values()))
        name = _last(self._messages[_last(told["$ref"])]["payload"]["$ref"])
        depends = {"type": {"type": "string"}, "topic": {"type": "string"}, "data": {}}
        schema = self._schemas[name]
        return self._members({**schema, "properties": schema["properties"] | depends})

    def parts(self) -> list[Shape]:
        """Objects within others, each once."""
        inner = {
            reference
            for schema in self._schemas.values()
            for name, member in schema.get("properties", {}).items()
            if name != "data"
            for reference in _references(member)
        }
        return [
            self._shape(name)
            for name, schema in self._schemas.items()
            if name in inner and schema.get("type") == "object"
        ]

    # -- one thing of the document ----------------------------------------------------------------

    def _operations(self, action: str) -> Iterator[tuple[str, Document]]:
        for name, operation in self._document["operations"].items():
            if operation["action"] == action:
                yield name, operation

    def _message(self, name: str, operation: Document) -> Message:
        said = self._messages[name]
        return Message(
            name,
            f"message-{name}",
            words_of(said["summary"]),
            self._shape(_last(said["payload"]["$ref"])).members,
            [_last(one["$ref"]) for one in operation.get("reply", {}).get("messages", ())],
            self._examples(name),
        )

    def _examples(self, name: str) -> list[str]:
        return [
            json.dumps(example["payload"], ensure_ascii=False)
            for example in self._messages[name]["examples"]
        ]

    def _data(self, message: Document) -> list[Shape]:
        schema = self._schemas[_last(message["payload"]["$ref"])]["properties"]["data"]
        return [self._shape(_last(one["$ref"])) for one in schema.get("anyOf", [schema])]

    def _shape(self, name: str) -> Shape:
        schema = self._schemas[name]
        return Shape(name, words_of(schema.get("description", "")), self._members(schema))

    def _members(self, schema: Document) -> list[Member]:
        always = schema.get("required", ())
        return [
            Member(key, self._kind(value), key in always, words_of(value.get("description", "")))
            for key, value in schema.get("properties", {}).items()
        ]

    def _kind(self, schema: Document) -> SafeString:
        """The type in words, with a link to what has a table of its own."""
        if "$ref" in schema:
            return self._named(_last(schema["$ref"]))
        if "anyOf" in schema:
            return format_html_join(" or ", "{}", ((self._kind(one),) for one in schema["anyOf"]))
        if "const" in schema:
            return _code([schema["const"]])
        if "enum" in schema:
            return _code(schema["enum"])
        if schema.get("type") == "array":
            return format_html("list of {}", self._kind(schema["items"]))
        if isinstance(schema.get("additionalProperties"), dict):
            return format_html("{} by name", self._kind(schema["additionalProperties"]))
        return escape(schema.get("format") or schema.get("type") or "what the type says")

    def _named(self, name: str) -> SafeString:
        schema = self._schemas[name]
        if schema.get("type") != "object":
            return self._kind({**schema, "description": ""})
        return format_html('<a href="#shape-{}">{}</a>', name, name)


def _references(schema: Document) -> Iterator[str]:
    for inner in (schema, schema.get("items"), schema.get("additionalProperties")):
        if isinstance(inner, dict) and "$ref" in inner:
            yield _last(inner["$ref"])
    for inner in schema.get("anyOf", ()):
        yield from _references(inner)


def _last(reference: str) -> str:
    return reference.rpartition("/")[2]


def _code(values: list[Any]) -> SafeString:
    return format_html_join(", ", "<code>{}</code>", ((json.dumps(each),) for each in values))


def words_of(text: str) -> SafeString:
    """What stands between backticks is code."""
    pieces = enumerate(escape(text).split("`"))
    # Each piece has been escaped.
    return mark_safe("".join(f"<code>{one}</code>" if at % 2 else one for at, one in pieces))  # noqa: S308
