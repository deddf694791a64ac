"""Sound ports over real UDP and Unix sockets; the order of blocks on its own."""

import asyncio
import random
import socket
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.model.errors import ConfigError
from gateway.model.ids import UtcUs
from hardware.sound import (
    BLOCK_BYTES,
    HEADER,
    MAX_FILLED_BLOCKS,
    PCM_BYTES,
    SILENCE,
    Reorder,
    SoundCount,
    open_sound,
)


def block(number: int) -> bytes:
    return struct.pack("<160h", *([number] * 160))


def utc() -> UtcUs:
    return UtcUs(1_700_000_000_000_000)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.005)


class Order:
    """A reorder buffer and what has come out of it, as the blocks' own numbers."""

    def __init__(self) -> None:
        self.count = SoundCount()
        self._reorder = Reorder(self.count)
        self.out: list[int] = []

    def take(self, *sequences: int) -> "Order":
        for sequence in sequences:
            for pcm in self._reorder.take(sequence, block(sequence % 30_000)):
                self.out.append(struct.unpack_from("<h", pcm)[0])
        return self


def test_blocks_in_order_pass_at_once() -> None:
    order = Order()
    for number in range(7, 20):
        assert order.take(number).out[-1] == number
    assert order.count.lost == order.count.late == 0


def test_swapped_blocks_are_put_in_order() -> None:
    order = Order().take(1, 3, 2, 4)
    assert order.out == [1, 2, 3, 4]


def test_lost_block_becomes_silence_after_three() -> None:
    order = Order().take(1, 3, 4)
    assert order.out == [1]
    order.take(5)
    assert order.out == [1, 0, 3, 4, 5]
    assert order.count.lost == 1


def test_late_and_double_blocks_are_dropped() -> None:
    order = Order().take(5, 6, 5, 6, 4)
    assert order.out == [5, 6]
    assert order.count.late == 3


def test_sender_that_begins_anew_is_followed() -> None:
    order = Order().take(1000, 1001, 0, 1, 2)
    assert order.out == [1000, 1001, 0, 1, 2]
    order.take(9000, 9001)
    assert order.out[-2:] == [9000, 9001]


def test_sequence_wraps() -> None:
    order = Order().take(0xFFFFFFFE, 0xFFFFFFFF, 0, 1)
    assert len(order.out) == 4
    assert order.count.late == 0


def test_any_sequence_is_bounded() -> None:
    chance = random.Random(2)
    order = Order()
    for taken in range(1, 5001):
        order.take(chance.choice([chance.randrange(1 << 32), chance.randrange(60)]))
        assert len(order.out) <= taken * (MAX_FILLED_BLOCKS + 4)


async def test_udp_both_ways() -> None:
    radio = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    radio.bind(("127.0.0.1", 0))
    radio.setblocking(False)
    heard: list[bytes] = []
    loop = asyncio.get_running_loop()
    sound = open_sound(
        f"udp:127.0.0.1:{radio.getsockname()[1]}", lambda pcm, at: heard.append(pcm), utc
    )
    await sound.start()
    async with asyncio.timeout(3):
        hello, peer = await loop.sock_recvfrom(radio, 2000)
        assert len(hello) == HEADER.size
        for number in (1, 2, 3):
            radio.sendto(HEADER.pack(number, number * 160) + block(number), peer)
        for bad in (b"", b"x", bytes(BLOCK_BYTES - 1), bytes(BLOCK_BYTES + 1), bytes(60_000)):
            radio.sendto(bad, peer)
        await until(lambda: len(heard) == 3 and sound.count.bad == 5)
        sound.send(block(9))
        sound.send(block(10))
        sound.send(b"short")
        first = await loop.sock_recv(radio, 2000)
        second = await loop.sock_recv(radio, 2000)
        again = await loop.sock_recv(radio, 2000)
    assert heard == [block(1), block(2), block(3)]
    assert first == HEADER.pack(0, 0) + block(9)
    assert second == HEADER.pack(1, 160) + block(10)
    assert len(again) == HEADER.size, "the next hello, a second later"
    assert sound.count.sent == 2
    assert sound.count.unsent == 1
    await sound.close()
    await sound.close()
    radio.close()


async def test_udp_peer_that_comes_later() -> None:
    """Refused datagrams are nothing: the hello of the next second finds the radio."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    heard: list[bytes] = []
    sound = open_sound(f"udp:127.0.0.1:{port}", lambda pcm, at: heard.append(pcm), utc)
    await sound.start()
    sound.send(SILENCE)
    radio = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    radio.bind(("127.0.0.1", port))
    radio.setblocking(False)
    async with asyncio.timeout(3):
        _, peer = await asyncio.get_running_loop().sock_recvfrom(radio, 2000)
        radio.sendto(HEADER.pack(0, 0) + block(4), peer)
        await until(lambda: heard == [block(4)])
    await sound.close()
    radio.close()


async def test_unix_both_ways_and_again(tmp_path: Path) -> None:
    path = tmp_path / "sound"
    heard: list[bytes] = []
    got: list[bytes] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(HEADER.pack(0, 0) + block(1))
        got.append(await reader.readexactly(BLOCK_BYTES))
        writer.close()

    sound = open_sound(f"unix:{path}", lambda pcm, at: heard.append(pcm), utc)
    await sound.start()
    sound.send(block(5))
    assert sound.count.unsent == 1, "nobody listens yet"
    server = await asyncio.start_unix_server(handle, str(path))
    await until(lambda: len(heard) == 1)
    sound.send(block(6))
    await until(lambda: len(got) == 1)
    await until(lambda: len(heard) == 2)
    assert got[0][HEADER.size :] == block(6)
    await sound.close()
    await sound.close()
    server.close()


async def test_unix_peer_that_does_not_read(tmp_path: Path) -> None:
    path = tmp_path / "sound"
    done = asyncio.Event()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.pause_reading()  # type: ignore[attr-defined]  # of the real transport
        writer.write(HEADER.pack(0, 0) + block(1))
        await done.wait()
        writer.close()

    heard: list[bytes] = []
    sound = open_sound(f"unix:{path}", lambda pcm, at: heard.append(pcm), utc)
    server = await asyncio.start_unix_server(handle, str(path))
    await sound.start()
    await until(lambda: len(heard) == 1)
    for _ in range(5000):
        sound.send(SILENCE)
    assert sound.count.unsent > 0
    done.set()
    await sound.close()
    server.close()


async def test_data_only_link_has_no_sound() -> None:
    sound = open_sound("", lambda pcm, at: None, utc)
    await sound.start()
    sound.send(SILENCE)
    assert sound.count.unsent == 1
    await sound.close()


@pytest.mark.parametrize(
    "url",
    [
        "udp:",
        "udp:host",
        "udp:host:0",
        "udp:host:99999",
        "udp:host:x",
        "unix:rel",
        "mic",
        "device:",
    ],
)
def test_wrong_addresses(url: str) -> None:
    with pytest.raises(ConfigError, match="expected"):
        open_sound(url, lambda pcm, at: None, utc)


def test_block_is_twenty_ms() -> None:
    assert PCM_BYTES == 320
    assert BLOCK_BYTES == 328
