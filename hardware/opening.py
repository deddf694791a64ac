"""From the address in the plan to an open link."""

from gateway.model.errors import ConfigError
from hardware.link import Link, LinkSettings
from hardware.serial_link import open_serial
from hardware.tcp_link import open_tcp

NETWORK = "socket://"


def is_local(url: str) -> bool:
    """Tell whether ``url`` names a device of this machine; raises ConfigError on another form."""
    if url.startswith("/"):
        return True
    if url.startswith(NETWORK):
        return False
    raise ConfigError(
        f"port: expected /dev/... or {NETWORK}HOST:PORT, got {url!r}",
        hint="Use the stable name below /dev/serial/by-id where there is one.",
    )


async def open_link(url: str, settings: LinkSettings) -> Link:
    """Open ``/dev/...`` (any terminal device) or ``socket://HOST:PORT``.

    Raises LinkError when it cannot be opened now, ConfigError when the address cannot be read.
    """
    if is_local(url):
        return open_serial(url, settings)
    return await open_tcp(url, settings)
