"""Where a request comes from: nobody can say they are somebody else."""

import pytest

from clinic.rules.networks import network_of, parse_proxies

pytestmark = pytest.mark.engine("sqlite")

PROXY, CLIENT, LIE = "10.0.0.1", "203.0.113.7", "198.51.100.1"


@pytest.mark.parametrize(
    ("peer", "forwarded", "proxies", "network"),
    [
        # Nobody is believed unless the settings say so.
        (CLIENT, "", "0", CLIENT),
        (CLIENT, LIE, "0", CLIENT),
        (CLIENT, LIE, "", CLIENT),
        # One proxy adds one entry, whatever the client wrote before it.
        (PROXY, CLIENT, "1", CLIENT),
        (PROXY, f"{LIE}, {CLIENT}", "1", CLIENT),
        (PROXY, f"{LIE},{LIE},{LIE},{CLIENT}", "1", CLIENT),
        (PROXY, "", "1", PROXY),
        # Two.
        (PROXY, f"{LIE}, {CLIENT}, 10.0.0.2", "2", CLIENT),
        (PROXY, CLIENT, "2", CLIENT),
        # By their networks: from the right, up to the first that is not ours.
        (PROXY, f"{LIE}, {CLIENT}, 10.9.9.9", "10.0.0.0/8", CLIENT),
        (PROXY, f"{LIE}, {CLIENT}", "10.0.0.1,192.168.0.0/16", CLIENT),
        (CLIENT, LIE, "10.0.0.0/8", CLIENT),
        (PROXY, "10.1.1.1, 10.2.2.2", "10.0.0.0/8", "10.1.1.1"),
        # What is no address is not believed, nor what stands before it.
        (PROXY, f"{CLIENT}, unknown", "1", PROXY),
        (PROXY, f"{LIE}, , 10.0.0.2", "2", "10.0.0.2"),
        # As proxies write them.
        (PROXY, f"{CLIENT}:51234", "1", CLIENT),
        (PROXY, "[2001:db8:1:2::9]:51234", "1", "2001:db8:1:2::/64"),
        (PROXY, "fe80::1%eth0", "1", "fe80::/64"),
        # One household of IPv6 is one network, and IPv4 in IPv6 is IPv4.
        ("2001:db8:1:2:3:4:5:6", "", "0", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "", "0", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", "", "0", CLIENT),
        ("::1", "", "0", "::/64"),
        # A local socket, a test.
        ("", "", "0", ""),
        ("testclient", "", "0", ""),
        ("", CLIENT, "1", CLIENT),
    ],
)
def test_the_network_is_the_one_that_can_be_believed(
    peer: str, forwarded: str, proxies: str, network: str
) -> None:
    assert network_of(peer, forwarded, parse_proxies(proxies)) == network


@pytest.mark.parametrize("text", ["-1", "proxy.example", "10.0.0.1/8", "10.0.0.0/33"])
def test_what_is_no_proxy_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse_proxies(text)
