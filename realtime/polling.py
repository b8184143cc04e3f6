"""The same stream without a socket: `GET /api/events/`, served before Django so that waiting holds no thread."""

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from urllib.parse import parse_qsl

import structlog
from django.conf import settings
from django.db import DatabaseError
from pydantic import BaseModel, Field, ValidationError

from clinic import clock, metrics
from clinic.errors import NotSignedIn, RateLimited, TokenInvalid
from clinic.limits import admit_person, admit_stranger
from clinic.queries.journal import Frame, Position
from clinic.topics import NoSuchTopic, Topic, parse_topic
from realtime import departure
from realtime.hub import Hub, this_hub
from realtime.limits import network_of_scope
from realtime.problems import HEADERS, PROBLEM, problem
from realtime.reads import Identity, identify, next_page, position

log = structlog.get_logger(__name__)
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Refused(Exception):
    def __init__(self, status: int, code: str, detail: str, retry_after_ms: int = 0) -> None:
        self.status, self.code, self.detail = status, code, detail
        self.retry_after_ms = retry_after_ms
        super().__init__(code)


class Question(BaseModel):
    topic: str
    after: int | None = Field(default=None, ge=0)
    limit: Annotated[int, Field(ge=1, le=settings.REPLAY_PAGE)] = settings.REPLAY_PAGE
    wait: Annotated[float, Field(ge=0, le=settings.POLL_MAX_SECONDS)] = 0
    epoch: str | None = None


async def poll_events(scope: dict[str, Any], receive: Any, send: Send) -> None:
    """The events after a number, at once or as soon as there are some within `wait` seconds."""
    answering = asyncio.ensure_future(_respond(scope, send))
    leaving = asyncio.ensure_future(_hung_up(receive))
    try:
        await asyncio.wait((answering, leaving), return_when=asyncio.FIRST_COMPLETED)
        if answering.done():
            answering.result()
    finally:
        answering.cancel()
        leaving.cancel()


async def _hung_up(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _respond(scope: dict[str, Any], send: Send) -> None:
    request_id = str(uuid.uuid4())
    try:
        body = await _answer(scope)
        await _send(send, 200, b"application/json", body, request_id)
    except Refused as refused:
        await _refuse(send, refused, request_id)
    except DatabaseError as error:
        log.warning("poll_failed", error=type(error).__name__)
        busy = Refused(503, "unavailable", "Try again in a moment.", retry_after_ms=2000)
        await _refuse(send, busy, request_id)


async def _answer(scope: dict[str, Any]) -> str:
    if scope["method"] != "GET":
        raise Refused(405, "method_not_allowed", "Only GET works here.")
    hub = this_hub()
    try:
        identity = await hub.reads.run(_let_in, scope)
        question = _question(scope)
        topic = parse_topic(question.topic)
        with hub.feed(topic).held() as feed:
            place, frames = await _look(hub, topic, question, identity.session_id)
            if not frames and question.wait and question.after is not None:
                patience = _patience(question, identity)
                await departure.here.wait(feed.wait_beyond(question.after, patience))
                place, frames = await _look(hub, topic, question, identity.session_id)
    except NotSignedIn as refusal:
        raise Refused(401, refusal.code, refusal.text) from None
    except RateLimited as refusal:
        raise Refused(429, refusal.code, refusal.text, refusal.retry_after_ms) from None
    except NoSuchTopic as refusal:
        raise Refused(404, refusal.code, refusal.text) from None
    events = ",".join(frame.text for frame in frames)
    head = json.dumps({"topic": question.topic, "epoch": place.epoch, "head": place.head})
    return f'{head[:-1]}, "events": [{events}]}}'


def _patience(question: Question, identity: Identity) -> float:
    """How many seconds to wait: never longer than the token is good for."""
    return min(question.wait, (identity.expires_at - clock.now()).total_seconds())


async def _look(
    hub: Hub, topic: Topic, question: Question, session_id: uuid.UUID
) -> tuple[Position, list[Frame]]:
    place = await hub.replays.run(position, topic, session_id)
    after = place.head if question.after is None else question.after
    beyond = after > place.head or after < place.first_kept - 1
    if beyond or question.epoch not in (None, place.epoch):
        raise Refused(410, "reset", "This number is beyond what is kept: load the snapshot again.")
    hub.wake(str(topic), place.head)
    if after == place.head:
        return place, []
    page, is_theirs = await hub.replays.run(
        next_page, topic, after, session_id, limit=question.limit
    )
    if not is_theirs:
        raise NoSuchTopic
    if not page or page[0].seq != after + 1:
        raise Refused(410, "reset", "This number is beyond what is kept: load the snapshot again.")
    return place, page


def _let_in(scope: dict[str, Any]) -> Identity:
    """Who asks, counted as every other request is (api/endpoint.py)."""
    try:
        identity = identify(_token(scope))
    except NotSignedIn:
        admit_stranger(network_of_scope(scope))
        raise
    admit_person(identity.viewer.pk)
    return identity


def _token(scope: dict[str, Any]) -> str:
    for name, value in scope["headers"]:
        if name == b"authorization":
            scheme, _, token = value.decode("latin-1").partition(" ")
            if scheme.lower() == "bearer":
                return str(token.strip())
    raise TokenInvalid("Sign in first.")


def _question(scope: dict[str, Any]) -> Question:
    given = dict(parse_qsl(scope["query_string"].decode("latin-1")))
    try:
        return Question.model_validate(given)
    except ValidationError as error:
        field = str(error.errors()[0]["loc"][0])
        raise Refused(400, "invalid", f"The parameter {field} is missing or malformed.") from None


async def _refuse(send: Send, refused: Refused, request_id: str) -> None:
    members = {"retry_after_ms": refused.retry_after_ms} if refused.status == 429 else {}
    body = problem(refused.status, refused.code, refused.detail, request_id, **members)
    await _send(send, refused.status, PROBLEM, body, request_id, refused.retry_after_ms)


async def _send(
    send: Send, status: int, media_type: bytes, body: str, request_id: str, retry_after_ms: int = 0
) -> None:
    metrics.POLLS.labels(metrics.status_class(status)).inc()
    extra = [(b"content-type", media_type), (b"x-request-id", request_id.encode())]
    if status == 405:
        extra.append((b"allow", b"GET"))
    if status == 401:
        extra.append((b"www-authenticate", b"Bearer"))
    if retry_after_ms:
        extra.append((b"retry-after", b"%d" % -(-retry_after_ms // 1000)))
    await send({"type": "http.response.start", "status": status, "headers": [*HEADERS, *extra]})
    await send({"type": "http.response.body", "body": body.encode()})
