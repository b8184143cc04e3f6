"""What devices are called."""

import pytest

from clinic.rules.devices import UNKNOWN, device_in_words

pytestmark = pytest.mark.engine("sqlite")

_WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
_MOBILE = f"{_WEBKIT} Version/18.1 Mobile/15E148 Safari/604.1"
_CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:143.0) Gecko/20100101 Firefox/143.0", "Firefox on Windows"),
        (f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {_WEBKIT} Version/18.1 Safari/605.1.15", "Safari on Mac"),
        (f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) {_MOBILE}", "Safari on iPhone"),
        (f"Mozilla/5.0 (iPad; CPU OS 18_1 like Mac OS X) {_WEBKIT} CriOS/141.0 Safari/604.1", "Chrome on iPad"),
        (f"Mozilla/5.0 (X11; Linux x86_64) {_CHROME} Safari/537.36", "Chrome on Linux"),
        (f"Mozilla/5.0 (Linux; Android 15; Pixel 9) {_CHROME} Mobile Safari/537.36", "Chrome on Android"),
        (f"Mozilla/5.0 (Windows NT 10.0) {_CHROME} Safari/537.36 Edg/141.0.0.0", "Edge on Windows"),
        (f"Mozilla/5.0 (X11; CrOS x86_64 15633) {_CHROME} Safari/537.36", "Chrome on ChromeOS"),
        (f"Mozilla/5.0 (Windows NT 10.0) {_CHROME} Safari/537.36 OPR/116.0", "Opera on Windows"),
        ("Mozilla/5.0 (Linux; Android 14) SamsungBrowser/26.0 Chrome/122.0", "Samsung Internet on Android"),
        ("Mozilla/5.0 (X11; Linux", "Linux"),
        ("curl/8.5.0", "curl"),
        ("python-requests/2.32.3", "python-requests"),
        ("Operators' admin", "Operators' admin"),
        ("a  test", "a test"),
        ("Mozilla/5.0", UNKNOWN),
        ("<b>/x", UNKNOWN),
        ("", UNKNOWN),
        ("   ", UNKNOWN),
        ("word " * 100, ("word " * 12)),
    ],
)  # fmt: skip
def test_a_device_is_named_as_its_owner_would(said: str, words: str) -> None:
    assert device_in_words(said) == words
