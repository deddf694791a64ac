"""From the address in the plan to an open link."""

from hardware.gpio_link import open_gpio
from hardware.link import Link, LinkSettings
from hardware.port_names import GPIO, RFC2217, SOCKET, UDP, check_name, device_of, is_local
from hardware.rfc2217_link import open_rfc2217
from hardware.serial_link import open_serial_aside
from hardware.tcp_link import open_tcp
from hardware.udp_link import open_udp

__all__ = ["is_local", "open_link"]


async def open_link(url: str, settings: LinkSettings) -> Link:
    """Open a port by one of the names of ``hardware.port_names``.

    Raises LinkError when it cannot be opened now, ConfigError when the address cannot be read.
    """
    if url.startswith(GPIO):
        return open_gpio(url, active_low=settings.active_low)
    if url.startswith(UDP):
        return open_udp(url, settings)
    check_name(url)
    if url.startswith(SOCKET):
        return await open_tcp(url, settings)
    if url.startswith(RFC2217):
        return await open_rfc2217(url, settings)
    return await open_serial_aside(device_of(url), settings)
