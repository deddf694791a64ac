"""Which addresses this server may ask for pictures: registered hosts, in the cameras' networks.

A camera's answer can name any address. It is asked only at the host that stands in the
configuration, at the address that was looked at, and redirects are never followed: a picture's
address leads nowhere else (CWE-918, server-side request forgery).
"""

import asyncio
import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit, urlunsplit

from gateway.model.errors import ConfigError, LocalError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class OutOfBounds(LocalError):
    """An address that is not asked: not registered, or outside the cameras' networks."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where to connect: ``url`` with the checked address in it, and the host's own name."""

    url: str
    host: str


def networks_of(words: Iterable[str]) -> tuple[Network, ...]:
    """Read ``192.0.2.0/24`` and the like; raises ConfigError."""
    try:
        return tuple(ipaddress.ip_network(word) for word in words)
    except ValueError as error:
        raise ConfigError(f"cameras.networks: {error}") from error


class Bounds:
    """The hosts of the configuration, and the networks in which cameras are (none: any)."""

    def __init__(self, hosts: Iterable[str], networks: Iterable[Network] = ()) -> None:
        """Take host names or addresses as they stand in the configuration."""
        self._hosts = frozenset(host.lower() for host in hosts)
        self._networks = tuple(networks)

    async def target(self, url: str) -> Target:
        """Return where to connect for ``url``; raises OutOfBounds with a sentence."""
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
        if parts.scheme not in ("http", "https", "rtsp", "rtsps") or host not in self._hosts:
            raise OutOfBounds(f"{host or url!r} is not an address of a registered camera")
        address = await _resolve(host)
        self._demand(host, address)
        return Target(url=_with_host(parts, address), host=parts.netloc)

    def _demand(self, host: str, address: Address) -> None:
        if any(address in network for network in self._networks):
            return
        if self._networks or address.is_link_local or address.is_multicast:
            raise OutOfBounds(
                f"{host} is {address}: not in the cameras' networks",
                hint="cameras.networks of samband.toml lists them.",
            )


async def _resolve(host: str) -> Address:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        pass
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError as error:
        raise OutOfBounds(f"{host}: the name has no address ({error.strerror})") from error
    return ipaddress.ip_address(found[0][4][0])


def _with_host(parts: SplitResult, address: Address) -> str:
    shown = f"[{address}]" if address.version == 6 else str(address)
    port = f":{parts.port}" if parts.port else ""
    return urlunsplit((parts.scheme, shown + port, parts.path, parts.query, ""))


def at_device(url: str, device: str) -> str:
    """Return an address that a device gave, at the device's own host: behind NAT it names another.

    ``device`` is the address that was asked. Raises OutOfBounds for anything but http or https.
    """
    given, own = urlsplit(url), urlsplit(device)
    if given.scheme not in ("http", "https") or not given.path.startswith("/"):
        raise OutOfBounds(f"the camera names {url[:100]!r} as the address of its picture")
    host = own.hostname or ""
    shown = f"[{host}]" if ":" in host else host
    try:
        port = given.port
    except ValueError as error:
        raise OutOfBounds(f"the camera names {url[:100]!r}: {error}") from error
    netloc = f"{shown}:{port}" if port else shown
    return urlunsplit((given.scheme, netloc, given.path, given.query, ""))
