"""What every browser test has: the built app, and pages that must behave."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.visits import Visits
from tests.chromium import BrowserThread, OpenPage

ROOT = Path(__file__).resolve().parents[2]
INDEX = ROOT / "frontend" / "dist" / "index.html"

# How long a page may take on a busy machine; what must be quick is measured where it is stated.
expect.set_options(timeout=15_000)


@pytest.fixture(scope="session", autouse=True)
def built_front_end() -> None:
    if not INDEX.exists():
        pytest.fail(
            "the web app is not built: run `make test`, or `npm run build` in frontend/",
            pytrace=False,
        )


@pytest.fixture
def visit(built_front_end: None, open_page: OpenPage) -> Visits:
    """Opens pages of the web app. The test fails by itself when one of them misbehaves:

    an error or a warning in its console (a broken content security policy is one), an uncaught
    exception, a request that leaves the server's own origin.
    """
    return Visits(open_page)


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Iterator[None]:
    done = yield
    visits, thread = (pyfuncitem.funcargs.get(name) for name in ("visit", "browser_thread"))
    if isinstance(visits, Visits) and isinstance(thread, BrowserThread):
        thread.run(visits.check)
    return done
