"""The eyes that all browser tests share: a page that misbehaves fails its test."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.visits import Visits
from tests.servers.web import Web

pytestmark = pytest.mark.engine("sqlite")

MISDEEDS = {
    "console.error('said aloud')": "error: said aloud",
    "reportError(new Error('broken'))": "uncaught: .*broken",
    "new Image().src = 'http://elsewhere.example/pixel.png'": "Content Security Policy",
    "fetch('/api/no-such-thing/')": "status of 404",
    "void open('http://127.0.0.1:9/')": "left the origin: http://127.0.0.1:9/",
}


def test_what_no_page_may_do_is_noticed(web: Web, visit: Visits) -> None:
    page = visit(web, None, "/sign-in")
    expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()
    visit.check()
    for misdeed in MISDEEDS:
        page.evaluate(misdeed)
    with pytest.raises(AssertionError) as told:
        visit.check()
    for complaint in MISDEEDS.values():
        assert re.search(complaint, str(told.value)), told.value
    visit.complaints.clear()
