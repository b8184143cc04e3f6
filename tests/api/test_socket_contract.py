"""The contract of the socket over HTTP: a document for programs, a page for people."""

import re

import pytest

from realtime.contract import document
from tests.api.client import Api, ok

pytestmark = pytest.mark.django_db
CHANNELS = document()["channels"]


def the_page() -> str:
    response = Api().get("/api/docs/realtime/")
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    return str(response.content.decode())


def test_the_document_is_served_to_everyone() -> None:
    response = Api().get("/api/asyncapi.json")

    assert response.headers["Content-Type"] == "application/json"
    assert ok(response) == document()


def test_the_page_has_everything_that_is_in_the_document() -> None:
    page = the_page()
    anchors = set(re.findall(r'id="([^"]+)"', page))

    for name in CHANNELS["socket"]["messages"]:
        assert f"message-{name}" in anchors
    for name, channel in CHANNELS.items():
        assert f"<code>{channel['address']}</code>" in page, name
        if name != "socket":
            assert {f"event-{kind}" for kind in channel["messages"]} <= anchors
    for why in (*CHANNELS["socket"]["x-close-codes"], *CHANNELS["socket"]["x-error-codes"]):
        assert f"<code>{why['code']}</code>" in page
    for limit in CHANNELS["socket"]["x-limits"]:
        assert f"<code>{limit['name']}</code></td><td>{limit['value']}</td>" in page


def test_the_page_needs_no_script_and_no_other_site_and_its_links_lead_somewhere() -> None:
    page = the_page()
    addresses = re.findall(r"""(?:src|href)="([^"]*)""", page)
    anchors = re.findall(r'id="([^"]+)"', page)

    assert len(anchors) == len(set(anchors))
    assert "<script" not in page
    assert "style=" not in page
    for address in addresses:
        assert address.startswith("/") or address.removeprefix("#") in anchors, address


def test_the_page_of_the_api_leads_to_it() -> None:
    assert (
        "(/api/docs/realtime/)"
        in ok(Api().get("/api/schema/", format="json"))["info"]["description"]
    )
