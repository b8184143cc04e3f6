"""Too much of everything on the wire: whoever sends it is shut out, and it costs the others next to nothing."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

import pytest

from clinic.events import AnnotationUpdated
from clinic.topics import record_topic
from tests import world
from tests.clients import Socket, open_socket
from tests.realtime.raw import BINARY, MORE, PING, TEXT, frame, open_raw, text
from tests.realtime.stage import everything_sent, in_db, move, tell
from tests.servers.web import Web

pytestmark = pytest.mark.engine("sqlite")

MIB: Final = 1024 * 1024
TOPIC: Final = "slots.1"
TICKS: Final = os.sysconf("SC_CLK_TCK")


def memory(web: Web) -> int:
    """Bytes of the process in memory."""
    pages = Path(f"/proc/{web.pid}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def cpu(web: Web) -> float:
    """Seconds that the process has computed, however busy the machine was."""
    words = Path(f"/proc/{web.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / TICKS


@asynccontextmanager
async def unharmed(web: Web, *, seconds: float, mib: float) -> AsyncIterator[Socket]:
    """A bystander who hears all that happens meanwhile; it may cost so much CPU and memory."""
    token = await in_db(lambda: world.tokens(world.a_patient()).access)
    async with open_socket(web.ws_url, token=token) as bystander:
        await bystander.watch(TOPIC)
        start = bystander.last_seq[TOPIC]
        before = cpu(web), memory(web)
        yield bystander
        await in_db(move, 1, 3)
        heard = await everything_sent(bystander, TOPIC, start + 3)
        assert heard == [start + 1, start + 2, start + 3]
        await bystander.ping()
        used, grown = cpu(web) - before[0], (memory(web) - before[1]) / MIB
        assert used < seconds
        assert grown < mib
    assert "Traceback" not in web.last_words(lines=100_000)


MANY: Final = 60_000
FLOODS: Final[dict[str, Callable[[], bytes]]] = {
    "pieces of one byte": lambda: frame(TEXT, b'"', final=False) + frame(MORE, b"x", final=False) * MANY,
    "pieces of nothing": lambda: frame(TEXT, b'"', final=False) + frame(MORE, final=False) * MANY,
    "pings": lambda: frame(PING, b"x" * 125) * MANY,
    "small messages": lambda: frame(TEXT, b"{}") * MANY,
    "empty messages": lambda: frame(BINARY) * MANY,
    "large messages": lambda: frame(TEXT, b"x" * 65_536) * 200,
}  # fmt: skip


async def test_who_floods_the_wire_is_shut_out_and_nobody_else_notices(web: Web) -> None:
    """Looking at each of these frames would take the server 30 seconds."""
    async with unharmed(web, seconds=3, mib=24):
        await asyncio.gather(*(flood(web, make()) for make in FLOODS.values()))


async def flood(web: Web, bytes_of_it: bytes) -> None:
    token = await in_db(lambda: world.tokens(world.a_patient()).access)
    async with open_raw(web) as signed_in, open_raw(web) as stranger:
        await signed_in.sign_in(token)
        pouring = asyncio.gather(signed_in.send(bytes_of_it), stranger.send(bytes_of_it))
        (said, code), (_, shown_out) = await asyncio.gather(signed_in.rest(), stranger.rest())
        await pouring
    assert code in (4400, 4429)
    assert said[-1]["op"] == "error"
    assert shown_out in (4401, 4429)


async def test_who_comes_too_often_is_sent_away_and_nobody_else_notices(web: Web) -> None:
    async with unharmed(web, seconds=3, mib=16), AsyncExitStack() as stack:
        ends = await asyncio.gather(*(knock(web, stack) for _ in range(200)))
    assert set(ends) == {"welcome", "too_many_frames"}
    # Some may have waited for so long that others had their turn.
    assert 20 <= ends.count("welcome") < 100


async def knock(web: Web, stack: AsyncExitStack) -> str:
    """What the first frame says, or would have said to who had listened at once."""
    try:
        raw = await stack.enter_async_context(open_raw(web, address="127.0.2.1"))
        first = await raw.next_text()
    except (ConnectionError, asyncio.IncompleteReadError):
        return "too_many_frames"
    return str(first["code"] if first["op"] == "error" else first["op"])


EVENTS: Final = 60
WATCHES: Final = 14


async def test_who_does_not_read_is_not_written_for(web: Web) -> None:
    """Each watch replays what was sent before, and takes what lay unacknowledged off the account."""
    token, topic = await in_db(large_record)
    async with unharmed(web, seconds=4, mib=48), open_raw(web, small_buffer=True) as raw:
        async with open_socket(web.ws_url, token=token) as reader:
            await reader.watch(topic, since=0)
            await everything_sent(
                reader, topic, EVENTS
            )  # what a replay needs at all is not the question
        before = memory(web)
        await raw.sign_in(token)
        for number in range(WATCHES):
            await raw.send(text({"id": number, "op": "watch", "topic": topic, "since": 0}))
            await asyncio.sleep(0.15)  # as long as a replay takes
        grown = (memory(web) - before) / MIB
        assert grown < 16
        # Whoever begins to read gets what the last watch asked for, all of it.
        while (said := await raw.next_text()).get("re") != WATCHES - 1:
            pass
        seqs = []
        while (heard := await raw.next_text())["op"] != "live":
            if heard["op"] == "event":
                seqs.append(heard["seq"])
        assert seqs == list(range(1, said["head"] + 1))


def large_record() -> tuple[str, str]:
    """The token of a patient, and the topic of their record: events of 40 KB each."""
    patient, doctor = world.a_patient(), world.a_doctor()
    world.assign(patient, doctor)
    record = world.a_record(patient)
    note = world.annotate(record, doctor, "é" * 20_000)
    tell(*(AnnotationUpdated(annotation=note, record=record, readers=()) for _ in range(EVENTS)))
    topic = str(record_topic(record.pk))
    return world.tokens(patient).access, topic
