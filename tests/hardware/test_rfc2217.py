"""RFC 2217: the codec, our client and our server, each against pyserial's own other end too."""

import asyncio
import contextlib
import os
import random
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import serial
import serial.rfc2217

from gateway.model.errors import LinkError
from hardware import telnet
from hardware.line_state import Line
from hardware.link import LinkSettings
from hardware.rfc2217 import ClientCore, PortSettings, ServerCore, set_line
from hardware.rfc2217_link import Rfc2217Link, open_rfc2217
from hardware.rfc2217_server import DEAD_MAN_MS, Rfc2217Server, open_port
from hardware.sim.virtual_port import VirtualPort
from hardware.telnet import BEAT, TelnetReader
from tests.hardware.pty_wire import Wire
from tests.hardware.test_links import User, until

SETTINGS = LinkSettings(speed_bps=19200)
ALL_BYTES = bytes(range(256)) * 2


class Shared:
    """A virtual port behind our server, and what happened at it."""

    def __init__(self, key_limit_s: float = 180) -> None:
        self.heard = b""
        self.moves: list[tuple[float, Line, bool]] = []
        self.port = VirtualPort(heard=self._hear, line=self._moved)
        self.server = Rfc2217Server(self.port, key_limit_s=key_limit_s)
        self.number = 0

    def _hear(self, data: bytes) -> None:
        self.heard += data

    def _moved(self, line: Line, active: bool) -> None:
        self.moves.append((time.monotonic(), line, active))

    @property
    def url(self) -> str:
        return f"rfc2217://127.0.0.1:{self.number}"


@contextlib.asynccontextmanager
async def share(key_limit_s: float = 180) -> AsyncIterator[Shared]:
    shared = Shared(key_limit_s)
    shared.number = await shared.server.open("127.0.0.1", 0)
    try:
        yield shared
    finally:
        await shared.server.close()


# ---- the codec


def test_pieces_are_the_same_in_every_chunking() -> None:
    whole = (
        b"AT\xff\xff\r"
        + telnet.negotiation(telnet.WILL, telnet.COM_PORT)
        + telnet.sub(telnet.COM_PORT, b"\x6b\xff")
        + BEAT
        + b"OK"
    )
    expected = [
        telnet.Data(b"AT\xff\r"),
        telnet.Negotiation(telnet.WILL, telnet.COM_PORT),
        telnet.Sub(telnet.COM_PORT, b"\x6b\xff"),
        telnet.Command(telnet.NOP),
        telnet.Data(b"OK"),
    ]
    assert TelnetReader().feed(whole) == expected
    for at in range(1, len(whole)):
        reader = TelnetReader()
        pieces = reader.feed(whole[:at]) + reader.feed(whole[at:])
        joined = b"".join(one.data for one in pieces if isinstance(one, telnet.Data))
        assert joined == b"AT\xff\rOK"
        assert [p for p in pieces if not isinstance(p, telnet.Data)] == [
            p for p in expected if not isinstance(p, telnet.Data)
        ]


def test_overlong_sub_negotiation_is_dropped_and_the_line_goes_on() -> None:
    pieces = TelnetReader().feed(telnet.sub(telnet.COM_PORT, bytes(5000)) + b"OK")
    assert pieces == [telnet.Data(b"OK")]


def test_random_bytes_never_break_either_core() -> None:
    chance = random.Random(22)
    for _ in range(3000):
        junk = bytes(
            chance.choice((255, 250, 240, 251, 253, 44, 5, 8, 0, 107, 90)) for _ in range(40)
        )
        client = ClientCore(PortSettings(speed_bps=9600))
        client.receive(junk)
        server = ServerCore(VirtualPort())
        server.receive(junk)
        assert len(server.outgoing()) < 2000
        assert sum(map(len, client.outgoing())) < 2000


def test_agreement_over_every_split() -> None:
    for size in (1, 2, 3, 7, 64):
        port = VirtualPort()
        client, server = ClientCore(PortSettings(speed_bps=57600)), ServerCore(port)
        for _ in range(50):
            out = b"".join(client.outgoing())
            for at in range(0, len(out), size):
                server.receive(out[at : at + size])
            back = server.outgoing()
            for at in range(0, len(back), size):
                client.receive(back[at : at + size])
        assert client.ready
        assert port.speed_bps == 57600
        assert port.outputs == frozenset()


# ---- our client, our server


async def test_both_ways_with_every_byte_value_and_settings() -> None:
    async with share() as shared:
        link = await open_rfc2217(shared.url, SETTINGS)
        user = User(link)
        await user.send(ALL_BYTES)
        await until(lambda: shared.heard == ALL_BYTES)
        shared.port.say(ALL_BYTES)
        await user.until(lambda: user.received == ALL_BYTES)
        assert shared.port.speed_bps == 19200
        assert shared.port.purged >= 1
        assert shared.moves == [], "the lines never moved"
        await link.set_speed(115200)
        assert shared.port.speed_bps == 115200
        link.close()
        link.close()


async def test_flow_control_and_idle_states_are_the_plans() -> None:
    async with share() as shared:
        settings = LinkSettings(speed_bps=9600, rtscts=True, active=frozenset({Line.DTR}))
        link = await open_rfc2217(shared.url, settings)
        assert shared.port.rtscts
        assert shared.port.outputs == {Line.DTR}
        link.close()
        await until(lambda: shared.port.outputs == frozenset())


async def test_modem_lines_both_ways() -> None:
    async with share() as shared:
        shared.port.set_input(Line.DSR, active=True)
        link = await open_rfc2217(shared.url, SETTINGS)
        seen: list[frozenset[Line]] = []
        link.watch_lines(seen.append)
        await until(lambda: seen == [{Line.DSR}])
        for line in (Line.CTS, Line.DCD, Line.RI):
            began_s = time.monotonic()
            shared.port.set_input(line, active=True)
            await until(lambda line=line: line in link.lines)  # type: ignore[misc]  # bound now
            assert time.monotonic() - began_s < 0.3
        shared.port.set_input(Line.DSR, active=False)
        await until(lambda: seen[-1] == {Line.CTS, Line.DCD, Line.RI})
        link.set_line(Line.RTS, active=True)
        await until(lambda: shared.port.outputs == {Line.RTS})
        link.set_line(Line.RTS, active=False)
        await until(lambda: shared.port.outputs == frozenset())
        link.close()


async def test_lines_drop_when_the_connection_ends() -> None:
    async with share() as shared:
        link = await open_rfc2217(shared.url, SETTINGS)
        link.set_line(Line.RTS, active=True)
        await until(lambda: shared.port.outputs == {Line.RTS})
        os.close(os.dup(link.fileno()))
        socket.socket(fileno=os.dup(link.fileno())).shutdown(socket.SHUT_RDWR)
        await until(lambda: shared.port.outputs == frozenset())
        link.close()


async def test_client_that_beats_and_stops_is_dead() -> None:
    """The connection stands, but nobody is there: a network that swallows everything."""
    async with share() as shared:
        reader, writer = await asyncio.open_connection("127.0.0.1", shared.number)
        writer.write(telnet.negotiation(telnet.WILL, telnet.COM_PORT))
        writer.write(BEAT + set_line(Line.RTS, active=True))
        await until(lambda: shared.port.outputs == {Line.RTS})
        began_s = time.monotonic()
        await until(lambda: shared.port.outputs == frozenset())
        took_ms = (time.monotonic() - began_s) * 1000
        assert DEAD_MAN_MS - 100 <= took_ms <= DEAD_MAN_MS + 400
        writer.close()
        assert reader is not None


async def test_line_has_a_limit() -> None:
    async with share(key_limit_s=0.4) as shared:
        link = await open_rfc2217(shared.url, SETTINGS)
        link.set_line(Line.DTR, active=True)
        await until(lambda: shared.port.outputs == {Line.DTR})
        await until(lambda: shared.port.outputs == frozenset())
        assert 0.35 <= shared.moves[1][0] - shared.moves[0][0] < 1.0
        link.close()


async def test_second_client_is_sent_away_and_the_next_is_served() -> None:
    async with share() as shared:
        first = await open_rfc2217(shared.url, SETTINGS)
        with pytest.raises(LinkError):
            await open_rfc2217(shared.url, SETTINGS)
        first.close()
        await until(lambda: shared.server.client is None)
        second = await open_rfc2217(shared.url, SETTINGS)
        second.close()


async def test_server_that_falls_silent_is_noticed_within_two_seconds() -> None:
    async with share() as shared:
        link = await open_rfc2217(shared.url, SETTINGS)
        user = User(link)
        assert shared.server.client is not None
        assert shared.server.client.transport is not None
        shared.server.client.transport.pause_reading()
        began_s = time.monotonic()
        await user.until(lambda: bool(user.reasons))
        assert time.monotonic() - began_s < 2.0
        assert "does not answer" in user.reasons[0]


async def test_port_that_vanishes_and_plain_server_are_told() -> None:
    async with share() as shared:
        user = User(await open_rfc2217(shared.url, SETTINGS))
        shared.port.vanish()
        await user.until(lambda: bool(user.reasons))
        assert shared.server.lost.is_set()

    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    plain = await asyncio.start_server(mute, "127.0.0.1", 0)
    number = plain.sockets[0].getsockname()[1]
    with pytest.raises(LinkError, match="no agreement"):
        await open_rfc2217(f"rfc2217://127.0.0.1:{number}", SETTINGS)
    plain.close()


async def test_server_on_a_pseudo_terminal(wire: Wire) -> None:
    server = Rfc2217Server(open_port(str(wire.path)))
    number = await server.open("127.0.0.1", 0)
    link = await open_rfc2217(f"rfc2217://127.0.0.1:{number}", SETTINGS)
    user = User(link)
    payload = bytes(range(1, 127)) * 50
    await user.send(payload)
    await until(lambda: wire.received == payload)
    wire.say(b"\r\nOK\r\n")
    await user.until(lambda: user.received == b"\r\nOK\r\n")
    link.close()
    await server.close()
    await server.close()


# ---- pyserial at the other end


async def test_our_server_serves_pyserial() -> None:
    def drive(url: str, shared: Shared) -> dict[str, object]:
        with serial.serial_for_url(url, baudrate=57600, timeout=2) as port:
            port.write(ALL_BYTES)
            port.rts = True
            port.dtr = False
            found: dict[str, object] = {"cts": port.cts, "dsr": port.dsr}
            loop.call_soon_threadsafe(shared.port.say, ALL_BYTES)
            found["read"] = port.read(len(ALL_BYTES))
            loop.call_soon_threadsafe(lambda: shared.port.set_input(Line.CTS, active=True))
            end = time.monotonic() + 2
            while not port.cts and time.monotonic() < end:
                time.sleep(0.01)
            found["cts_now"] = port.cts
            found["outputs"] = shared.port.outputs
            return found

    loop = asyncio.get_running_loop()
    async with share() as shared:
        shared.port.set_input(Line.DSR, active=True)
        found = await asyncio.to_thread(drive, shared.url, shared)
        await until(lambda: shared.port.outputs == frozenset())
    assert found == {
        "cts": False,
        "dsr": True,
        "read": ALL_BYTES,
        "cts_now": True,
        "outputs": {Line.RTS},
    }
    assert shared.heard == ALL_BYTES
    assert shared.port.speed_bps == 57600


class PySerialServer:
    """pyserial's PortManager round its own loop-back port: RTS leads to CTS, DTR to DSR."""

    def __init__(self) -> None:
        self.port = serial.serial_for_url("loop://", baudrate=9600, timeout=0.01)
        self.port.rts = self.port.dtr = False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"rfc2217://127.0.0.1:{self._listener.getsockname()[1]}"
        self._ending = False
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def write(self, data: bytes) -> None:
        self._connection.sendall(data)

    def _serve(self) -> None:
        self._connection, _ = self._listener.accept()
        self._connection.settimeout(0.01)
        manager = serial.rfc2217.PortManager(self.port, self)  # type: ignore[arg-type]  # stubs
        with contextlib.suppress(OSError):
            while not self._ending:
                manager.check_modem_lines()
                if waiting := self.port.in_waiting:
                    self.write(b"".join(manager.escape(self.port.read(waiting))))
                try:
                    data = self._connection.recv(1024)
                except TimeoutError:
                    continue
                if not data:
                    return
                self.port.write(b"".join(manager.filter(data)))

    def close(self) -> None:
        self._ending = True
        self._thread.join(3)
        self._listener.close()
        with contextlib.suppress(AttributeError):
            self._connection.close()


@pytest.fixture
def pyserial_server() -> Iterator[PySerialServer]:
    server = PySerialServer()
    yield server
    server.close()


async def test_our_client_uses_pyserials_server(pyserial_server: PySerialServer) -> None:
    link = await open_rfc2217(pyserial_server.url, SETTINGS)
    assert pyserial_server.port.baudrate == 19200
    user = User(link)
    await user.send(ALL_BYTES)
    await user.until(lambda: user.received == ALL_BYTES)
    for line, answer in ((Line.RTS, Line.CTS), (Line.DTR, Line.DSR)):
        link.set_line(line, active=True)
        await until(lambda answer=answer: answer in link.lines)  # type: ignore[misc]  # bound now
        link.set_line(line, active=False)
        await until(lambda answer=answer: answer not in link.lines)  # type: ignore[misc]  # bound now
    assert user.reasons == []
    link.close()


async def test_our_client_stays_connected_to_pyserials_server(
    pyserial_server: PySerialServer,
) -> None:
    """The question that shows we both live is one that it answers."""
    link = await open_rfc2217(pyserial_server.url, SETTINGS)
    user = User(link)
    end = time.monotonic() + 2.5
    await until(lambda: time.monotonic() > end)
    assert user.reasons == []
    link.close()


def kinds(path: Path) -> Callable[[], int]:
    return lambda: len(list(path.iterdir()))


async def test_nothing_is_left_over() -> None:
    descriptors = kinds(Path("/proc/self/fd"))
    before = descriptors()
    async with share() as shared:
        for _ in range(3):
            link: Rfc2217Link = await open_rfc2217(shared.url, SETTINGS)
            link.close()
            await until(lambda: shared.server.client is None)
    await until(lambda: descriptors() <= before)
