"""Pages have the sizes they say, and leave pictures; nothing else notices the browser."""

import asyncio
from pathlib import Path

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone
from playwright.sync_api import Page

from tests.chromium import BrowserThread, OpenPage, _keep, _listen

pytestmark = pytest.mark.engine("sqlite")

RESPONSIVE = '<meta name="viewport" content="width=device-width"><h1>Clinic</h1>'


def test_a_desktop_is_1280_and_a_phone_390_wide(page: Page, phone_page: Page) -> None:
    for shown, width in ((page, 1280), (phone_page, 390)):
        shown.set_content(RESPONSIVE)
        assert shown.evaluate("innerWidth") == width
        assert shown.inner_text("h1") == "Clinic"


def test_pages_share_nothing(open_page: OpenPage) -> None:
    first, second = open_page(), open_page()
    first.context.add_cookies([{"name": "a", "value": "b", "url": "http://localhost"}])
    assert second.context.cookies() == []


@pytest.mark.django_db(transaction=True)
def test_the_orm_works_beside_a_page(page: Page) -> None:
    Session.objects.create(session_key="seen", expire_date=timezone.now())
    assert Session.objects.count() == 1


async def test_an_asynchronous_test_drives_a_page_through_its_thread(
    page: Page, browser_thread: BrowserThread
) -> None:
    await asyncio.to_thread(browser_thread.run, page.set_content, RESPONSIVE)
    assert browser_thread.run(page.inner_text, "h1") == "Clinic"


def test_a_picture_and_the_console_are_kept(page: Page, tmp_path: Path) -> None:
    said = _listen(page)
    page.set_content("<script>console.log('hello'); throw new Error('broken')</script>")
    _keep(page, said, tmp_path, 1)
    assert "log: hello" in (tmp_path / "page-1.log").read_text()
    assert "uncaught: broken" in (tmp_path / "page-1.log").read_text()
    assert (tmp_path / "page-1.png").read_bytes().startswith(b"\x89PNG")
