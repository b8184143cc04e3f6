"""The ground of every wire shape."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, PlainSerializer

# A wall-clock time on the wire: HH:MM.
WallTime = Annotated[
    Any, PlainSerializer(lambda wall: f"{wall:%H:%M}", return_type=str, when_used="always")
]


class Shape(BaseModel):
    """What goes over the wire, in the order it is written here."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def wire(self) -> dict[str, Any]:
        """As plain JSON values."""
        return self.model_dump(mode="json", by_alias=True)


class Stream(Shape):
    """Where an answer stands in the topic it mirrors: watch from `seq` and nothing is missed."""

    topic: str
    seq: int
    epoch: str
