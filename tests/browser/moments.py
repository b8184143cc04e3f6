"""How long a committed change takes to be on a screen, by the clocks of server and browser."""

import statistics
from datetime import datetime

from playwright.sync_api import Page

from clinic.models import Event

PROMISE_SECONDS = 1.0

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
    """One of several may be late where the machine is busy; most may not."""
    assert statistics.median(delays) < PROMISE_SECONDS, delays
