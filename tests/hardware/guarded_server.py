"""A server in a process of its own, for the guard's tests: opens a port, keys, then fails.

Usage: guarded_server.py PORT HOW. Each line on standard output is one JSON object with a time in
CLOCK_MONOTONIC milliseconds.
"""

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from typing import NoReturn

from hardware.guard_client import UnkeyGuard
from hardware.link import Link, LinkSettings
from hardware.opening import open_link

UNKEY = b"\x1b\rAT+CUTXC=1\rATH\r"


def tell(what: str, **more: object) -> None:
    now_ms = time.monotonic_ns() // 1_000_000
    sys.stdout.write(json.dumps({"what": what, "mono_ms": now_ms, **more}) + "\n")
    sys.stdout.flush()


def hang() -> NoReturn:
    while True:
        time.sleep(1)


class Port:
    """The radio's port, written as the driver does: a chunk at a time."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self._freed = asyncio.Event()
        link.start(lambda data: None, self._freed.set, lambda reason: tell("lost", reason=reason))

    async def send(self, data: bytes) -> None:
        for start in range(0, len(data), self.link.chunk_bytes):
            self._freed.clear()
            self.link.write(data[start : start + self.link.chunk_bytes])
            await self._freed.wait()

    def fill(self) -> None:
        """Nobody reads: write until the port takes no more."""
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(self.link.fileno(), b"00" * 512)


def die(how: str) -> None:
    """End or hang, after saying when."""
    tell("end")
    if how == "hang":
        hang()
    os.kill(os.getpid(), signal.SIGKILL)


async def serve(path: str, how: str) -> None:
    port = Port(await open_link(path, LinkSettings(speed_bps=38400)))
    guard = UnkeyGuard(port.link.fileno(), lambda unkey: tell("guard died", armed=bool(unkey)))
    await guard.start()
    tell("ready", guard=guard.pid)
    if how != "unarmed":
        guard.arm(UNKEY)
        await port.send(b"AT+CTXD=1,1\r")
    if how == "text":
        await port.send(b"AT+CMGS=1210204,1184\r\n" + b"82040101" * 10)
    if how == "full":
        port.fill()
    tell("keyed")
    if how == "disarm":
        await port.send(b"AT+CUTXC=1\r")
        guard.disarm()
        tell("disarmed")
    if how in ("kill", "hang", "text", "full"):
        asyncio.get_running_loop().call_later(0.25, die, how)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], sys.argv[2]))
