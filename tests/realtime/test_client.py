"""The client for other programs: against a server that misbehaves, and against the real one."""

import asyncio
import json
import re
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from clinic.models import Session as SessionRow
from realtime import client
from realtime.client import (
    Connected,
    Event,
    Item,
    Position,
    Present,
    Reset,
    Revoked,
    Session,
    SignedOut,
    State,
    Stopped,
    Stream,
    Unreachable,
    Waiting,
    watch,
)
from realtime.examples import frame_examples
from tests.clients import Account, Http
from tests.contract import an_event, check_received, check_sent
from tests.realtime.stage import in_db
from tests.realtime.test_story import Clinic
from tests.servers.fixtures import StartWeb
from tests.servers.process import wait_until
from tests.servers.web import Web

pytestmark = pytest.mark.engine("sqlite")

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 15.0
EPOCH = "e1"
TOPIC = "calendar.5"
USER = {"id": 5, "role": "DOCTOR", "name": "Dr Test"}


# -- a server made of sentences -------------------------------------------------------------------------


class Talk:
    """One connection as the server sees it. What both sides say is held against the contract."""

    def __init__(self, socket: ServerConnection) -> None:
        self.socket = socket
        self.acked: dict[str, int] = {}
        self.tokens: list[str] = []
        self.asked: list[dict[str, Any]] = []

    async def say(self, **frame: Any) -> None:
        check_received(frame)
        await self.socket.send(json.dumps(frame))

    async def hear(self) -> dict[str, Any]:
        """The next command. Acknowledgements are noted."""
        while True:
            frame: dict[str, Any] = json.loads(await self.socket.recv())
            check_sent(frame)
            if frame["op"] != "ack":
                return frame
            self.acked.update(frame["topics"])

    async def sign_in(self, *topics: str, heartbeat_s: float = 25) -> None:
        # A server has heartbeats of whole seconds; a test has no time for them.
        await self.socket.send(json.dumps(WELCOME | {"heartbeat_s": heartbeat_s}))
        await self.let_in(*topics)

    async def let_in(self, *topics: str) -> None:
        auth = await self.hear()
        assert auth["op"] == "auth"
        self.tokens.append(auth["token"])
        await self.say(
            re=auth["id"], ok=True, user=USER, expires_at=NOW, epoch=EPOCH,
            topics=list(topics or [TOPIC]),
        )  # fmt: skip

    async def hear_watch(self) -> dict[str, Any]:
        asked = await self.hear()
        assert asked["op"] == "watch"
        self.asked.append(asked)
        return asked

    async def let_watch(self, head: int, mode: str | None = None, **more: Any) -> dict[str, Any]:
        asked = await self.hear_watch()
        mode = mode or ("resumed" if "since" in asked else "fresh")
        await self.say(
            re=asked["id"], ok=True, topic=asked["topic"], head=head, epoch=EPOCH, mode=mode, **more
        )
        return asked

    async def refuse(self, asked: dict[str, Any], code: str, **more: Any) -> None:
        error = {"code": code, "message": "No.", "retryable": bool(more), **more}
        await self.say(re=asked["id"], ok=False, error=error)

    async def tell(self, *numbers: int, topic: str = TOPIC) -> None:
        for number in numbers:
            await self.say(**an_event(topic, number))

    async def stay(self) -> None:
        """Listen until the client leaves."""
        try:
            while True:
                await self.hear()
        except ConnectionClosed:
            return


NOW = "2026-11-21T12:00:00+00:00"
WELCOME: dict[str, Any] = frame_examples()["Welcome"][0]
Script = Callable[[Talk], Awaitable[None]]


@dataclass
class Actors:
    """A server that plays one script per connection; after the last one it plays it again."""

    scripts: list[Script]
    talks: list[Talk] = field(default_factory=list)
    faults: list[BaseException] = field(default_factory=list)

    async def play(self, socket: ServerConnection) -> None:
        script = self.scripts[min(len(self.talks), len(self.scripts) - 1)]
        talk = Talk(socket)
        self.talks.append(talk)
        try:
            await script(talk)
        except ConnectionClosed:
            return
        except BaseException as fault:
            self.faults.append(fault)
            raise


class Purse:
    """Tokens without a service: `t1`, and another for each that was refused."""

    def __init__(self, *failures: Exception) -> None:
        self.count = 1
        self.failures = list(failures)

    async def access(self, *, refused: str | None = None) -> str:
        if refused == f"t{self.count}":
            if self.failures:
                raise self.failures.pop(0)
            self.count += 1
        return f"t{self.count}"


class Stage:
    def __init__(self, actors: Actors, server: Server) -> None:
        self.actors = actors
        self.states: list[State] = []
        self.tokens = Purse()
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"

    def watch(self, *topics: str, **options: Any) -> Stream:
        return watch(self.url, self.tokens, topics or None, on_state=self.states.append, **options)

    @property
    def waits(self) -> list[Waiting]:
        return [state for state in self.states if isinstance(state, Waiting)]


@asynccontextmanager
async def playing(*scripts: Script) -> AsyncIterator[Stage]:
    actors = Actors(list(scripts))
    async with serve(actors.play, "127.0.0.1", 0, subprotocols=[client.PROTOCOL]) as server:
        yield Stage(actors, server)
    assert actors.faults == []


async def take(stream: Stream, count: int) -> list[Item]:
    async with asyncio.timeout(PATIENCE_SECONDS):
        return [await anext(stream) for _ in range(count)]


async def numbers(stream: Stream, count: int) -> list[int]:
    """Of so many events; there may be nothing else among them."""
    items = await take(stream, count)
    assert all(isinstance(item, Event) for item in items), items
    return [item.seq for item in items if isinstance(item, Event)]


async def until(true: Callable[[], object], what: str) -> None:
    await asyncio.to_thread(wait_until, true, seconds=PATIENCE_SECONDS, what=what)


def from_number(seq: int) -> dict[str, Position]:
    return {TOPIC: Position(seq, EPOCH)}


# -- watching ---------------------------------------------------------------------------------------------


async def test_who_watches_beside_it_is_told_and_is_no_item() -> None:
    async def script(talk: Talk) -> None:
        await talk.sign_in()
        await talk.let_watch(head=0)
        await talk.say(op="presence", topic=TOPIC, watching=[USER])
        await talk.tell(1)
        await talk.stay()

    present: list[Present] = []
    async with (
        playing(script) as stage,
        stage.watch(since=from_number(0), on_present=present.append) as stream,
    ):
        assert await numbers(stream, 1) == [1]
    assert present == [Present(TOPIC, (USER,))]


async def test_who_has_no_number_is_told_to_load_and_then_gets_everything() -> None:
    async def script(talk: Talk) -> None:
        await talk.sign_in()
        await talk.let_watch(head=41)
        await talk.tell(42, 43)
        await talk.stay()

    async with playing(script) as stage, stage.watch() as stream:
        [reset] = await take(stream, 1)
        assert reset == Reset(TOPIC, "fresh", 41, EPOCH)
        first, second = await take(stream, 2)
        assert isinstance(first, Event)
        said = an_event(TOPIC, 42)
        assert (first.seq, first.type, first.data) == (42, "appointment.booked", said["data"])
        assert first.frame == said
        assert isinstance(second, Event)
        assert second.seq == 43
        assert stage.states == [Connected(USER, (TOPIC,))]


async def test_what_comes_twice_is_handed_out_once_and_a_hole_is_asked_for_again() -> None:
    async def script(talk: Talk) -> None:
        await talk.sign_in()
        await talk.let_watch(head=3)
        await talk.tell(1, 1, 2, 1, 4)
        again = await talk.let_watch(head=5)
        assert again["since"] == 2
        await talk.tell(3, 4, 4, 5)
        await talk.stay()

    async with playing(script) as stage, stage.watch(since=from_number(0)) as stream:
        assert await numbers(stream, 5) == [1, 2, 3, 4, 5]


async def test_after_a_broken_connection_it_goes_on_from_its_own_number() -> None:
    async def breaks(talk: Talk) -> None:
        await talk.sign_in()
        await talk.let_watch(head=7)
        await talk.tell(7)
        await talk.socket.ping()
        talk.socket.transport.close()

    async def goes_on(talk: Talk) -> None:
        await talk.sign_in()
        await talk.let_watch(head=9)
        await talk.tell(8, 9)
        await talk.stay()

    async with playing(breaks, goes_on) as stage, stage.watch(since=from_number(6)) as stream:
        assert await numbers(stream, 3) == [7, 8, 9]
        assert [talk.asked[0]["since"] for talk in stage.actors.talks] == [6, 7]
        assert [talk.asked[0]["epoch"] for talk in stage.actors.talks] == [EPOCH, EPOCH]
        assert [0.5 <= wait.seconds <= 1.0 for wait in stage.waits] == [True]


async def test_a_server_that_is_not_there_is_tried_until_it_is() -> None:
    async def script(talk: Talk) -> None:
        await talk.sign_in()
        await talk.let_watch(head=1)
        await talk.tell(1)
        await talk.stay()

    actors = Actors([script])
    async with serve(actors.play, "127.0.0.1", 0, subprotocols=[client.PROTOCOL]) as server:
        stage = Stage(actors, server)
        port = server.sockets[0].getsockname()[1]
    async with stage.watch(since=from_number(0)) as stream:
        item = asyncio.create_task(take(stream, 1))
        await until(lambda: stage.waits, "an attempt")
        async with serve(actors.play, "127.0.0.1", port, subprotocols=[client.PROTOCOL]):
            assert [each.topic for each in await item] == [TOPIC]
            await stream.aclose()
    assert "connect" in stage.waits[0].why


async def test_waits_grow_to_half_a_minute_and_no_further() -> None:
    stream = watch("http://127.0.0.1:1", Purse())
    waits = [stream._backoff() for _ in range(5000)]
    assert max(waits) <= 30.0
    assert min(waits) >= 0.5
    assert max(waits[:1]) <= 1.0
    assert max(waits[10:]) > 25.0  # a jitter over the whole width
    assert min(waits[10:]) < 5.0


async def test_a_reset_tells_to_load_again_and_loses_nothing_meanwhile() -> None:
    async def script(talk: Talk) -> None:
        await talk.sign_in()
        await talk.let_watch(head=90, mode="reset", reason="too_old")
        again = await talk.let_watch(head=90)
        assert "since" not in again
        await talk.tell(91)
        await talk.say(op="reset", topic=TOPIC, reason="too_old")
        await talk.let_watch(head=120)
        await talk.tell(121)
        await talk.stay()

    async with playing(script) as stage, stage.watch(since=from_number(3)) as stream:
        items = await take(stream, 4)
        assert items[0] == Reset(TOPIC, "too_old", 90, EPOCH)
        assert items[2] == Reset(TOPIC, "too_old", 120, EPOCH)
        assert [items[1].seq, items[3].seq] == [91, 121]  # type: ignore[union-attr]
        stream.done()
        assert stream.numbers == from_number(121)


@pytest.mark.parametrize("how", ["revoked", "refused"])
async def test_without_a_topic_that_is_left_it_ends(how: str) -> None:
    async def script(talk: Talk) -> None:
        await talk.sign_in()
        if how == "revoked":
            await talk.let_watch(head=0)
            await talk.say(op="revoked", topic=TOPIC, reason="right_ended")
            await talk.tell(1)
        else:
            await talk.refuse(await talk.hear_watch(), "no_such_topic")
        await talk.stay()

    async with playing(script) as stage, stage.watch(TOPIC, since=from_number(0)) as stream:
        async with asyncio.timeout(PATIENCE_SECONDS):
            items = [item async for item in stream]
    reason = "right_ended" if how == "revoked" else "no_such_topic"
    assert items == [Revoked(TOPIC, reason)]


async def test_a_refusal_to_be_tried_again_is_tried_again() -> None:
    async def script(talk: Talk) -> None:
        await talk.sign_in()
        await talk.refuse(await talk.hear_watch(), "overloaded", retry_after_ms=50)
        await talk.let_watch(head=0)
        await talk.tell(1)
        await talk.stay()

    async with playing(script) as stage, stage.watch(since=from_number(0)) as stream:
        assert await numbers(stream, 1) == [1]


async def test_many_topics_are_asked_for_no_faster_than_the_service_takes_commands() -> None:
    came: list[float] = []
    names = [f"slots.{number}" for number in range(1, 31)]

    async def script(talk: Talk) -> None:
        await talk.sign_in()
        for _ in names:
            await talk.let_watch(head=0)
            came.append(time.monotonic())
        await talk.stay()

    async with playing(script) as stage, stage.watch(*names) as stream:
        resets = await take(stream, len(names))
    assert [item.topic for item in resets] == names
    # Ten after the first twenty, with at least an eighth of a second between: never early.
    assert came[-1] - came[0] > 8 * client.COMMAND_EVERY_SECONDS


# -- heartbeats and acknowledgements ------------------------------------------------------------------------


async def test_a_connection_without_heartbeats_is_given_up() -> None:
    async def falls_silent(talk: Talk) -> None:
        await talk.sign_in(heartbeat_s=0.2)
        await talk.let_watch(head=0)
        await talk.stay()

    async def lives(talk: Talk) -> None:
        await talk.sign_in()
        await talk.let_watch(head=1)
        await talk.tell(1)
        await talk.stay()

    async with playing(falls_silent, lives) as stage, stage.watch(since=from_number(0)) as stream:
        assert await numbers(stream, 1) == [1]
        assert stage.waits[0].why == "nothing was heard for too long"


async def test_heads_beyond_its_own_number_twice_make_it_watch_again() -> None:
    async def script(talk: Talk) -> None:
        await talk.sign_in()
        await talk.let_watch(head=0)
        await talk.say(op="hb", heads={TOPIC: 2}, time=NOW)
        await talk.say(op="hb", heads={TOPIC: 0}, time=NOW)
        await talk.say(op="hb", heads={TOPIC: 2}, time=NOW)
        await talk.say(op="hb", heads={TOPIC: 2}, time=NOW)
        again = await talk.let_watch(head=2)
        assert again["since"] == 0
        await talk.tell(1, 2)
        await talk.stay()

    async with playing(script) as stage, stage.watch(since=from_number(0)) as stream:
        assert await numbers(stream, 2) == [1, 2]
        assert len(stage.actors.talks[0].asked) == 2


async def test_what_was_read_is_acknowledged_by_the_dozen_and_the_rest_in_a_second() -> None:
    async def script(talk: Talk) -> None:
        await talk.sign_in()
        await talk.let_watch(head=100)
        await talk.tell(*range(1, 71))
        await talk.stay()

    async with playing(script) as stage, stage.watch(since=from_number(0)) as stream:
        assert await numbers(stream, 70) == list(range(1, 71))
        # The next item is waited for: nothing but time makes it acknowledge the last six.
        waiting = asyncio.create_task(anext(stream))
        acked: list[int] = []
        async with asyncio.timeout(PATIENCE_SECONDS):
            while 70 not in acked:
                acked.append(stage.actors.talks[0].acked.get(TOPIC, 0))
                await asyncio.sleep(0.01)
        assert set(acked) <= {0, 64, 70}
        waiting.cancel()


async def test_a_caller_who_takes_nothing_is_sent_no_more_than_fits() -> None:
    async def script(talk: Talk) -> None:
        await talk.sign_in()
        await talk.let_watch(head=2000)
        await talk.tell(*range(1, 2001))
        await talk.stay()

    async with playing(script) as stage, stage.watch(since=from_number(0)) as stream:
        assert await numbers(stream, 1) == [1]
        await asyncio.sleep(1.5)  # time enough to acknowledge everything
        assert stage.actors.talks[0].acked.get(TOPIC, 0) <= client.WAITING_ITEMS + 64
        assert stream._inbox.items.qsize() <= client.WAITING_ITEMS
        assert await numbers(stream, 1999) == list(range(2, 2001))


# -- ends ---------------------------------------------------------------------------------------------------


async def test_from_a_server_that_goes_away_it_comes_back_within_the_named_time() -> None:
    async def leaves(talk: Talk) -> None:
        await talk.sign_in()
        await talk.let_watch(head=1)
        await talk.tell(1)
        await talk.say(
            op="error", code="going_away", message="Bye.", reconnect="after", reconnect_in_ms=300
        )
        await talk.socket.close(4412)

    async def stays(talk: Talk) -> None:
        await talk.sign_in()
        await talk.let_watch(head=2)
        await talk.tell(2)
        await talk.stay()

    async with playing(leaves, stays) as stage, stage.watch(since=from_number(0)) as stream:
        assert await numbers(stream, 2) == [1, 2]
        [wait] = stage.waits
        assert wait.why == "Bye."
        assert wait.seconds <= 0.3


async def test_to_a_busy_server_it_does_not_come_back_before_the_named_time() -> None:
    async def busy(talk: Talk) -> None:
        await talk.say(
            op="error", code="too_many_frames", message="Slow.", reconnect="after",
            reconnect_in_ms=200,
        )  # fmt: skip
        await talk.socket.close(4429)

    async def stays(talk: Talk) -> None:
        await talk.sign_in()
        await talk.let_watch(head=0)
        await talk.stay()

    async with playing(busy, stays) as stage, stage.watch() as stream:
        await take(stream, 1)
        assert [0.2 <= wait.seconds <= 0.7 for wait in stage.waits] == [True]


@pytest.mark.parametrize("status", [1000, 4400, 4403, 4409])
async def test_where_it_is_not_wanted_it_stays_away(status: int) -> None:
    async def script(talk: Talk) -> None:
        await talk.sign_in()
        await talk.say(op="error", code="forbidden", message="Not you.", reconnect="no")
        await talk.socket.close(status)

    async with playing(script) as stage, stage.watch() as stream:
        for _ in range(2):  # and goes on saying so
            with pytest.raises(Stopped, match="Not you") as stopped:
                await take(stream, 1)
            assert stopped.value.status == status
        assert len(stage.actors.talks) == 1


async def test_a_refused_token_is_exchanged_at_once_and_from_then_on_with_patience() -> None:
    async def refuses(talk: Talk) -> None:
        await talk.say(**WELCOME)
        talk.tokens.append((await talk.hear())["token"])
        await talk.socket.close(4401)

    async def accepts(talk: Talk) -> None:
        await talk.sign_in()
        await talk.let_watch(head=0)
        await talk.stay()

    async with playing(refuses, refuses, accepts) as stage, stage.watch() as stream:
        await take(stream, 1)
        assert [talk.tokens for talk in stage.actors.talks] == [["t1"], ["t2"], ["t3"]]
        assert [wait.seconds >= 0.5 for wait in stage.waits] == [False, True]


async def test_a_session_that_has_ended_is_said_to_the_caller() -> None:
    async def refuses(talk: Talk) -> None:
        await talk.hear()
        await talk.socket.close(4401)

    async with playing(refuses) as stage, stage.watch() as stream:
        stage.tokens = Purse()
        stream._tokens = Purse(SignedOut("It is over."))
        with pytest.raises(SignedOut, match="It is over"):
            await take(stream, 1)


async def test_a_token_is_renewed_in_band_and_tried_again_where_that_fails() -> None:
    async def script(talk: Talk) -> None:
        await talk.sign_in()
        await talk.let_watch(head=0)
        await talk.say(op="auth.expiring", expires_at=NOW)
        await talk.tell(1)
        await talk.let_in()
        await talk.tell(2)
        await talk.stay()

    async with playing(script) as stage:
        stage.tokens = Purse(Unreachable("not now"))
        async with stage.watch(since=from_number(0)) as stream:
            assert await numbers(stream, 2) == [1, 2]
        [talk] = stage.actors.talks
        assert talk.tokens == ["t1", "t2"]
        assert len(talk.asked) == 1  # a renewal interrupts nothing
        assert stage.states == [Connected(USER, (TOPIC,))]


@pytest.mark.parametrize("nonsense", ["hello", "[]", '{"op": "event"}', '{"op": "hb", "heads": 3}'])
async def test_a_server_that_talks_nonsense_is_left_and_tried_again(nonsense: str) -> None:
    async def raves(talk: Talk) -> None:
        await talk.sign_in()
        await talk.let_watch(head=1)
        await talk.socket.send(nonsense)
        await talk.stay()

    async def talks_sense(talk: Talk) -> None:
        await talk.sign_in()
        await talk.let_watch(head=1)
        await talk.tell(1)
        await talk.stay()

    async with playing(raves, talks_sense) as stage, stage.watch(since=from_number(0)) as stream:
        assert await numbers(stream, 1) == [1]
        assert stage.waits[0].why == "it does not speak clinic.v1"


@pytest.mark.parametrize("url", ["127.0.0.1:8000", "ws://127.0.0.1", "http://", "nowhere"])
async def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="is not an address"):
        watch(url, Purse())


# -- the numbers ----------------------------------------------------------------------------------------------


async def counts_on(talk: Talk) -> None:
    """Sends events for ever, from wherever the client is."""
    await talk.sign_in()
    asked = await talk.let_watch(head=10)
    since = asked.get("since", 10)
    await talk.tell(*range(since + 1, since + 6))
    await talk.stay()


async def test_what_was_handled_is_kept_and_what_was_not_comes_again(tmp_path: Path) -> None:
    kept = tmp_path / "numbers.json"
    async with playing(counts_on) as stage:
        async with stage.watch(kept=kept) as stream:
            await take(stream, 3)  # a reset, 11, 12
            # The last one was handed out; nobody said yet that it is handled.
            assert json.loads(kept.read_text()) == {TOPIC: {"seq": 11, "epoch": EPOCH}}
        assert json.loads(kept.read_text()) == {TOPIC: {"seq": 12, "epoch": EPOCH}}

        async def fails() -> None:
            async with stage.watch(kept=kept) as stream:
                assert await numbers(stream, 2) == [13, 14]
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await fails()

        async with stage.watch(kept=kept) as stream:
            assert await numbers(stream, 1) == [14]
    assert not kept.with_name("numbers.json.new").exists()


async def test_a_first_watch_is_kept_before_anything_happens(tmp_path: Path) -> None:
    kept = tmp_path / "numbers.json"

    async def quiet(talk: Talk) -> None:
        await talk.sign_in()
        await talk.let_watch(head=10)
        await talk.stay()

    async with playing(quiet) as stage, stage.watch(kept=kept) as stream:
        async for _ in stream:
            break
        waiting = asyncio.create_task(anext(stream))
        await asyncio.sleep(0)
        assert json.loads(kept.read_text()) == {TOPIC: {"seq": 10, "epoch": EPOCH}}
        waiting.cancel()


async def test_numbers_that_are_given_go_before_those_that_are_kept(tmp_path: Path) -> None:
    kept = tmp_path / "numbers.json"
    kept.write_text(json.dumps({TOPIC: {"seq": 3, "epoch": EPOCH}, "desk": {"seq": 9}}))
    async with playing(counts_on) as stage, stage.watch(kept=kept, since=from_number(30)) as stream:
        assert await numbers(stream, 1) == [31]
    assert json.loads(kept.read_text())["desk"] == {"seq": 9, "epoch": None}


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"desk": 3}', '{"desk": {"seq": "3"}}', '{"desk": {"seq": true}}']
)
async def test_a_file_that_holds_no_numbers_is_refused(text: str, tmp_path: Path) -> None:
    kept = tmp_path / "numbers.json"
    kept.write_text(text)
    with pytest.raises(ValueError, match="does not hold the numbers"):
        watch("http://127.0.0.1:1", Purse(), kept=kept)


async def test_a_file_that_cannot_be_kept_is_refused_before_anything_is_watched() -> None:
    for nowhere in ("/dev/null/numbers.json", "/nowhere/at/all/numbers.json"):
        with pytest.raises(OSError, match=r"No such file|Not a directory"):
            watch("http://127.0.0.1:1", Purse(), kept=Path(nowhere))


async def test_a_stream_that_was_closed_hands_out_nothing_more() -> None:
    async with playing(counts_on) as stage:
        stream = stage.watch(since=from_number(0))
        async with aclosing(stream):
            waiting = asyncio.create_task(take(stream, 100))
            await asyncio.sleep(0.2)
        with pytest.raises(StopAsyncIteration):
            await anext(stream)
        waiting.cancel()


def test_the_file_alone_is_enough_for_a_program_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "client.py").write_text(Path(client.__file__).read_text())
    program = (
        "import sys, client; ours = {'django', 'clinic', 'realtime', 'channels', 'pydantic'};"
        "print(sorted(ours & set(sys.modules)), client.watch)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert ran.stdout.startswith("[] <function watch")


# -- against the real service -----------------------------------------------------------------------------------


@pytest.fixture
def clinic(web: Web) -> Clinic:
    return Clinic(web)


@pytest.fixture
def patient(web: Web) -> Account:
    return Http(web.base_url).register()


def session_of(account: Account, web: Web) -> Session:
    return Session(web.base_url, access=account.access, refresh=account.refresh)


async def test_across_a_killed_server_everything_comes_once_and_in_order(
    web: Web, clinic: Clinic, tmp_path: Path
) -> None:
    kept = tmp_path / "numbers.json"
    booked: list[int] = []
    heard: list[tuple[int, int]] = []

    def book(times: int) -> None:
        booked.extend(clinic.book()["id"] for _ in range(times))

    async def listen(stream: Stream, until: int) -> None:
        async with asyncio.timeout(60):
            async for item in stream:
                if isinstance(item, Event):
                    heard.append((item.seq, item.data["id"]))
                if len(heard) == until:
                    return

    def watched() -> Stream:
        session = session_of(clinic.doctor, web)
        return watch(web.base_url, session, [clinic.calendar], kept=kept)

    async with watched() as stream:
        await take(stream, 1)
        await asyncio.to_thread(book, 2)
        listening = asyncio.create_task(listen(stream, 6))
        await until(lambda: len(heard) == 2, "the first two")
        web.kill()
        await asyncio.to_thread(web.start)
        await asyncio.to_thread(book, 4)
        await listening
    await asyncio.to_thread(book, 2)
    async with watched() as stream:
        await listen(stream, 8)

    assert [appointment for _, appointment in heard] == booked
    assert [seq for seq, _ in heard] == list(range(heard[0][0], heard[0][0] + 8))


async def test_a_session_outlives_its_access_tokens_without_an_interruption(
    start_web: StartWeb,
) -> None:
    # The notice comes sixty seconds before the end: with these, a second after each token.
    web = start_web(env={"CLINIC_ACCESS_SECONDS": "61"})
    clinic = await in_db(Clinic, web)
    states: list[State] = []
    session = await Session.sign_in(web.base_url, clinic.doctor.username, clinic.doctor.password)
    row = await SessionRow.objects.filter(person_id=clinic.doctor.id).order_by("created_at").alast()
    assert row is not None
    assert row.device == "clinic-client"

    async with watch(web.base_url, session, [clinic.calendar], on_state=states.append) as stream:
        await take(stream, 1)
        async with asyncio.timeout(60):
            while row.generation < 4:
                await asyncio.sleep(0.1)
                await row.arefresh_from_db()
        appointment = await asyncio.to_thread(clinic.book)
        [event] = await take(stream, 1)
    assert isinstance(event, Event)
    assert event.data["id"] == appointment["id"]
    assert [type(state) for state in states] == [Connected]

    await session.sign_out()
    with pytest.raises(SignedOut):
        await session.access(refused=await session.access())


async def test_streams_that_share_a_session_refresh_it_once(web: Web, patient: Account) -> None:
    session = session_of(patient, web)
    refused = await session.access()
    renewed = await asyncio.gather(*(session.access(refused=refused) for _ in range(5)))
    assert len(set(renewed)) == 1
    assert renewed[0] != refused


class SlowRefresh(BaseHTTPRequestHandler):
    """A service that has taken a refresh token and whose answer is on its way."""

    asked: ClassVar[list[str]] = []
    may_answer = threading.Event()

    def do_POST(self) -> None:
        self.asked.append(
            json.loads(self.rfile.read(int(self.headers["Content-Length"])))["refresh"]
        )
        self.may_answer.wait(PATIENCE_SECONDS)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"access": "a2", "refresh": "r2"}')

    def log_message(self, format: str, *_: Any) -> None:
        """Silence."""


async def test_a_refresh_whose_caller_gave_up_is_not_lost() -> None:
    with HTTPServer(("127.0.0.1", 0), SlowRefresh) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        session = Session(f"http://127.0.0.1:{server.server_port}", access="a1", refresh="r1")
        asking = asyncio.create_task(session.access(refused="a1"))
        await until(lambda: SlowRefresh.asked, "the refresh")
        asking.cancel()
        await asyncio.wait([asking])
        SlowRefresh.may_answer.set()
        assert await session.access(refused="a1") == "a2"
        server.shutdown()
    assert SlowRefresh.asked == ["r1"]


async def test_who_is_signed_out_elsewhere_is_told_so(web: Web, patient: Account) -> None:
    async with watch(web.base_url, session_of(patient, web)) as stream:
        await take(stream, 1)
        Http(web.base_url, patient).post("/api/auth/logout/", status=204)
        with pytest.raises(SignedOut):
            await take(stream, 1)


async def test_wrong_credentials_are_told_from_a_service_that_is_away(web: Web) -> None:
    with pytest.raises(SignedOut, match="user name or the password is wrong"):
        await Session.sign_in(web.base_url, "nobody", "nothing-at-all-1")
    web.stop()
    with pytest.raises(Unreachable, match="refused"):
        await Session.sign_in(web.base_url, "nobody", "nothing-at-all-1")


def test_the_example_in_the_documents_runs_as_it_stands(
    web: Web, clinic: Clinic, tmp_path: Path
) -> None:
    page = (ROOT / "docs" / "realtime.md").read_text()
    found = re.search(r"## From Python\n.*?```python\n(.*?)```", page, re.DOTALL)
    assert found
    example = found[1]
    doctor = clinic.doctor
    arguments = [web.base_url, doctor.username, doctor.password]
    with subprocess.Popen(
        [sys.executable, "-u", "-c", textwrap.dedent(example), *arguments],
        cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True,
    ) as program:  # fmt: skip
        try:
            assert program.stdout is not None
            first = [program.stdout.readline() for _ in range(2)]
            assert all("fresh" in line for line in first), first
            appointment = clinic.book()
            lines = [program.stdout.readline() for _ in range(4)]
            assert all(line for line in lines)
            assert any(str(appointment["id"]) in line for line in lines)
            assert any(line.startswith(clinic.calendar) for line in lines), lines
        finally:
            program.kill()
    assert (tmp_path / "numbers.json").exists()
