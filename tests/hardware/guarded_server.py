"""A server in a process of its own, for the guard's tests: opens a port, keys, then fails.

Usage: guarded_server.py PORT HOW. Each line on standard output is one JSON object with a time in
CLOCK_MONOTONIC milliseconds.
"""

import asyncio
import json
import os
import signal
import sys
import time
from typing import NoReturn

from hardware.guard_client import UnkeyGuard
from hardware.link import LinkSettings, open_link

UNKEY = b"\x1b\rAT+CUTXC=1\rATH\r"


def tell(what: str, **more: object) -> None:
    print(json.dumps({"what": what, "mono_ms": time.monotonic_ns() // 1_000_000, **more}))
    sys.stdout.flush()


def hang() -> NoReturn:
    while True:
        time.sleep(1)


async def serve(port: str, how: str) -> None:
    link = await open_link(port, LinkSettings(speed_bps=38400))
    loop = asyncio.get_running_loop()
    freed = asyncio.Event()

    async def send(data: bytes) -> None:
        for start in range(0, len(data), link.chunk_bytes):
            freed.clear()
            link.write(data[start : start + link.chunk_bytes])
            await freed.wait()

    link.start(lambda data: None, freed.set, lambda reason: tell("lost", reason=reason))
    guard = UnkeyGuard(link.fileno(), lambda armed: tell("guard died", armed=armed))
    await guard.start()
    tell("ready", guard=guard.pid)
    if how == "unarmed":
        await asyncio.sleep(3600)
    guard.arm(UNKEY)
    await send(b"AT+CTXD=1,1\r")
    if how == "text":
        await send(b"AT+CMGS=1210204,1184\r\n" + b"82040101" * 10)
    if how == "full":
        # Nobody reads: fill the port until it takes no more.
        while True:
            try:
                os.write(link.fileno(), b"00" * 512)
            except BlockingIOError:
                break
    tell("keyed")
    if how == "disarm":
        await send(b"AT+CUTXC=1\r")
        guard.disarm()
        tell("disarmed")
        await asyncio.sleep(3600)
    if how == "kill":
        await asyncio.sleep(0.25)
        tell("end")
        os.kill(os.getpid(), signal.SIGKILL)
    if how in ("hang", "text", "full"):
        await asyncio.sleep(0.25)
        tell("end")
        if how == "hang":
            loop.call_soon(hang)
        else:
            os.kill(os.getpid(), signal.SIGKILL)
    await asyncio.sleep(3600)


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], sys.argv[2]))
