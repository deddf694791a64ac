"""Guards of many ports from one small process: each stands alone, and none costs much."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from hardware import guard_nursery
from hardware.guard_client import UnkeyGuard

UNKEY = b"\x1b\rAT+CUTXC=%d\rATH\r"
PORTS = 16
MOST_MB_EACH = 2.0
KIB_PER_MB = 1000 / 1.024


@dataclass
class Guarded:
    """One port with its guard."""

    master: int
    slave: int
    guard: UnkeyGuard
    died: list[bytes]
    received: bytearray = field(default_factory=bytearray)

    def read(self) -> bytes:
        """Return what came to the radio's side."""
        with contextlib.suppress(BlockingIOError):
            while data := os.read(self.master, 4096):
                self.received += data
        return bytes(self.received)


@pytest.fixture
async def guarded() -> AsyncIterator[list[Guarded]]:
    made: list[Guarded] = []
    for _ in range(PORTS):
        master, slave = os.openpty()
        os.set_blocking(master, False)
        os.set_blocking(slave, False)
        died: list[bytes] = []
        one = Guarded(master, slave, UnkeyGuard(slave, died.append), died)
        await one.guard.start()
        made.append(one)
    yield made
    for one in made:
        await one.guard.close()
        os.close(one.slave)
        os.close(one.master)
    assert guard_nursery._standing is None, "the nursery ends with its last guard"


async def _until(condition: "object", limit_s: float = 3) -> None:
    assert callable(condition)
    async with asyncio.timeout(limit_s):
        while not condition():
            await asyncio.sleep(0.01)


def _own_mb(pid: int) -> float:
    """Return the process's share of memory that is nobody's file."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8").splitlines():
        if line.startswith("Pss_Anon:"):
            return int(line.split()[1]) / KIB_PER_MB
    raise AssertionError("no such line")


async def test_a_further_guard_costs_little(guarded: list[Guarded]) -> None:
    pids = [one.guard.pid for one in guarded]
    assert len({*pids}) == PORTS
    assert all(one.guard.alive() for one in guarded)
    each = [_own_mb(pid) for pid in pids if pid is not None]
    assert len(each) == PORTS
    assert max(each) <= MOST_MB_EACH


async def test_each_guards_its_own_port(guarded: list[Guarded]) -> None:
    for number, one in enumerate(guarded):
        one.guard.arm(UNKEY % number)
    await guarded[3].guard.close()
    await _until(lambda: guarded[3].read().endswith(UNKEY % 3))
    others = [one for one in guarded if one is not guarded[3]]
    assert all(one.guard.alive() for one in others)
    assert all(one.read() == b"" for one in others)
    for one in others:
        one.guard.disarm()


async def test_a_killed_guard_is_told_and_the_others_stand(guarded: list[Guarded]) -> None:
    guarded[0].guard.arm(UNKEY % 7)
    pid = guarded[0].guard.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    await _until(lambda: guarded[0].died == [UNKEY % 7])
    assert all(one.guard.alive() for one in guarded[1:])
    await guarded[0].guard.start()
    assert guarded[0].guard.alive()


async def test_without_the_nursery_every_armed_guard_unkeys(guarded: list[Guarded]) -> None:
    guarded[0].guard.arm(UNKEY % 1)
    standing = guard_nursery._standing
    assert standing is not None
    standing.process.kill()
    await _until(lambda: guarded[0].read().endswith(UNKEY % 1))
    await _until(lambda: all(one.died for one in guarded))
    assert [one.died[0] for one in guarded] == [UNKEY % 1, *[b""] * (PORTS - 1)]
    await guarded[1].guard.start()
    assert guarded[1].guard.alive()


async def test_the_nursery_holds_no_port(guarded: list[Guarded]) -> None:
    standing = guard_nursery._standing
    assert standing is not None
    process = psutil.Process(standing.process.pid)
    assert process.num_fds() <= 4  # three standard ones and the socket on which it is asked
