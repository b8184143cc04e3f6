"""How long a committed change takes to be on a screen, by the clocks of server and browser."""

import statistics
import time
from datetime import datetime

from playwright.sync_api import Page

from clinic.models import Event

PROMISE_SECONDS = 1.0
BUSYNESS_SAMPLE_SECONDS = 0.1

_WATCH = """([selector, text]) => {
  window.seenAt = new Promise((resolve) => {
    const look = () => {
      const shown = [...document.querySelectorAll(selector)]
      if (!shown.some((each) => each.textContent.includes(text))) return
      observer.disconnect()
      resolve(Date.now() / 1000)
    }
    const observer = new MutationObserver(look)
    observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true })
    look()
  })
}"""


def watch_for(page: Page, selector: str, text: str = "") -> None:
    """From now on the page looks out for an element, and notes the moment it is there."""
    page.evaluate(_WATCH, [selector, text])


def seen_at(page: Page) -> float:
    """When it was there; waits for it."""
    seconds = page.evaluate(
        "Promise.race([window.seenAt, new Promise((done) => setTimeout(done, 10000))])"
    )
    assert seconds is not None, f"not seen within 10 s at {page.url}"
    return float(seconds)


def committed_at(type: str) -> datetime:
    """When the latest event of a type was written."""
    return Event.objects.filter(type=type).latest("at").at


def assert_within_a_second(delays: list[float]) -> None:
    """Most were there within a second of a machine that does nothing else."""
    assert statistics.median(delays) < PROMISE_SECONDS * busyness(), delays


def busyness() -> float:
    """How many times slower than on an idle machine a process gets on right now."""
    wall, own = time.perf_counter(), time.process_time()
    while time.process_time() - own < BUSYNESS_SAMPLE_SECONDS:
        pass
    return max(1.0, (time.perf_counter() - wall) / BUSYNESS_SAMPLE_SECONDS)
