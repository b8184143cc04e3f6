"""What may be an address at a push service, and which machines it may lead to."""

import pytest

from clinic.rules.endpoints import ENDPOINT_MAX_CHARS, NoEndpoint, is_public, parse_endpoint

pytestmark = pytest.mark.engine("sqlite")


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://fcm.googleapis.com/fcm/send/abc:def", "https://fcm.googleapis.com"),
        (
            "https://updates.push.services.mozilla.com/wpush/v2/gA",
            "https://updates.push.services.mozilla.com",
        ),
        ("https://Web.Push.Apple.com:443/QK", "https://web.push.apple.com"),
        (
            "https://wns2-am3p.notify.windows.com/w/?token=a%2bB",
            "https://wns2-am3p.notify.windows.com",
        ),
    ],
)
def test_the_address_of_a_push_service_belongs_to_its_origin(url: str, origin: str) -> None:
    assert parse_endpoint(url).origin == origin


@pytest.mark.parametrize(
    "url",
    [
        "", "push.example", "//push.example/x", "http://push.example/x", "ftp://push.example/x", "https:///x",
        "https://push.example:8443/x", "https://push.example:0/x", "https://push.example:99999/x",
        "https://u:p@push.example/x", "https://@push.example/x", "https://push.example/x#y", "https://localhost/x",
        "https://clinic/x", "https://127.0.0.1/x", "https://2130706433/x", "https://127.1/x", "https://[::1]/x",
        "https://10.0.0.1/x", "https://8.8.8.8/x", "https://0x7f.0.0.1/x", "https://push.example/a b",
        "https://push.example/\r\nX: y", "https://push.example/\N{LATIN SMALL LETTER E WITH ACUTE}", "https://püsh.example/x",
        "https://push.example\\@10.0.0.1/x", "https://push.example/" + "x" * ENDPOINT_MAX_CHARS,
        "http://127.0.0.1:8000/x", "javascript:alert(1)",
    ],
)  # fmt: skip
def test_whatever_else_is_none(url: str) -> None:
    with pytest.raises(NoEndpoint):
        parse_endpoint(url)


def test_a_stand_in_on_this_machine_is_one_where_that_is_wanted() -> None:
    found = parse_endpoint("http://127.0.0.1:8000/x", to_loopback=True)
    assert found.origin == "http://127.0.0.1:8000"
    for url in ("http://10.0.0.1:8000/x", "http://clinic.example/x"):
        with pytest.raises(NoEndpoint):
            parse_endpoint(url, to_loopback=True)


@pytest.mark.parametrize("address", ["93.184.215.14", "142.250.185.74", "2a00:1450:4001:82a::200a"])
def test_the_open_internet_may_be_reached(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.9.9.9", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
        "169.254.169.254", "100.64.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
        "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "fec0::1", "ff02::1", "2001:db8::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "64:ff9b::7f00:1", "2002:7f00:1::", "2002:a00:1::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2", "::127.0.0.1",
    ],
)  # fmt: skip
def test_our_own_network_and_our_neighbours_may_not(address: str) -> None:
    assert not is_public(address)
