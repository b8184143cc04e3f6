"""What the tests of the socket share: sockets to the application, and events of every topic."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, ParamSpec, TypeVar

from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.db import connection, connections, transaction
from django.db.models import Model
from rest_framework_simplejwt.tokens import AccessToken

from clinic.events import Event, HoursChanged
from clinic.journal import record
from clinic.models import Person, Session
from clinic.tokens import read_access
from realtime.asgi import application
from realtime.hub import Hub, this_hub
from realtime.wire import WIRE, Wire
from tests import world
from tests.clients import PATIENCE_SECONDS, ApplicationWire, Closed, Socket

P = ParamSpec("P")
T = TypeVar("T")
HOST = (b"host", b"localhost")


async def in_db(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run what works with the database in the one thread that may."""
    return await sync_to_async(call)(*args, **kwargs)


async def in_thread(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run it beside others, on a connection of its own."""

    def run() -> T:
        try:
            return call(*args, **kwargs)
        finally:
            connections.close_all()

    return await asyncio.to_thread(run)


def tell(*events: Event, actor: Person | None = None) -> None:
    """Something happens: these events, in one transaction."""
    with transaction.atomic():
        record(*events, actor=actor)


def move(doctor_id: int, times: int = 1) -> None:
    """So many events of `slots.<doctor>` in one transaction."""
    tell(*(HoursChanged(doctor_id=doctor_id) for _ in range(times)))


def session_of(token: str) -> Session:
    return Session.objects.get(id=read_access(token).session_id)


def lasting(access: str, seconds: float) -> str:
    """An access token of the same session that is good for so long from now."""
    token = AccessToken(access)  # type: ignore[arg-type]  # the stubs ask for a Token
    token.set_exp(lifetime=timedelta(seconds=seconds))
    return str(token)


@asynccontextmanager
async def connect(
    path: str = "/ws/",
    *,
    token: str | None = None,
    headers: Sequence[tuple[bytes, bytes]] = (HOST,),
    protocols: Sequence[str] = (),
    address: str = "198.51.100.7",
    wire: Wire | None = None,
) -> AsyncIterator[Socket]:
    """A socket to the application in this process. Raises Closed when it is refused."""
    communicator = WebsocketCommunicator(application, path, list(headers), list(protocols))
    communicator.scope["client"] = (address, 50_000)
    if wire is not None:
        communicator.scope["extensions"] = {WIRE: wire}  # type: ignore[dict-item]
    accepted, answer = await communicator.connect(timeout=PATIENCE_SECONDS)
    if not accepted:
        assert isinstance(answer, int)
        await communicator.wait()
        raise Closed(answer)
    assert answer == (protocols[0] if protocols else None)
    async with Socket(ApplicationWire(communicator)) as socket:
        if token is not None:
            await socket.auth(token)
        yield socket


@asynccontextmanager
async def signed_in(
    person: Person | None = None, *, seconds: float | None = None, **options: Any
) -> AsyncIterator[Socket]:
    """A socket of a new session of this person, or of a new patient; its token is good for so long."""
    somebody = person if person is not None else await in_db(world.a_patient)
    token = (await in_db(world.tokens, somebody)).access
    if seconds is not None:
        token = lasting(token, seconds)
    async with connect(token=token, **options) as socket:
        yield socket


async def goodbye(socket: Socket) -> tuple[int, dict[str, Any]]:
    """The close code, and the frame that said why."""
    code = await socket.closed()
    last = socket.frames[-1]
    assert last["op"] == "error", last
    return code, last


@asynccontextmanager
async def away(model: type[Model]) -> AsyncIterator[None]:
    """Every query of this table fails in the database."""
    table = connection.ops.quote_name(model._meta.db_table)
    gone = connection.ops.quote_name(f"{model._meta.db_table}_gone")
    await in_db(_execute, f"ALTER TABLE {table} RENAME TO {gone}")
    try:
        yield
    finally:
        await in_db(_execute, f"ALTER TABLE {gone} RENAME TO {table}")


def _execute(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def cut_connections() -> None:
    """What a restart of PostgreSQL does to everyone else's connections."""
    _execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )


def hub_here() -> Hub:
    return this_hub()


async def everything_sent(
    socket: Socket, topic: str, head: int, *, seconds: float = PATIENCE_SECONDS
) -> list[int]:
    """The numbers of all events of a topic that a socket got, once it has the last one."""
    async with asyncio.timeout(seconds):
        while socket.last_seq.get(topic, 0) < head:
            await socket.next_event(topic, timeout=seconds)
    return [frame["seq"] for frame in socket.events(topic)]
