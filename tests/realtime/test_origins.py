"""Which pages may open a socket: the table."""

from typing import Any

import pytest

from realtime.origins import is_allowed

pytestmark = pytest.mark.engine("sqlite")


@pytest.mark.parametrize(
    ("host", "origin", "opens"),
    [
        ("localhost", None, True),
        ("localhost", "http://localhost", True),
        ("localhost", "https://localhost", True),
        ("localhost:8000", "http://localhost:8000", True),
        ("127.0.0.1:8000", "http://127.0.0.1:8000", True),
        ("[::1]:8000", "http://[::1]:8000", True),
        ("localhost", "https://friend.example", True),
        ("localhost", "https://friend.example:8443", False),
        ("localhost", "http://friend.example", False),
        ("localhost", "https://evil.example", False),
        ("localhost", "https://localhost.evil.example", False),
        ("localhost", "https://evil.example/localhost", False),
        ("localhost", "http://localhost@evil.example", False),
        ("localhost", "http://evil@localhost", False),
        ("localhost:8000", "http://localhost:8001", False),
        ("localhost:8000", "http://localhost", False),
        ("localhost", "null", False),
        ("localhost", "", False),
        ("localhost", "file://", False),
        ("localhost", "chrome-extension://localhost", False),
        ("localhost", "localhost", False),
        ("localhost", "http://[", False),
        ("localhost", "http://[localhost", False),
        ("evil.example", "http://evil.example", False),
        ("evil.example", None, False),
        ("", None, False),
        ("localhost:port", None, False),
    ],
)
def test_only_pages_of_ours_and_allowed_ones_may_open_it(
    host: str, origin: str | None, opens: bool, settings: Any
) -> None:
    settings.ALLOWED_ORIGINS = ["https://friend.example"]
    # pytest-django lets "testserver" in; nothing else.
    settings.ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]

    assert is_allowed(origin, host=host) is opens
