"""The way out to addresses strangers gave us: only public ones, looked at when connecting, and kept for the connection.

Checked here and not when an address is stored, because a name can point elsewhere a minute later; the connection goes
to the very address that was checked. There are no redirects to follow, and no proxy is taken from the environment.
"""

import asyncio
import socket
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any

import httpcore

SHARED_ADDRESSES = IPv6Network("64:ff9b::/96")
"""IPv4 behind IPv6 by translation (RFC 6052): the last four bytes are what is reached."""
SOCKETS = Iterable[Any] | None


class DoorClosed(httpcore.ConnectError):
    """The host is not on the public internet, or has no address at all."""


def is_public(text: str) -> bool:
    """Whether an address is one of the public internet, whatever it is written as."""
    address = ip_address(text.partition("%")[0])
    inner = carried(address) if isinstance(address, IPv6Address) else None
    found = inner or address
    return found.is_global and not (found.is_multicast or found.is_reserved or found.is_unspecified)


def carried(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address an IPv6 one stands for: mapped, translated, or tunnelled."""
    if address in SHARED_ADDRESSES:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    tunnelled = address.teredo[1] if address.teredo else None
    return address.ipv4_mapped or address.sixtofour or tunnelled


class Door(httpcore.AsyncNetworkBackend):
    """Connects to public addresses alone. `inside` lets everything through: a test's receiver is on this machine."""

    def __init__(self, *, inside: bool = False) -> None:
        self.inside = inside
        self.behind = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's interface
        local_address: str | None = None,
        socket_options: SOCKETS = None,
    ) -> httpcore.AsyncNetworkStream:
        """A connection to the first address of a host all of whose addresses are public. Raises DoorClosed."""
        loop = asyncio.get_running_loop()
        try:
            found = await asyncio.wait_for(loop.getaddrinfo(host, port, type=socket.SOCK_STREAM), timeout)
        except (OSError, TimeoutError, UnicodeError) as error:
            raise DoorClosed(f"no address of {host}") from error
        addresses = [str(entry[4][0]) for entry in found]
        if not addresses or not (self.inside or all(map(is_public, addresses))):
            raise DoorClosed(f"{host} is not on the public internet")
        return await self.behind.connect_tcp(addresses[0], port, timeout, local_address, socket_options)

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 - the same
        socket_options: SOCKETS = None,
    ) -> httpcore.AsyncNetworkStream:
        """Never."""
        raise DoorClosed(f"{path} is on this machine")

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await self.behind.sleep(seconds)
