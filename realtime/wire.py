"""What our own server tells a socket of its connection, and does for it, beyond what ASGI has words for."""

from typing import Final, Protocol

# Under this name the server offers a Wire in the scope's extensions.
WIRE: Final = "clinic.wire"


class Listener(Protocol):
    """The socket as its wire sees it. It is told from the loop, and must not wait."""

    def takes(self, text: str) -> bool:
        """Whether it has dealt with this; if not, it comes as a message."""
        ...

    def wire_is_full(self) -> None:
        """The client does not read: what is written now stays in our memory. Nothing is read from it, either."""

    def wire_is_free(self) -> None:
        """All of it has gone out."""

    def wire_is_flooded(self) -> None:
        """More frames came than anybody needs; no more of them are looked at."""


class Wire(Protocol):
    def report_to(self, listener: Listener) -> None: ...

    def write_ready(self, frame: bytes) -> None:
        """Send what is a frame of RFC 6455 already."""
