"""Links on a real pseudo-terminal, a real TCP socket and a socket pair."""

import asyncio
import contextlib
import multiprocessing
import os
import socket
import tty
from collections.abc import Awaitable, Callable
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from gateway.model.errors import ConfigError, InvalidCommand, LinkError
from hardware.link import Link, LinkSettings
from hardware.memory_link import memory_link
from hardware.opening import open_link
from hardware.tcp_link import parse_address
from tests.hardware.pty_wire import Wire

SETTINGS = LinkSettings(speed_bps=38400)


class User:
    """What a driver would do with a link."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self.received = b""
        self.reasons: list[str] = []
        self.news = asyncio.Event()
        link.start(self._receive, self.news.set, self._lose)

    def _receive(self, data: bytes) -> None:
        self.received += data
        self.news.set()

    def _lose(self, reason: str) -> None:
        self.reasons.append(reason)
        self.news.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(5):
            while not condition():
                self.news.clear()
                await self.news.wait()

    async def send(self, data: bytes) -> None:
        for start in range(0, len(data), self.link.chunk_bytes):
            await self.until(lambda: self.link.free)
            self.link.write(data[start : start + self.link.chunk_bytes])
        await self.until(lambda: self.link.free)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.005)


@pytest.mark.parametrize(
    ("speed_bps", "chunk_bytes"), [(9600, 19), (1200, 16), (38400, 64), (115200, 64)]
)
def test_chunks_are_short_at_every_speed(speed_bps: int, chunk_bytes: int) -> None:
    assert LinkSettings(speed_bps=speed_bps).chunk_bytes == chunk_bytes


async def test_serial_both_ways(wire: Wire) -> None:
    user = User(await open_link(str(wire.path), SETTINGS))
    payload = bytes(range(1, 127)) * 20
    await user.send(payload)
    await until(lambda: wire.received == payload)
    wire.say(b"\r\nOK\r\n")
    await user.until(lambda: user.received == b"\r\nOK\r\n")
    user.link.close()
    user.link.close()


async def test_serial_port_is_locked(wire: Wire) -> None:
    first = await open_link(str(wire.path), SETTINGS)
    with pytest.raises(LinkError, match="in use by another program"):
        await open_link(str(wire.path), SETTINGS)
    first.close()
    second = await open_link(str(wire.path), SETTINGS)
    second.close()


async def test_pulled_cable_is_noticed_at_once(wire: Wire) -> None:
    user = User(await open_link(str(wire.path), SETTINGS))
    wire.close()
    await user.until(lambda: bool(user.reasons))
    assert len(user.reasons) == 1
    assert not user.link.free
    user.link.write(b"AT\r")


async def test_absent_port_and_wrong_address() -> None:
    with pytest.raises(LinkError, match="is not there"):
        await open_link("/dev/no-such-radio", SETTINGS)
    for wrong in ("COM3", "socket://", "socket://host", "socket://host:x", "tcp://a:1"):
        with pytest.raises(ConfigError, match="expected"):
            await open_link(wrong, SETTINGS)
    with pytest.raises(LinkError, match="cannot be opened"):
        await open_link("/dev/null", SETTINGS)


async def test_too_much_at_once_is_refused() -> None:
    link, other = memory_link()
    with pytest.raises(InvalidCommand, match="at most 64 bytes"):
        link.write(bytes(65))
    link.close()
    other.close()


async def test_reader_that_takes_nothing_keeps_the_link_busy() -> None:
    """Nothing is given to the operating system while the last chunk still waits in it."""
    link, other = memory_link()
    user = User(link)
    link.write(b"A" * 64)
    assert not link.free
    with pytest.raises(InvalidCommand):
        link.write(b"B")
    assert other.recv(100) == b"A" * 64
    await user.until(lambda: link.free)
    other.close()
    await user.until(lambda: bool(user.reasons))


@contextlib.asynccontextmanager
async def _served(handle: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]):  # type: ignore[no-untyped-def]  # a test's own context manager
    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


async def test_tcp_both_ways_and_hang_up() -> None:
    heard = b""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal heard
        heard = await reader.readexactly(200)
        writer.write(b"\r\nOK\r\n")
        await writer.drain()
        writer.close()

    async with _served(handle) as port:
        user = User(await open_link(f"socket://127.0.0.1:{port}", SETTINGS))
        await user.send(b"x" * 200)
        await user.until(lambda: bool(user.reasons))
    assert heard == b"x" * 200
    assert user.received == b"\r\nOK\r\n"
    assert "hung up" in user.reasons[0]


async def test_tcp_without_a_server() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        with pytest.raises(LinkError, match="no connection"):
            await open_link(f"socket://127.0.0.1:{port}", SETTINGS)


def test_tcp_address() -> None:
    assert parse_address("socket://10.0.0.5:4001") == ("10.0.0.5", 4001)
    assert parse_address("socket://[::1]:4001") == ("::1", 4001)


def _holds(path: str, answer: Connection) -> None:
    """Say whether this process has ``path`` open."""
    names = []
    for descriptor in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            names.append(str(descriptor.readlink()))
    answer.send(path in names)


async def test_forked_and_started_children_do_not_hold_the_port(wire: Wire) -> None:
    wire.release_slave()
    link = await open_link(str(wire.path), SETTINGS)
    ours, theirs = multiprocessing.Pipe()
    child = multiprocessing.get_context("fork").Process(
        target=_holds, args=(wire.slave_name, theirs)
    )
    child.start()
    held = ours.recv()
    child.join(5)
    assert held is False
    started = await asyncio.create_subprocess_exec(
        "ls", "-l", "/proc/self/fd", stdout=asyncio.subprocess.PIPE
    )
    listing, _ = await started.communicate()
    assert wire.slave_name.encode() not in listing
    link.close()


async def test_spurious_wake_ups_do_not_count_as_loss() -> None:
    """Another reader of the same port (the guard) may take the bytes first."""
    master, slave = os.openpty()
    tty.setraw(slave)
    os.set_blocking(slave, False)
    loop = asyncio.get_running_loop()
    thieves = [os.dup(slave), os.dup(slave)]
    stolen = bytearray()

    def steal(thief: int) -> None:
        with contextlib.suppress(BlockingIOError):
            stolen.extend(os.read(thief, 100))

    loop.add_reader(thieves[0], steal, thieves[0])
    user = User(await open_link(os.ttyname(slave), SETTINGS))
    loop.add_reader(thieves[1], steal, thieves[1])
    for _ in range(20):
        os.write(master, b"x")
        await asyncio.sleep(0.001)
    await until(lambda: len(stolen) + len(user.received) >= 20)
    for thief in thieves:
        loop.remove_reader(thief)
        os.close(thief)
    os.write(master, b"mine")
    await until(lambda: user.received.endswith(b"mine"))
    assert user.reasons == []
    user.link.close()
    os.close(master)
    os.close(slave)
