"""When sound was captured that no card of ours captured: by numbers, stamps and real sockets."""

import asyncio
import itertools
import socket
import time
from collections.abc import Callable
from pathlib import Path

from gateway.model.ids import UtcUs
from hardware.receive_time import ask_for_times, receive
from hardware.sender_clock import BLOCK_US, JUMP_US, WINDOW_US, SenderClock
from hardware.sound import BLOCK_BYTES, HEADER, SoundPort, open_sound
from hardware.sound_figures import SoundPortMeter

BLOCK = bytes(BLOCK_BYTES - HEADER.size)
LONG_MS = 200


def utc() -> UtcUs:
    """Return the wall clock."""
    return UtcUs(time.time_ns() // 1000)


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something is true."""
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.005)


# ---- by numbers


def test_later_blocks_are_measured_by_the_fastest() -> None:
    clock = SenderClock()
    late_us = (0, 7_000, 3_000, 0, 12_000)
    captured = [clock.arrived(n, n * BLOCK_US + 500 + late) for n, late in enumerate(late_us)]
    assert captured == [500 + n * BLOCK_US for n in range(5)]
    assert clock.captured(7) == 500 + 7 * BLOCK_US, "one that has not come has its time as well"


def test_a_faster_block_moves_the_time_of_those_after_it() -> None:
    clock = SenderClock()
    assert clock.arrived(0, 9_000) == 9_000
    assert clock.arrived(1, BLOCK_US + 4_000) == BLOCK_US + 4_000
    assert clock.arrived(2, 2 * BLOCK_US + 9_000) == 2 * BLOCK_US + 4_000


def test_no_capture_is_later_than_its_arrival_though_clocks_drift_and_numbers_wrap() -> None:
    clock, first = SenderClock(), (1 << 32) - 40
    for n in range(3_000):
        arrived = n * BLOCK_US + n * 2 + (n * 7919) % 15_000  # 100 ppm, 15 ms of jitter
        captured = clock.arrived((first + n) & 0xFFFFFFFF, arrived)
        assert captured <= arrived
        assert arrived - captured < 15_000 + 2 * WINDOW_US * 2 // BLOCK_US


def test_a_pause_and_a_new_begin_are_no_jitter() -> None:
    clock = SenderClock()
    clock.arrived(0, 0)
    paused = 5 * JUMP_US
    assert clock.arrived(1, paused) == paused, "numbers stand still while nobody talks"
    assert clock.arrived(2, paused + BLOCK_US + 3_000) == paused + BLOCK_US
    assert clock.arrived(0, 2 * paused) == 2 * paused


# ---- over real sockets


def test_the_kernel_says_when_a_datagram_came_however_late_it_is_read() -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as near,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as far,
    ):
        near.bind(("127.0.0.1", 0))
        assert ask_for_times(near)
        before = utc()
        far.bind(("127.0.0.1", 0))
        far.sendto(b"one", near.getsockname())
        between = utc()
        time.sleep(LONG_MS / 1000)
        data, sender, stamp = receive(near, 100)
        assert (data, sender) == (b"one", far.getsockname())
        assert stamp is not None
        assert before - 1_000 <= stamp <= between + LONG_MS * 500
        far.sendto(b"", near.getsockname())
        assert receive(near, 100)[0] == b""


async def _udp() -> tuple[SoundPort, socket.socket, tuple[str, int], list[UtcUs]]:
    radio = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    radio.bind(("127.0.0.1", 0))
    radio.setblocking(False)
    heard: list[UtcUs] = []
    url = f"udp:127.0.0.1:{radio.getsockname()[1]}"
    sound = open_sound(url, lambda _, at: heard.append(at), utc)
    await sound.start()
    async with asyncio.timeout(5):
        _, peer = await asyncio.get_running_loop().sock_recvfrom(radio, 2000)
    return sound, radio, peer, heard


async def test_udp_blocks_carry_their_time_while_the_loop_stands_still() -> None:
    sound, radio, peer, heard = await _udp()
    radio.sendto(HEADER.pack(0, 0) + BLOCK, peer)
    sent = utc()
    time.sleep(LONG_MS / 1000)  # the loop cannot read it meanwhile
    await until(lambda: len(heard) == 1)
    assert heard[0] <= sent + LONG_MS * 500
    figures = SoundPortMeter("udp:x", sound).take()
    assert (figures.kind, figures.transit.count) == ("udp", 1)
    waited = figures.transit.share_ms(0.5)
    assert waited is not None
    assert waited >= LONG_MS / 2
    await sound.close()
    radio.close()


async def test_blocks_out_of_order_and_lost_keep_the_times_of_their_numbers() -> None:
    sound, radio, peer, heard = await _udp()
    for number in (0, 2, 1, 5, 6, 7):  # 3 and 4 are lost
        radio.sendto(HEADER.pack(number, number * 160) + BLOCK, peer)
    await until(lambda: len(heard) == 8)
    # All came at once, so each was the fastest yet: never further apart than they were spoken.
    assert max(later - earlier for earlier, later in itertools.pairwise(heard)) <= BLOCK_US
    assert heard == sorted(heard)
    assert sound.count.lost == 2
    await sound.close()
    radio.close()


async def test_a_unix_socket_has_the_moment_of_reading(tmp_path: Path) -> None:
    path, heard = tmp_path / "sound", list[UtcUs]()
    writers: list[asyncio.StreamWriter] = []
    server = await asyncio.start_unix_server(lambda _, writer: writers.append(writer), path)
    sound = open_sound(f"unix:{path}", lambda _, at: heard.append(at), utc)
    await sound.start()
    await until(lambda: len(writers) == 1)
    before = utc()
    for number in range(3):
        writers[0].write(HEADER.pack(number, number * 160) + BLOCK)
    await until(lambda: len(heard) == 3)
    assert heard[0] >= before
    assert SoundPortMeter("unix:x", sound).take().transit.count == 3
    await sound.close()
    for writer in writers:
        writer.close()
    server.close()
