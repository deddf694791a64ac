"""A transmitter keyed by a line, and its server killed, stopped or hung: the guard un-keys.

The line is that of our RFC 2217 server, since a pseudo-terminal has none; the port of this machine
and the GPIO line are looked at in the guard's own system calls.
"""

import asyncio
import contextlib
import dataclasses
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hardware import gpio_link, guard
from hardware.gpio_link import parse_gpio
from hardware.guard_client import LINES_ONLY
from hardware.line_state import Line
from tests.hardware.test_analogue_radio import donor
from tests.hardware.test_rfc2217 import Shared, share

ROOT = Path(__file__).parents[2]
UNKEY_LIMIT_S = 0.5
HEADER = Path("/usr/include/linux/gpio.h")


class Keyed:
    """The server's process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def until(self, what: str) -> None:
        assert self.process.stdout is not None
        async with asyncio.timeout(15):
            while json.loads(await self.process.stdout.readline())["what"] != what:
                continue


@contextlib.asynccontextmanager
async def key(shared: Shared, how: str = "") -> AsyncIterator[Keyed]:
    link = json.dumps(dataclasses.asdict(donor(shared.url)))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.hardware.keyed_server", link, how,
        stdout=asyncio.subprocess.PIPE, cwd=ROOT,
    )  # fmt: skip
    keyed = Keyed(process)
    try:
        await keyed.until("granted")
        assert shared.port.outputs == {Line.RTS}
        yield keyed
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def unkeyed(shared: Shared, since_s: float) -> None:
    async with asyncio.timeout(5):
        while shared.port.outputs:
            await asyncio.sleep(0.002)
    assert shared.moves[-1][0] - since_s <= UNKEY_LIMIT_S


async def test_server_killed() -> None:
    async with share() as shared, key(shared) as keyed:
        killed_s = time.monotonic()
        keyed.process.kill()
        await unkeyed(shared, killed_s)
        async with asyncio.timeout(5):
            while shared.server.client is not None:
                await asyncio.sleep(0.01)
        assert len(shared.moves) == 2


async def test_server_stopped_and_woken() -> None:
    async with share() as shared, key(shared) as keyed:
        stopped_s = time.monotonic()
        keyed.process.send_signal(signal.SIGSTOP)
        await unkeyed(shared, stopped_s)
        keyed.process.send_signal(signal.SIGCONT)
        await keyed.until("ended")
        assert shared.port.outputs == frozenset(), "it does not key again by itself"


async def test_server_hung() -> None:
    async with share() as shared, key(shared, "hang") as keyed:
        await keyed.until("hang")
        await unkeyed(shared, time.monotonic())
        await keyed.until("ended")
        assert shared.port.outputs == frozenset()


async def test_server_asked_to_end() -> None:
    async with share() as shared, key(shared) as keyed:
        asked_s = time.monotonic()
        keyed.process.terminate()
        await unkeyed(shared, asked_s)


# ---- what only a real port or chip has: the system calls that would reach it


class Calls:
    """Takes the guard's ioctl calls and lets them all succeed."""

    def __init__(self) -> None:
        self.made: list[tuple[int, int, bytes]] = []

    def ioctl(self, descriptor: int, request: int, argument: bytes) -> bytes:
        self.made.append((descriptor, request, bytes(argument)))
        return argument


def test_guard_clears_dtr_and_rts_and_the_gpio_line(monkeypatch: pytest.MonkeyPatch) -> None:
    import termios

    calls = Calls()
    monkeypatch.setattr(fcntl, "ioctl", calls.ioctl)
    guard.gpio_inactive(["gpio:77"])
    guard.unkey_radio(66, LINES_ONLY)
    both = (termios.TIOCM_DTR | termios.TIOCM_RTS).to_bytes(4, sys.byteorder)
    values = gpio_link.VALUES.pack(0, 1)
    assert calls.made == [
        (77, gpio_link.SET_VALUES, values),
        (66, termios.TIOCMBIC, both),
    ]


def test_guard_takes_lines_that_are_gone() -> None:
    gone = os.open(os.devnull, os.O_RDWR)
    os.close(gone)
    guard.gpio_inactive([f"gpio:{gone}"])
    guard.unkey_radio(gone, LINES_ONLY)


def test_guard_and_driver_speak_of_the_same_numbers() -> None:
    assert guard.GPIO_SET_VALUES == gpio_link.SET_VALUES
    assert guard.LINES_ONLY == LINES_ONLY


PROGRAM = """
#include <linux/gpio.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
int main(void) {
  struct gpio_v2_line_request r;
  memset(&r, 0, sizeof r);
  r.offsets[0] = 17;
  strcpy(r.consumer, "samband-ptt");
  r.config.flags = GPIO_V2_LINE_FLAG_OUTPUT | GPIO_V2_LINE_FLAG_ACTIVE_LOW;
  r.num_lines = 1;
  printf("%lu %lu %zu ", (unsigned long)GPIO_V2_GET_LINE_IOCTL,
         (unsigned long)GPIO_V2_LINE_SET_VALUES_IOCTL, offsetof(struct gpio_v2_line_request, fd));
  for (size_t i = 0; i < sizeof r; i++) printf("%02x", ((unsigned char *)&r)[i]);
  return 0;
}
"""


def test_layout_is_that_of_the_kernels_header(tmp_path: Path) -> None:
    if not HEADER.exists():
        pytest.skip("no <linux/gpio.h>")
    (tmp_path / "gpio.c").write_text(PROGRAM)
    built = subprocess.run(
        ["cc", "-o", str(tmp_path / "gpio"), str(tmp_path / "gpio.c")], check=False
    )
    if built.returncode:
        pytest.skip("no C compiler")
    out = subprocess.run([str(tmp_path / "gpio")], capture_output=True, text=True, check=True)
    get_line, set_values, descriptor_at, request = out.stdout.split()
    assert int(get_line) == gpio_link.GET_LINE
    assert int(set_values) == gpio_link.SET_VALUES
    assert int(descriptor_at) == gpio_link.DESCRIPTOR_AT
    assert request == gpio_link.line_request(17, active_low=True).hex()


def test_gpio_names() -> None:
    assert parse_gpio("gpio:gpiochip0/17") == ("/dev/gpiochip0", 17)
    assert parse_gpio("gpio:/dev/gpiochip2/3") == ("/dev/gpiochip2", 3)
