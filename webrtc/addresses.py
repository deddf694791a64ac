"""Which of this machine's addresses browsers may use for sound: ``[web] media_addresses``.

aioice offers every address of the machine but 127.0.0.1 and has no setting for it; this module is
the one place that reaches into it. ``tests/webrtc/test_contracts.py`` fails when aioice changes.
"""

import ipaddress
from collections.abc import Iterable

import aioice.ice

from gateway.model.errors import ConfigError

LOOPBACK = "127.0.0.1"


def host_addresses() -> list[str]:
    """Return this machine's own IPv4 addresses, loopback last."""
    found = _of_the_machine(use_ipv4=True, use_ipv6=False)
    return [*(address for address in found if address != LOOPBACK), LOOPBACK]


def use_media_addresses(addresses: Iterable[str]) -> None:
    """Let connections that open from now on offer exactly these addresses.

    Raises ConfigError when one is no IP address, or when there is none.
    """
    wanted = list(dict.fromkeys(addresses))
    faults = tuple(text for text in wanted if not _is_address(text))
    if faults or not wanted:
        raise ConfigError(
            f"web.media_addresses: expected IP addresses of this machine, got {wanted}",
            faults=faults,
            hint='For browsers on this machine only: media_addresses = ["127.0.0.1"]',
        )

    def chosen(use_ipv4: bool, use_ipv6: bool) -> list[str]:
        return [text for text in wanted if (use_ipv6 if ":" in text else use_ipv4)]

    aioice.ice.get_host_addresses = chosen


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


_of_the_machine = aioice.ice.get_host_addresses
