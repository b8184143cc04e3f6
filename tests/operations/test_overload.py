"""Ten times more than can be worked on: most are refused at once, and nothing is left of it afterwards."""

import asyncio
import json
import statistics
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from channels.db import database_sync_to_async as in_db
from channels.testing import HttpCommunicator

from realtime.requests import OneThreadHandler
from tests import world
from tests.clients import assert_problem
from tests.servers.fixtures import StartWeb
from tests.servers.web import Web

MIB = 1024 * 1024
# In a process of its own: the crowd's two hundred callers share one, and feel mostly each other.
BYSTANDER: Final = """
import http.client, json, sys, time
host, token, until, took = sys.argv[1], sys.argv[2], time.monotonic() + float(sys.argv[3]), []
while time.monotonic() < until:
    began, line = time.monotonic(), http.client.HTTPConnection(host, timeout=30)
    line.request("GET", "/api/appointments/", headers={"Authorization": f"Bearer {token}"})
    answer = line.getresponse()
    answer.read()
    line.close()
    took.append((answer.status, time.monotonic() - began))
    time.sleep(0.05)
print(json.dumps(took))
"""
SECONDS = 20
THREADS, WAITING = 4, 16
TIMES = 10


@dataclass(slots=True)
class Felt:
    """What callers saw: how often which status, and how long refusals took (seconds)."""

    statuses: Counter[int] = field(default_factory=Counter)
    refused_after: list[float] = field(default_factory=list)


async def call(client: httpx.AsyncClient, felt: Felt, until: float) -> None:
    while time.monotonic() < until:
        began = time.monotonic()
        answer = await client.get("/api/appointments/")
        felt.statuses[answer.status_code] += 1
        if answer.status_code != 200:
            assert_problem(answer, 503, "overloaded")
            assert answer.headers["retry-after"] == "1"
            felt.refused_after.append(time.monotonic() - began)
            # A client that is told to come back does not come back at once.
            await asyncio.sleep(0.25)


def memory(web: Web) -> int:
    for line in Path(f"/proc/{web.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise LookupError("VmRSS")


def in_ms(seconds: list[float]) -> str:
    return f"{statistics.median(seconds) * 1000:.1f} ms (median)" if seconds else "no time"


async def crowd(base_url: str, token: str, *, callers: int, seconds: float) -> Felt:
    felt, until = Felt(), time.monotonic() + seconds
    async with httpx.AsyncClient(
        base_url=base_url,
        headers={"Authorization": f"Bearer {token}"},
        timeout=30,
        trust_env=False,
        limits=httpx.Limits(max_connections=None),
    ) as client:
        await asyncio.gather(*(call(client, felt, until) for _ in range(callers)))
    return felt


@pytest.mark.proof
@pytest.mark.timeout(300)
@pytest.mark.django_db(transaction=True)
async def test_a_crowd_ten_times_too_large_is_refused_at_once_and_forgotten(
    start_web: StartWeb,
) -> None:
    room = {"CLINIC_REQUEST_THREADS": str(THREADS), "CLINIC_REQUESTS_WAITING": str(WAITING)}
    web = await asyncio.to_thread(
        start_web, env={**room, "CLINIC_LIMIT_PERSON": "off", "CLINIC_LIMIT_STRANGERS": "off"}
    )
    token = await in_db(lambda: world.tokens(world.a_patient()).access)()
    callers = TIMES * (THREADS + WAITING)
    # What a process needs for so many connections at all is not what is asked here.
    await crowd(web.base_url, token, callers=callers, seconds=5)
    before = memory(web)

    bystander = await asyncio.create_subprocess_exec(
        sys.executable, "-c", BYSTANDER, f"127.0.0.1:{web.port}", token, str(SECONDS - 1),
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    felt = await crowd(web.base_url, token, callers=callers, seconds=SECONDS)
    saw = json.loads((await bystander.communicate())[0])
    grown = memory(web) - before
    calm = await crowd(web.base_url, token, callers=1, seconds=5)

    refused = [seconds for status, seconds in saw if status == 503]
    print(
        f"{callers} callers, {SECONDS} s: {dict(felt.statuses)}; they were refused"
        f" after {in_ms(felt.refused_after)}, a bystander {len(refused)} times of {len(saw)}"
        f" after {in_ms(refused)}; memory {grown / MIB:+.1f} MiB; then {dict(calm.statuses)}"
    )
    assert felt.statuses.keys() == {200, 503}
    assert grown < 20 * MIB
    assert calm.statuses.keys() == {200}


async def test_whoever_finds_the_line_full_is_told_to_come_back(settings: Any) -> None:
    settings.REQUESTS_WAITING = -settings.REQUEST_THREADS  # no room at all
    handler = OneThreadHandler()

    async def ask(path: str) -> Any:
        peer = HttpCommunicator(handler, "GET", path, headers=[(b"host", b"localhost")])
        return await peer.get_response(timeout=10)

    refused = await ask("/api/clinic/")
    headers = {name.decode(): value.decode() for name, value in refused["headers"]}
    assert_problem(
        httpx.Response(refused["status"], headers=headers, content=refused["body"]),
        503,
        "overloaded",
    )
    assert headers["retry-after"] == "1"
    assert headers["cache-control"] == "no-store"
    # Who looks after the process still gets an answer: it is busy, not dead.
    assert (await ask("/livez"))["status"] == 200


async def test_the_line_is_empty_again_after_each_request(settings: Any) -> None:
    settings.REQUEST_THREADS, settings.REQUESTS_WAITING = 1, 0
    handler = OneThreadHandler()

    for _ in range(3):
        peer = HttpCommunicator(handler, "GET", "/livez/no", headers=[(b"host", b"localhost")])
        assert (await peer.get_response(timeout=10))["status"] != 503
