"""A link inside one machine: the other end is a socket that a test or a tool holds."""

import socket

from hardware.descriptor_link import DescriptorLink
from hardware.link import LinkSettings


def memory_link(
    name: str = "memory", settings: LinkSettings | None = None
) -> tuple[DescriptorLink, socket.socket]:
    """Return a link and its other end (non-blocking); it has a descriptor, as the guard needs."""
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    return DescriptorLink(name, ours.fileno(), settings or LinkSettings(), ours.close), theirs
