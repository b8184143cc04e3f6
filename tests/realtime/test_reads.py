"""The hub's own threads: bounded, and gone without a connection left behind."""

import asyncio
import threading
from typing import Any

import pytest
from django.db import connection, connections

from realtime.reads import Pool

pytestmark = pytest.mark.usefixtures("transactional_db")


async def test_threads_that_end_leave_no_connection_open() -> None:
    for _ in range(10):
        pool, together = Pool(3, "test"), threading.Barrier(3)

        def open_one(meet: threading.Barrier = together) -> Any:
            connection.ensure_connection()
            meet.wait(5)
            return connections["default"]

        opened = await asyncio.gather(*(pool.run(open_one) for _ in range(3)))
        assert all(one.connection is not None for one in opened)
        await asyncio.to_thread(pool.close)
        assert all(one.connection is None for one in opened)


async def test_a_pool_runs_so_many_at_once_and_counts_who_waits() -> None:
    pool, gate, running = Pool(2, "test"), threading.Event(), threading.Semaphore(0)

    def wait() -> None:
        running.release()
        gate.wait(5)

    waiting = [asyncio.create_task(pool.run(wait)) for _ in range(5)]
    for _ in range(2):
        await asyncio.to_thread(running.acquire, timeout=5)
    assert pool.waiting == 5
    assert not running.acquire(blocking=False)
    gate.set()
    await asyncio.gather(*waiting)
    assert pool.waiting == 0
    await asyncio.to_thread(pool.close)
