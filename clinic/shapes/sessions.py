"""Sessions on the wire, to the person whose they are."""

import uuid
from datetime import datetime

from clinic.models.sessions import Session
from clinic.rules.devices import device_in_words
from clinic.shapes.base import Shape


class SessionShape(Shape):
    """`last_seen_at` is when it was last renewed: while it is in use, every few minutes."""

    id: int
    device: str
    last_seen_at: datetime
    current: bool


def session_shape(session: Session, *, current: uuid.UUID) -> SessionShape:
    return SessionShape(
        id=session.number,
        device=device_in_words(session.device),
        last_seen_at=session.last_seen_at,
        current=session.id == current,
    )
