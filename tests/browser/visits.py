"""A person's visit to the web app in a real browser, and what no visit may ever do."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, WebSocket

from clinic.models import Doctor, Person
from tests.chromium import OpenPage
from tests.contract import Frame, check_received, check_sent
from tests.servers.web import Web
from tests.world import tokens

# The first question of every visit, "does my cookie still stand?", is answered 401 to a stranger.
STRANGER = re.compile(r"status of 401 .*/api/auth/refresh/")
# What the browser itself says while nobody answers at the other end.
AWAY = re.compile(r"ERR_CONNECTION_|ERR_EMPTY_RESPONSE|WebSocket connection to|ERR_NETWORK")


@dataclass
class Visits:
    """Opens pages of the web app: `visit(web, somebody, "/appointments")`."""

    open_page: OpenPage
    complaints: list[str] = field(default_factory=list)
    _allowed: list[re.Pattern[str]] = field(default_factory=lambda: [STRANGER])
    _contexts: list[BrowserContext] = field(default_factory=list)

    def __call__(
        self, web: Web, person: Person | Doctor | None = None, path: str = "/", **options: object
    ) -> Page:
        """A browser of its own at this address, signed in as somebody or as nobody."""
        page = self.open_page(**options)
        context = page.context
        self._contexts.append(context)
        context.on("console", self._heard)
        context.on("weberror", lambda wrong: self._complain(f"uncaught: {wrong.error}"))
        context.on("request", lambda request: self._sent(web, request))
        page.on("websocket", self._listen)
        context.on("page", lambda tab: tab.on("websocket", self._listen))
        if person:
            remember(context, person.person if isinstance(person, Doctor) else person)
        page.goto(web.base_url + path)
        return page

    def expect(self, *sayings: str) -> None:
        """From now on the browser may say these things too: regular expressions."""
        self._allowed += [re.compile(saying) for saying in sayings]

    def expect_outage(self) -> None:
        self._allowed.append(AWAY)

    def check(self) -> None:
        for context in self._contexts:
            for page in context.pages:
                page.evaluate("0")  # What the page said until now has been heard after this.
        assert not self.complaints, "\n".join(self.complaints)

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self._complain(f"{message.type}: {message.text} {message.location['url']}")

    def _sent(self, web: Web, request: Request) -> None:
        own = (web.base_url + "/", "data:", "blob:")
        if not request.url.startswith(own):
            self._complain(f"left the origin: {request.url}")

    def _listen(self, socket: WebSocket) -> None:
        """What the app and the server say to each other is what the contract says."""
        socket.on("framesent", lambda text: self._check(check_sent, text))
        socket.on("framereceived", lambda text: self._check(check_received, text))

    def _check(self, check: Callable[[Frame], None], text: str | bytes) -> None:
        try:
            check(json.loads(text))
        except ValueError as broken:
            self._complain(f"not in the contract: {broken}")

    def _complain(self, complaint: str) -> None:
        if not any(allowed.search(complaint) for allowed in self._allowed):
            self.complaints.append(complaint)


def remember(context: BrowserContext, person: Person) -> None:
    """The cookie that an earlier sign-in of this person left in the browser."""
    context.add_cookies(
        [
            {
                "name": "clinic_refresh",
                "value": tokens(person, device="a browser").refresh,
                "domain": "127.0.0.1",
                "path": "/api/auth/",
                "httpOnly": True,
                "sameSite": "Strict",
            }
        ]
    )


def second_tab(page: Page, path: str | None = None) -> Page:
    """Another tab of the same browser, at the same address unless told otherwise."""
    tab = page.context.new_page()
    tab.goto(page.url if path is None else re.sub(r"(?<=\d)/.*", path, page.url))
    return tab
