"""What is known of the request under which something happens."""

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RequestContext:
    """`cause` is the request's Idempotency-Key, given back to its sender in the events it caused.

    `network` is where it comes from (clinic.rules.networks), "" where nobody asked from anywhere.
    """

    request_id: str = ""
    cause: str = ""
    network: str = ""


current_request: ContextVar[RequestContext] = ContextVar(
    "current_request", default=RequestContext()
)
