"""An RFC 2217 server: shares one serial port, modem lines included, with one client at a time.

A product of its own (``samband serial-server``, or ``python -m hardware.rfc2217_server``), for a
site computer that has the radio's cable. The port is opened once and stays open: a client that
comes or goes moves no line.

What un-keys at the far end, whatever the network does: when the client's connection ends, DTR and
RTS become inactive at once; when a client that sends beats (Telnet NOP, as our own does while it
keys) stops sending them for ``DEAD_MAN_MS``, they become inactive too; and no line stays active
beyond ``KEY_LIMIT_S``. RFC 2217 knows no passwords: bind it to a network that is yours.
"""

import argparse
import asyncio
import contextlib
import json
import logging
import os
import signal
import sys
from collections.abc import Callable
from typing import Protocol

from gateway.model.errors import ConfigError, LinkError
from hardware.line_state import OUTPUTS, Line
from hardware.link import LinkSettings
from hardware.port_names import device_of, is_there
from hardware.rfc2217 import ServerCore, SharedPort
from hardware.serial_link import SerialLink, open_serial
from hardware.tcp_link import tune

logger = logging.getLogger(__name__)

DEAD_MAN_MS = 1000
KEY_LIMIT_S = 180
MAX_WAITING_BYTES = 65_536
"""What may wait for the port; a client that sends more is paused."""
MAX_UNSENT_BYTES = 262_144
"""What may wait for the network; a client that takes less is hung up on."""
LOOK_MS = 500
OPEN_BPS = 38400
EXAMPLE = "example: samband serial-server --port /dev/ttyUSB0 --listen 10.0.0.5:4001"


class Port(SharedPort, Protocol):
    """A port that the server can run."""

    def start(
        self,
        received: Callable[[bytes], None],
        inputs: Callable[[], None],
        room: Callable[[], None],
        lost: Callable[[str], None],
    ) -> None:
        """Begin. ``inputs``: a modem line changed; ``room``: what was written has left."""
        ...

    def write(self, data: bytes) -> int:
        """Take bytes for the line; returns how many wait now."""
        ...

    def close(self) -> None:
        """Set the lines inactive and close; safe twice."""
        ...


class SerialPort:
    """A terminal device of this machine. A pseudo-terminal has no lines: they are remembered."""

    def __init__(self, link: SerialLink) -> None:
        """Take an open port."""
        self._link = link
        self._waiting = b""
        self._room: Callable[[], None] = lambda: None
        self.speed_bps = OPEN_BPS
        self.rtscts = False
        self.outputs: frozenset[Line] = frozenset()

    @property
    def inputs(self) -> frozenset[Line]:
        """Inputs that are active now."""
        return self._link.lines

    def start(
        self,
        received: Callable[[bytes], None],
        inputs: Callable[[], None],
        room: Callable[[], None],
        lost: Callable[[str], None],
    ) -> None:
        """Begin to read."""
        self._room = room
        self._link.start(received, self._pump, lost)
        with contextlib.suppress(LinkError):  # a pseudo-terminal
            self._link.watch_lines(lambda lines: inputs())

    def write(self, data: bytes) -> int:
        """Take bytes for the line; returns how many wait now."""
        self._waiting += data
        self._pump()
        return len(self._waiting)

    def set_speed(self, speed_bps: int) -> None:
        """Set the speed; raises ValueError when the port cannot."""
        try:
            self._link.change_speed(speed_bps)
        except LinkError as error:
            raise ValueError(str(error)) from None
        self.speed_bps = speed_bps

    def set_rtscts(self, on: bool) -> None:
        """Switch flow control by RTS and CTS."""
        with contextlib.suppress(LinkError):
            self._link.change_rtscts(on)
            self.rtscts = on

    def set_line(self, line: Line, *, active: bool) -> None:
        """Set DTR or RTS."""
        self.outputs = self.outputs | {line} if active else self.outputs - {line}
        with contextlib.suppress(LinkError):
            self._link.set_line(line, active=active)

    def purge(self, *, received: bool, to_send: bool) -> None:
        """Throw away what waits for the line; what came from it is handed on at once anyway."""
        if to_send:
            self._waiting = b""

    def close(self) -> None:
        """Set the lines inactive and close; safe twice."""
        for line in OUTPUTS:
            self.set_line(line, active=False)
        self._link.close()

    def _pump(self) -> None:
        while self._waiting and self._link.free:
            chunk = self._waiting[: self._link.chunk_bytes]
            self._waiting = self._waiting[len(chunk) :]
            self._link.write(chunk)
        if not self._waiting:
            self._room()


class _Client(asyncio.Protocol):
    """One connection."""

    def __init__(self, server: "Rfc2217Server") -> None:
        self._server = server
        self.transport: asyncio.Transport | None = None
        self.core = ServerCore(server.port)
        self.heard_s = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the place, or be sent away when it is taken."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        tune(transport.get_extra_info("socket"))
        self.heard_s = asyncio.get_running_loop().time()
        if self._server.came(self):
            self.flush()
        else:
            transport.close()

    def data_received(self, data: bytes) -> None:
        """Hand bytes to the line, and answer what was asked."""
        if self._server.client is not self:
            return
        self.heard_s = asyncio.get_running_loop().time()
        for_line = self.core.receive(data)
        self.flush()
        self._server.keyed()
        if for_line and self._server.port.write(for_line) > MAX_WAITING_BYTES and self.transport:
            self.transport.pause_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        """Un-key: the client is gone."""
        self._server.left(self)

    def flush(self) -> None:
        """Send what the core has; a client that takes nothing is hung up on."""
        if self.transport is None:
            return
        self.transport.write(self.core.outgoing())
        if self.transport.get_write_buffer_size() > MAX_UNSENT_BYTES:
            self.transport.abort()


class Rfc2217Server:
    """Shares one port. Everything happens on the event loop."""

    def __init__(self, port: Port, *, key_limit_s: float = KEY_LIMIT_S) -> None:
        """Share an open port; it is closed with the server."""
        self.port = port
        self.client: _Client | None = None
        self._key_limit_s = key_limit_s
        self._server: asyncio.Server | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._keyed_s: float | None = None
        self.lost = asyncio.Event()
        self.reason = ""

    async def open(self, host: str, number: int) -> int:
        """Listen; returns the TCP port (0 takes a free one)."""
        self.port.start(self._from_line, self._inputs_changed, self._room, self._port_lost)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Client(self), host, number)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Set the lines inactive, hang up, close the port; safe twice."""
        if self._timer is not None:
            self._timer.cancel()
        if self._server is not None:
            self._server.close()
        if self.client is not None and self.client.transport is not None:
            self.client.transport.abort()
        self.port.close()

    # -- from a client

    def came(self, client: _Client) -> bool:
        """Give the port to a client, unless another one has it."""
        if self.client is not None:
            logger.warning("a second client was sent away: one client a port")
            return False
        self.client = client
        return True

    def left(self, client: _Client) -> None:
        """Set the lines inactive: the client that had the port is gone."""
        if self.client is client:
            self.client = None
            self._inactive("the client is gone")

    def keyed(self) -> None:
        """Note whether a line is active, and look after it while it is."""
        if not self.port.outputs:
            self._keyed_s = None
        elif self._keyed_s is None:
            self._keyed_s = asyncio.get_running_loop().time()
            self._look()

    # -- from the port

    def _from_line(self, data: bytes) -> None:
        if self.client is not None and not self.client.core.suspended:
            self.client.core.send(data)
            self.client.flush()

    def _inputs_changed(self) -> None:
        if self.client is not None:
            self.client.core.tell_lines()
            self.client.flush()

    def _room(self) -> None:
        if self.client is not None and self.client.transport is not None:
            self.client.transport.resume_reading()

    def _port_lost(self, reason: str) -> None:
        self.reason = reason
        self.lost.set()
        if self.client is not None and self.client.transport is not None:
            self.client.transport.abort()

    # -- un-keying

    def _look(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        client, now_s = self.client, asyncio.get_running_loop().time()
        if self._keyed_s is None or client is None:
            return
        silent_ms = (now_s - client.heard_s) * 1000
        if client.core.beats and silent_ms >= DEAD_MAN_MS:
            self._inactive(f"the client has been silent for {DEAD_MAN_MS} ms")
            return
        if now_s - self._keyed_s >= self._key_limit_s:
            self._inactive(f"a line was active for {self._key_limit_s} s")
            return
        self._timer = asyncio.get_running_loop().call_later(0.05, self._look)

    def _inactive(self, why: str) -> None:
        self._keyed_s = None
        if self.port.outputs:
            logger.warning("DTR and RTS are set inactive: %s", why)
            for line in OUTPUTS:
                self.port.set_line(line, active=False)


def open_port(name: str) -> SerialPort:
    """Open a terminal device for sharing, lines inactive; raises LinkError."""
    return SerialPort(open_serial(device_of(name), LinkSettings(speed_bps=OPEN_BPS)))


# -- the program


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the program."""
    parser.epilog = EXAMPLE
    parser.add_argument("--port", required=True, metavar="DEV", help="/dev/… or usb:VID:PID:SERIAL")
    parser.add_argument(
        "--listen",
        default="127.0.0.1:0",
        metavar="HOST:PORT",
        help="where clients connect (default: this machine only, a free port)",
    )
    parser.add_argument(
        "--key-limit-s",
        type=float,
        default=KEY_LIMIT_S,
        metavar="S",
        help=f"longest time that DTR or RTS stays active (default {KEY_LIMIT_S})",
    )


def run(args: argparse.Namespace) -> int:
    """Run until SIGTERM or SIGINT; the first line printed is JSON with host, port and pid."""
    host, _, number = args.listen.rpartition(":")
    if not host or not number.isdecimal() or int(number) > 65_535:
        raise ConfigError(f"--listen: expected HOST:PORT, got {args.listen!r}")
    return asyncio.run(_run(args.port, host.strip("[]"), int(number), args.key_limit_s))


async def _run(name: str, host: str, number: int, key_limit_s: float) -> int:
    stop = asyncio.Event()
    for sign in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(sign, stop.set)
    told = False
    while not stop.is_set():
        try:
            server = Rfc2217Server(open_port(name), key_limit_s=key_limit_s)
        except LinkError as error:
            if not told:
                raise
            logger.warning("%s", error)
            await _pause(stop)
            continue
        try:
            number = await server.open(host, number)
            if not told:
                line = {"kind": "rfc2217", "host": host, "port": number, "pid": os.getpid()}
                sys.stdout.write(json.dumps(line) + "\n")
                sys.stdout.flush()
                told = True
            await _either(stop, server.lost)
        except OSError as error:
            raise ConfigError(f"--listen {host}:{number}: {error.strerror or error}") from None
        finally:
            await server.close()
        if not stop.is_set():
            logger.warning("%s: waiting for its return", server.reason)
            await _until_there(name, stop)
    return 0


async def _either(*events: asyncio.Event) -> None:
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()


async def _until_there(name: str, stop: asyncio.Event) -> None:
    while not stop.is_set() and not is_there(name):
        await _pause(stop)


async def _pause(stop: asyncio.Event) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LOOK_MS / 1000):
            await stop.wait()


def main() -> int:
    """Run as a program of its own; returns 0 done, 1 failed, 2 wrong use."""
    parser = argparse.ArgumentParser(prog="python -m hardware.rfc2217_server")
    add_options(parser)
    try:
        return run(parser.parse_args())
    except (ConfigError, LinkError) as error:
        sys.stderr.write(f"serial-server: {error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
