"""The long poll: the same events as on the socket, for who cannot hold one."""

import asyncio
import json
import threading
from typing import Any

import pytest
from channels.testing import HttpCommunicator

from clinic import clock
from clinic.actions.sessions import end_session
from clinic.models import Entry, Session
from clinic.rules.rates import steady
from realtime.asgi import application
from tests import world
from tests.clients import PATIENCE_SECONDS
from tests.contract import check_received
from tests.realtime.stage import (
    HOST,
    away,
    connect,
    everything_sent,
    hub_here,
    in_db,
    lasting,
    move,
    session_of,
    signed_in,
)

pytestmark = pytest.mark.usefixtures("hub")
TOPIC = "slots.1"


class Answer:
    def __init__(self, response: Any) -> None:
        self.status = response["status"]
        self.headers = {name.decode(): value.decode() for name, value in response["headers"]}
        self.text = response["body"].decode()
        self.body = json.loads(self.text)
        for event in self.body.get("events", ()):
            check_received(event)

    @property
    def seqs(self) -> list[int]:
        return [event["seq"] for event in self.body["events"]]


async def poll(token: str | None, query: str, method: str = "GET") -> Answer:
    headers = [HOST] + ([(b"authorization", f"Bearer {token}".encode())] if token else [])
    peer = HttpCommunicator(application, method, f"/api/events/?{query}", headers=headers)
    return Answer(await peer.get_response(timeout=PATIENCE_SECONDS))


async def test_who_polls_too_often_is_told_when_to_come_back(settings: Any) -> None:
    settings.LIMIT_PERSON = settings.LIMIT_STRANGERS = steady(2, 60)
    token = await a_token()

    for asking in (token, None):
        await poll(asking, f"topic={TOPIC}")
        await poll(asking, f"topic={TOPIC}")
        answer = await poll(asking, f"topic={TOPIC}")
        assert (answer.status, answer.body["code"]) == (429, "rate_limited")
        assert 0 < answer.body["retry_after_ms"] <= 30_000
        assert answer.headers["retry-after"] == str(-(-answer.body["retry_after_ms"] // 1000))
        assert answer.headers["content-type"] == "application/problem+json"


async def a_token() -> str:
    return await in_db(lambda: world.tokens(world.a_patient()).access)


def raw_events(text: str) -> list[str]:
    """The events of an answer, each as the text it was sent as."""
    decoder, at, found = json.JSONDecoder(), text.index("[", text.index('"events"')) + 1, []
    while text[at] != "]":
        _, end = decoder.raw_decode(text, at)
        found.append(text[at:end])
        at = end + (text[end] == ",")
    return found


async def until_waiting(polls: int, topic: str = TOPIC) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while topic not in hub_here().feeds or len(hub_here().feeds[topic]._waiting) < polls:  # noqa: ASYNC110
            await asyncio.sleep(0.005)


# -- what it says -------------------------------------------------------------------------------------


async def test_it_says_byte_for_byte_what_the_socket_says() -> None:
    doctor = await in_db(world.a_doctor)
    patient = await in_db(world.a_patient)
    token = (await in_db(world.tokens, patient)).access
    topic = f"user.{patient.pk}"
    texts: list[str] = []
    async with connect(token=token) as socket:
        await socket.watch(topic)
        appointment = await in_db(lambda: world.book(doctor, patient, notes="Ünïcødé \u2028 ☂"))
        await in_db(world.cancel, appointment)
        head = await in_db(lambda: Entry.objects.filter(topic=topic).count())
        await everything_sent(socket, topic, head)
        answer = await poll(token, f"topic={topic}&after=0")
        texts = raw_events(answer.text)

    assert answer.body["events"] == socket.events(topic)
    assert head >= 2
    stored = await in_db(lambda: [entry.body for entry in world.entries(topic)])
    for seq, (text, body) in enumerate(zip(texts, stored, strict=True), start=1):
        assert text == f'{{"op":"event","topic":"{topic}","seq":{seq},{body[1:]}'


async def test_it_says_where_the_topic_stands() -> None:
    await in_db(move, 1, 3)
    async with signed_in() as socket:
        epoch = (await socket.watch(TOPIC))["epoch"]
    answer = await poll(await a_token(), f"topic={TOPIC}")

    assert answer.status == 200
    assert answer.body == {"topic": TOPIC, "epoch": epoch, "head": 3, "events": []}
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"] == "application/json"


async def test_it_gives_what_is_after_a_number_up_to_a_limit() -> None:
    await in_db(move, 1, 5)
    token = await a_token()

    assert (await poll(token, f"topic={TOPIC}&after=2")).seqs == [3, 4, 5]
    assert (await poll(token, f"topic={TOPIC}&after=2&limit=2")).seqs == [3, 4]
    assert (await poll(token, f"topic={TOPIC}&after=4&limit=2")).seqs == [5]
    assert (await poll(token, f"topic={TOPIC}&after=5")).seqs == []


async def test_pages_follow_on_without_a_gap(settings: Any) -> None:
    settings.REPLAY_PAGE = 7
    await in_db(move, 1, 20)
    token, seqs = await a_token(), list[int]()
    while page := (await poll(token, f"topic={TOPIC}&after={len(seqs)}")).seqs:
        seqs += page

    assert seqs == list(range(1, 21))


# -- waiting ------------------------------------------------------------------------------------------------


async def test_a_waiting_poll_is_answered_by_the_commit() -> None:
    await in_db(move, 1, 2)
    waiting = asyncio.create_task(poll(await a_token(), f"topic={TOPIC}&after=2&wait=8"))
    await until_waiting(1)
    begun = asyncio.get_running_loop().time()
    await in_db(move, 1)
    answer = await waiting

    assert answer.seqs == [3]
    assert answer.body["head"] == 3
    assert asyncio.get_running_loop().time() - begun < 1


async def test_a_wait_in_vain_ends_with_nothing() -> None:
    begun = asyncio.get_running_loop().time()
    answer = await poll(await a_token(), f"topic={TOPIC}&after=0&wait=0.3")

    assert (answer.status, answer.seqs) == (200, [])
    assert 0.25 < asyncio.get_running_loop().time() - begun < 2


async def test_there_is_no_wait_when_there_are_events() -> None:
    await in_db(move, 1)
    begun = asyncio.get_running_loop().time()

    assert (await poll(await a_token(), f"topic={TOPIC}&after=0&wait=8")).seqs == [1]
    assert asyncio.get_running_loop().time() - begun < 2


async def test_a_waiting_poll_is_answered_by_the_sweep(settings: Any) -> None:
    settings.EVENT_SINKS = []
    settings.SWEEP_SECONDS = 0.2
    waiting = asyncio.create_task(poll(await a_token(), f"topic={TOPIC}&after=0&wait=8"))
    await until_waiting(1)
    await in_db(move, 1)

    assert (await waiting).seqs == [1]


async def test_a_poll_keeps_waiting_when_the_sockets_of_its_topic_leave() -> None:
    """The feed is shared: whoever leaves last must not silence who came meanwhile."""
    token = await a_token()
    for turns in range(12):
        head = turns
        async with signed_in() as socket:
            await socket.watch(TOPIC)
            waiting = asyncio.create_task(poll(token, f"topic={TOPIC}&after={head}&wait=8"))
            for _ in range(turns * 2):
                await asyncio.sleep(0.0005)
            await socket.unwatch(TOPIC)
        await until_waiting(1)
        await in_db(move, 1)
        async with asyncio.timeout(2):
            assert (await waiting).seqs == [head + 1]


async def test_sixty_waiting_polls_hold_no_thread() -> None:
    token = await a_token()
    await asyncio.gather(*(poll(token, f"topic={TOPIC}&after=0") for _ in range(10)))
    before = threading.active_count()
    polls = [asyncio.create_task(poll(token, f"topic={TOPIC}&after=0&wait=9")) for _ in range(60)]
    await until_waiting(60)
    assert threading.active_count() <= before
    assert hub_here().reads.waiting + hub_here().replays.waiting == 0
    await in_db(move, 1)

    assert [answer.seqs for answer in await asyncio.gather(*polls)] == [[1]] * 60


async def test_a_poll_that_is_given_up_ends_at_once() -> None:
    token = await a_token()
    headers = [HOST, (b"authorization", f"Bearer {token}".encode())]
    path = f"/api/events/?topic={TOPIC}&after=0&wait=9"
    peer = HttpCommunicator(application, "GET", path, headers=headers)
    await peer.send_input({"type": "http.request", "body": b""})
    await until_waiting(1)
    await peer.send_input({"type": "http.disconnect"})
    await peer.wait(timeout=2)

    assert peer.output_queue.empty()
    assert not hub_here().feeds


async def test_a_session_that_ends_while_waiting_gets_nothing() -> None:
    token = await a_token()
    waiting = asyncio.create_task(poll(token, f"topic={TOPIC}&after=0&wait=8"))
    await until_waiting(1)
    await in_db(lambda: end_session(session_of(token).pk))
    await in_db(move, 1)
    answer = await waiting

    assert (answer.status, answer.body["code"]) == (401, "token_invalid")


async def test_nobody_waits_longer_than_their_token_is_good_for() -> None:
    token = lasting(await a_token(), 2)
    begun = clock.now()
    await poll(token, f"topic={TOPIC}&after=0&wait=9")

    assert (clock.now() - begun).total_seconds() < 3.5


# -- refusals -----------------------------------------------------------------------------------------------


async def test_what_is_not_kept_any_more_is_a_reset() -> None:
    await in_db(move, 1, 5)
    await in_db(Entry.objects.filter(topic=TOPIC, seq__lte=3).delete)
    token = await a_token()
    for query in ("after=2", "after=0", "after=6", f"after={10**30}", "after=5&epoch=another"):
        answer = await poll(token, f"topic={TOPIC}&{query}")
        assert (answer.status, answer.body["code"]) == (410, "reset"), query

    assert (await poll(token, f"topic={TOPIC}&after=3")).seqs == [4, 5]


async def test_without_a_good_token_it_is_401() -> None:
    for token in (None, "", "x", "a.b.c", "é"):
        answer = await poll(token, f"topic={TOPIC}")
        assert answer.status == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert answer.headers["content-type"] == "application/problem+json"


async def test_a_token_in_the_url_is_no_token() -> None:
    token = await a_token()

    assert (await poll(None, f"topic={TOPIC}&token={token}&access_token={token}")).status == 401


async def test_other_peoples_topics_and_no_topics_are_the_same_404() -> None:
    other = await in_db(world.a_patient)
    token = await a_token()
    answers = [
        await poll(token, f"topic={name}&after=0&wait=5")
        for name in (f"user.{other.pk}", "user.999999", "desk", "calendar.1", "x", "", "user.%00")
    ]

    assert {answer.status for answer in answers} <= {404, 400}
    told = [{**answer.body, "request_id": ""} for answer in answers if answer.status == 404]
    assert len(told) >= 6
    assert all(one == told[0] for one in told)
    assert told[0]["code"] == "no_such_topic"
    assert not hub_here().feeds


MALFORMED = [
    "", "topic=slots.1&after=x", "topic=slots.1&after=-1", "topic=slots.1&after=1.5",
    "topic=slots.1&limit=0", "topic=slots.1&limit=201", "topic=slots.1&limit=x",
    "topic=slots.1&wait=-1", "topic=slots.1&wait=26", "topic=slots.1&wait=nan", "topic=slots.1&wait=inf",
    "after=1", "topic=slots.1&after=" + "9" * 5000,
]  # fmt: skip


async def test_malformed_questions_are_400() -> None:
    token = await a_token()
    for query in MALFORMED:
        answer = await poll(token, query)
        assert (answer.status, answer.body["code"]) == (400, "invalid"), query
    assert not hub_here().feeds


async def test_it_is_only_for_reading() -> None:
    token = await a_token()
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        answer = await poll(token, f"topic={TOPIC}", method)
        assert (answer.status, answer.headers["allow"]) == (405, "GET")


async def test_refusals_leave_no_feed_behind() -> None:
    await in_db(move, 1, 3)
    token = await a_token()
    for query in ("topic=slots.1&after=99&wait=1", "topic=desk&after=0&wait=1", "topic=slots.5"):
        await poll(token, query)

    assert not hub_here().feeds


async def test_a_database_that_is_away_is_503_and_leaves_nothing() -> None:
    token = await a_token()
    async with away(Session):
        answer = await poll(token, f"topic={TOPIC}&after=0")

    assert (answer.status, answer.body["code"]) == (503, "unavailable")
    assert int(answer.headers["retry-after"]) > 0
    assert not hub_here().feeds
