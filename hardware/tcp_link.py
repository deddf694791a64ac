"""Radios behind a network serial server: ``socket://HOST:PORT``."""

import asyncio
import socket
from urllib.parse import urlsplit

from gateway.model.errors import ConfigError, LinkError
from hardware.descriptor_link import DescriptorLink
from hardware.link import LinkSettings

CONNECT_LIMIT_MS = 3000
UNACKNOWLEDGED_LIMIT_MS = 5000
"""Data that the other side does not acknowledge for so long means that it is gone."""
KEEPALIVE_IDLE_S, KEEPALIVE_INTERVAL_S, KEEPALIVE_PROBES = 5, 2, 3


async def open_tcp(url: str, settings: LinkSettings) -> DescriptorLink:
    """Connect; raises ConfigError on a bad address, LinkError when nobody answers."""
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
    _tune(connection)
    return DescriptorLink(url, connection.fileno(), settings, connection.close)


def parse_address(url: str) -> tuple[str, int]:
    """Return host and port of ``socket://HOST:PORT``; raises ConfigError on another form."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or not port:
        raise ConfigError(f"port: expected socket://HOST:PORT, got {url!r}")
    return host, port


def _tune(connection: socket.socket) -> None:
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
