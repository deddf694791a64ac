"""UDP sockets of a link: one for each channel, bound here, connected to the peer where it is known.

A connected socket tells when nobody is there, takes datagrams of that peer alone, and can be given
to the un-key guard: what the guard writes goes where the server's own datagrams went.
"""

import asyncio
import contextlib
import errno
import socket
from collections.abc import Callable

from gateway.model.errors import ConfigError, LinkError
from hardware.receive_time import ask_for_times, receive

MAX_DATAGRAM = 2048
BURST = 64
"""Datagrams taken in one turn of the loop: a flood must not keep it from everything else."""
BUFFER_BYTES = 1 << 18

Address = tuple[str, int]


def parse_address(text: str, what: str = "address") -> Address:
    """Return host and port of ``HOST:PORT`` (or ``udp:HOST:PORT``); raises ConfigError."""
    host, _, port = text.removeprefix("udp:").rpartition(":")
    host = host.strip("[]")
    if not host or not port.isascii() or not port.isdecimal() or int(port) > 65_535:
        raise ConfigError(f"{what}: expected HOST:PORT, got {text!r}")
    return host, int(port)


class UdpChannel:
    """One socket on the event loop."""

    def __init__(
        self,
        local: Address,
        remote: Address | None,
        received: Callable[[bytes, Address], None],
        refused: Callable[[str], None],
    ) -> None:
        """Open it; raises LinkError. ``refused`` is told when the peer's machine says no."""
        family = socket.AF_INET6 if ":" in local[0] else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._remote = remote
        self._received, self._refused = received, refused
        self.unsent = 0
        """Datagrams that the machine did not take."""
        self.stamp_us: int | None = None
        """When the kernel received the datagram that is being handed on (UTC), where it says so."""
        self.strangers = 0
        """Datagrams of another length than any peer sends."""
        try:
            self._socket.setblocking(False)
            ask_for_times(self._socket)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
            self._socket.bind(local)
            if remote is not None:
                self._socket.connect(remote)
        except OSError as error:
            self._socket.close()
            raise LinkError(
                f"UDP {local[0]}:{local[1]}: {error.strerror or error}",
                hint="Is the port in use, or the peer's name unknown?",
            ) from None
        asyncio.get_running_loop().add_reader(self._socket.fileno(), self._read)

    @property
    def port(self) -> int:
        """Local port."""
        return int(self._socket.getsockname()[1])

    def fileno(self) -> int:
        """Return the descriptor, which the un-key guard inherits."""
        return self._socket.fileno()

    def turn_to(self, port: int) -> bool:
        """Send to another port of the same peer from here on; say whether that is news."""
        if self._remote is None or self._remote[1] == port:
            return False
        self._remote = (self._remote[0], port)
        with contextlib.suppress(OSError):
            self._socket.connect(self._remote)
        return True

    def send(self, data: bytes, to: Address | None = None) -> None:
        """Send one datagram; what cannot be sent is counted."""
        try:
            if self._remote is not None:
                self._socket.send(data)
            elif to is not None:
                self._socket.sendto(data, to)
            else:
                self.unsent += 1
        except OSError as error:
            self.unsent += 1
            self._tell(error)

    def close(self) -> None:
        """Close; safe twice."""
        if self._socket.fileno() >= 0:
            asyncio.get_running_loop().remove_reader(self._socket.fileno())
            self._socket.close()

    def _read(self) -> None:
        for _ in range(BURST):
            try:
                data, address, self.stamp_us = receive(self._socket, MAX_DATAGRAM)
            except BlockingIOError:
                return
            except OSError as error:
                self._tell(error)
                return
            self._received(data, address)
            if self._socket.fileno() < 0:
                return

    def _tell(self, error: OSError) -> None:
        if error.errno == errno.ECONNREFUSED:
            self._refused("nobody listens at the peer's port")
