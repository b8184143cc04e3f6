"""The fast line: tells the hubs of all processes that a topic has moved. Names and numbers only."""

import asyncio
import os
import threading
from collections.abc import Coroutine
from typing import Any, ClassVar

from django.conf import settings

from clinic.journal import Announcement
from realtime import fast_line, hub


def nudge(announcement: Announcement) -> None:
    """The sink of the journal: wake this process's hub, and those of the others through Redis.

    Never waits and never fails: what is lost here is found by the sweep.
    """
    process = hub.wake_from_thread(announcement)
    if settings.REDIS_URL is not None:
        _run_soon(fast_line.publish_commit(process, announcement))


class _Publisher:
    """A loop in a thread of its own, for processes that have no hub: workers, commands."""

    current: "ClassVar[_Publisher | None]" = None
    making: ClassVar = threading.Lock()

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, name="nudges", daemon=True).start()

    @classmethod
    def of_this_process(cls) -> "_Publisher":
        with cls.making:
            # After a fork the parent's thread is not there any more.
            if cls.current is None or cls.current.pid != os.getpid():
                cls.current = cls()
            return cls.current


def _run_soon(work: Coroutine[Any, Any, None]) -> None:
    loop = hub.running_loop() or _Publisher.of_this_process().loop
    asyncio.run_coroutine_threadsafe(work, loop)
