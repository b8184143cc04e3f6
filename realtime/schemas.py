"""The JSON Schemas of all messages of the socket, made from their models."""

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, Field, create_model
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, models_json_schema
from pydantic_core import core_schema

from clinic.events import CATALOGUE, Event
from clinic.shapes.payloads import data_types
from clinic.topics import TopicKind, pattern_of
from realtime import frames
from realtime.closing import CLOSINGS
from realtime.refusals import REFUSALS

Schema = dict[str, Any]
REFERENCE: Final = "#/components/schemas/{model}"
ENVELOPES: Final[dict[TopicKind, type[frames.EventFrame]]] = {
    TopicKind.USER: frames.PersonalEventFrame,
    # Who looks at a doctor's slots must not learn who takes them.
    TopicKind.SLOTS: frames.NobodysEventFrame,
}


def event_schema_name(kind: type[Event], topic: TopicKind) -> str:
    return f"{topic.capitalize()}{kind.__name__}"


def message_schemas() -> dict[str, Schema]:
    """By name: every frame, every event in every kind of topic it goes to, and the unions of them."""
    models: list[tuple[type[BaseModel], JsonSchemaMode]] = [
        *((command, "validation") for command in frames.COMMANDS),
        *((said, "serialization") for said in (*frames.ANSWERS, *frames.PUSHES, *_event_models())),
    ]
    made = models_json_schema(models, ref_template=REFERENCE, schema_generator=_OnTheWire)
    schemas: dict[str, Schema] = made[1]["$defs"]
    for schema in schemas.values():
        schema.pop("title", None)
    # A code is a word of a closed list, which the constants are.
    schemas["Error"]["properties"]["code"]["enum"] = _codes(REFUSALS)
    schemas["Goodbye"]["properties"]["code"]["enum"] = _codes(CLOSINGS)
    return dict(sorted((schemas | _unions()).items()))


def reference(name: str) -> Schema:
    return {"$ref": REFERENCE.format(model=name)}


def _codes(reasons: Any) -> list[str]:
    return sorted({reason.code for reason in reasons})


def _event_models() -> list[type[frames.EventFrame]]:
    return [
        _event_model(kind, topic, data)
        for kind in CATALOGUE.values()
        for topic, data in data_types(kind).items()
    ]


def _event_model(kind: type[Event], topic: TopicKind, data: Any) -> type[frames.EventFrame]:
    envelope = ENVELOPES.get(topic, frames.EventFrame)
    name_of_topic: Any = Annotated[str, Field(pattern=pattern_of(topic))]
    name_of_type: Any = Literal[kind.type]
    return create_model(
        event_schema_name(kind, topic),
        __base__=envelope,
        topic=(name_of_topic, ...),
        type=(name_of_type, ...),
        data=(data, ...),
    )


def _unions() -> dict[str, Schema]:
    of_topics = {
        f"{topic.capitalize()}Event": [
            event_schema_name(kind, topic)
            for kind in CATALOGUE.values()
            if topic in data_types(kind)
        ]
        for topic in TopicKind
    }
    named = {
        **of_topics,
        "Event": list(of_topics),
        "Command": [command.__name__ for command in frames.COMMANDS],
        "Push": [push.__name__ for push in frames.PUSHES],
        "Reply": [answer.__name__ for answer in frames.ANSWERS],
        "ServerFrame": ["Reply", "Push", "Event"],
    }
    return {name: {"oneOf": list(map(reference, names))} for name, names in named.items()}


class _OnTheWire(GenerateJsonSchema):
    """A frame of ours leaves out what is null where that is the default, and writes everything else."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def field_is_required(self, field: Any, total: bool) -> bool:
        if self.mode == "serialization":
            return not _may_be_missing(field["schema"])
        return super().field_is_required(field, total)

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> Schema:
        if self.mode == "validation":
            return super().default_schema(schema)
        inner: Any = schema["schema"]
        return self.generate_inner(inner["schema"] if _may_be_missing(schema) else inner)


def _may_be_missing(schema: Any) -> bool:
    return schema["type"] == "default" and schema.get("default", ...) is None
