"""Where a request comes from: whom to believe, and what counts as one place."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
# So many proxies stand before us, or all in these networks are ours.
Proxies = int | Sequence[Network]
# A household or a company has at least this much of IPv6, and may use every address in it.
IPV6_PREFIX: Final = 64


def parse_proxies(text: str) -> Proxies:
    """A number of proxies, or networks separated by commas. Raises ValueError."""
    if text.strip().isdecimal():
        return int(text)
    return [ip_network(part.strip()) for part in text.split(",") if part.strip()]


def network_of(peer: str, forwarded: str, proxies: Proxies) -> str:
    """The network that a request comes from, "" if nobody knows.

    `peer` is who opened the connection, `forwarded` the X-Forwarded-For, to which each proxy adds whom it
    serves. Only what our own proxies added is believed: anyone may send the header.
    """
    hops = [_parse(peer)]
    for entry in reversed(forwarded.split(",") if forwarded else []):
        if not _is_ours(hops[-1], len(hops), proxies):
            break
        hop = _parse(entry)
        if hop is None:
            break
        hops.append(hop)
    return _widened(hops[-1])


def _is_ours(hop: Address | None, number: int, proxies: Proxies) -> bool:
    if isinstance(proxies, int):
        return number <= proxies
    return hop is not None and any(hop in network for network in proxies)


def _widened(address: Address | None) -> str:
    if isinstance(address, IPv6Address):
        return str(ip_network((address, IPV6_PREFIX), strict=False))
    return str(address or "")


def _parse(text: str) -> Address | None:
    """An address, with or without a port or a zone, as proxies write them."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
