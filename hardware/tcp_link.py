"""Radios behind a network serial server: ``socket://HOST:PORT``, bytes and nothing else."""

import asyncio
import socket
from urllib.parse import urlsplit

from gateway.model.errors import ConfigError, LinkError
from hardware.descriptor_link import DescriptorLink
from hardware.link import LinkSettings

CONNECT_LIMIT_MS = 3000
UNACKNOWLEDGED_LIMIT_MS = 1500
"""Data that the other side does not acknowledge for so long means that it is gone."""
KEEPALIVE_IDLE_S, KEEPALIVE_INTERVAL_S, KEEPALIVE_PROBES = 1, 1, 2
"""An idle connection is tried each second, so that a cut is noticed in about two."""


async def open_tcp(url: str, settings: LinkSettings) -> DescriptorLink:
    """Connect; raises ConfigError on a bad address, LinkError when nobody answers."""
    connection = await connect(url)
    return DescriptorLink(url, connection.fileno(), settings, connection.close)


async def connect(url: str) -> socket.socket:
    """Return a connected, non-blocking socket; raises ConfigError or LinkError."""
    host, port = parse_address(url)
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(CONNECT_LIMIT_MS / 1000):
            infos = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            family, kind, protocol, _, address = infos[0]
            connection = socket.socket(family, kind, protocol)
            connection.setblocking(False)
            try:
                await loop.sock_connect(connection, address)
            except BaseException:
                connection.close()
                raise
    except (OSError, TimeoutError) as error:
        raise LinkError(
            f"{url}: no connection: {error or 'no answer in 3 s'}",
            hint="Is the serial server on, and the address right?",
        ) from None
    tune(connection)
    return connection


def parse_address(url: str) -> tuple[str, int]:
    """Return host and port of ``socket://HOST:PORT`` or ``rfc2217://HOST:PORT``.

    Raises ConfigError on another form.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or not port:
        scheme = url.partition(":")[0] if "://" in url else "socket"
        raise ConfigError(f"port: expected {scheme}://HOST:PORT, got {url!r}")
    return host, port


def tune(connection: socket.socket) -> None:
    """Send at once, and notice a dead peer in seconds."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (
        ("TCP_USER_TIMEOUT", UNACKNOWLEDGED_LIMIT_MS),
        ("TCP_KEEPIDLE", KEEPALIVE_IDLE_S),
        ("TCP_KEEPINTVL", KEEPALIVE_INTERVAL_S),
        ("TCP_KEEPCNT", KEEPALIVE_PROBES),
    ):
        if hasattr(socket, option):
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
