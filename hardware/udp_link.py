"""A modem over UDP: ``udp:HOST:PORT``, one frame a datagram."""

import os
import socket

from gateway.model.errors import LinkError
from hardware.descriptor_link import READ_BYTES, DescriptorLink
from hardware.link import LinkSettings
from hardware.udp_channel import parse_address


class UdpLink(DescriptorLink):
    """A connected UDP socket; each write is a datagram, and so is each read."""

    def _read(self) -> None:
        try:
            data = os.read(self.fileno(), READ_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        except ConnectionRefusedError:
            self._fail(f"{self.name}: nobody listens there")
            return
        except OSError as error:
            self._fail(f"{self.name}: {error.strerror or error}")
            return
        if data:
            self._received(data)


def open_udp(url: str, settings: LinkSettings) -> UdpLink:
    """Open a socket that leads to ``udp:HOST:PORT``; raises ConfigError or LinkError."""
    host, port = parse_address(url, "port")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    end = socket.socket(family, socket.SOCK_DGRAM)
    try:
        end.connect((host, port))
    except OSError as error:
        end.close()
        raise LinkError(
            f"{url}: {error.strerror or error}", hint="Is the modem's address right?"
        ) from None
    return UdpLink(url, end.fileno(), settings, end.close)
