"""What a browser needs to know to be told of news."""

from clinic.shapes.base import Shape


class PushShape(Shape):
    """`public_key` is the `applicationServerKey` to subscribe with; `subscribed`: this session's browser is told."""

    public_key: str
    subscribed: bool
