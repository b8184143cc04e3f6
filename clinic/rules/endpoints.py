"""Addresses at push services: what may be one, and which machines a connection to it may reach."""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final
from urllib.parse import urlsplit

ENDPOINT_MAX_CHARS: Final = 2000
# Behind these prefixes of IPv6 stands an address of IPv4: NAT64's well-known one, by RFC 6052.
_NAT64: Final = IPv6Network("64:ff9b::/96")
_PRINTABLE: Final = re.compile(r"[!-~]+")
_NAME: Final = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost"})

IPAddress = IPv4Address | IPv6Address


class NoEndpoint(ValueError):
    """No push service can have given this address."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One browser's address. `origin` is whom it belongs to: what a signature for it is made out to."""

    url: str
    origin: str


def parse_endpoint(text: str, *, to_loopback: bool = False) -> Endpoint:
    """Raises NoEndpoint for what no push service can have given: they have names, and speak HTTPS at its own port.

    `to_loopback` takes a stand-in on this machine as well.
    """
    if len(text) > ENDPOINT_MAX_CHARS or not _PRINTABLE.fullmatch(text):
        raise NoEndpoint("this is no address")
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise NoEndpoint(str(error)) from None
    if parts.username is not None or parts.password is not None or "#" in text:
        raise NoEndpoint("this holds more than an address")
    if to_loopback and parts.scheme == "http" and host in _LOOPBACK:
        return Endpoint(text, f"http://{parts.netloc}")
    if parts.scheme != "https" or port not in (None, 443) or not _NAME.fullmatch(host):
        raise NoEndpoint("this is no address of a push service")
    if host.rpartition(".")[2].isdecimal():
        raise NoEndpoint("this is a number instead of a name")
    return Endpoint(text, f"https://{host}")


def is_public(address: IPAddress | str) -> bool:
    """Whether this is a machine of the open internet, and none of ours or of our neighbours."""
    found = ip_address(address.partition("%")[0]) if isinstance(address, str) else address
    if isinstance(found, IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour
        if found in _NAT64:
            inner = IPv4Address(int(found) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
        if found.is_site_local:
            return False
    return found.is_global and not found.is_multicast and not found.is_reserved
