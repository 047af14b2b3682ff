"""Whose address a request counts against: the peer's, or what proxies the operator trusts say about it.

X-Forwarded-For is anybody's claim. Only what a trusted proxy added to it is believed, hence it is read from the right,
and no further than the first address that is no proxy of ours.
"""

import re
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
HEADER = "x-forwarded-for"
_WITH_PORT = re.compile(r"\[(?P<six>[^\]]+)\](?::\d{1,5})?|(?P<four>[0-9.]+):\d{1,5}")


def caller(peer: str, headers: Iterable[str], trusted: Sequence[Network]) -> str:
    """The right-most address that is no trusted proxy's. headers: the X-Forwarded-For lines as they came.

    Where a proxy passed on something that is no address, the proxy itself is the last one known.
    """
    found = _address(peer)
    if found is None or not _is_trusted(found, trusted):
        return peer
    for said in reversed([part for line in headers for part in line.split(",")]):
        before = _address(said)
        if before is None:
            break
        found = before
        if not _is_trusted(found, trusted):
            break
    return str(found)


def _is_trusted(address: Address, trusted: Sequence[Network]) -> bool:
    return any(address in network for network in trusted)


def _address(text: str) -> Address | None:
    """An address as proxies write it, with or without a port; one of IPv4 in IPv6 clothes is of IPv4."""
    bare = text.strip()
    if with_port := _WITH_PORT.fullmatch(bare):
        bare = with_port["six"] or with_port["four"]
    try:
        found = ip_address(bare)
    except ValueError:
        return None
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        return found.ipv4_mapped
    return found
