"""Opening, losing and opening again, with real pseudo-terminals and real guards."""

import asyncio
import contextlib
import itertools
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import psutil
import pytest

from hardware import port_keeper
from hardware.guard_client import UnkeyGuard
from hardware.link import Link, LinkSettings
from hardware.port_keeper import PortKeeper
from tests.hardware.pty_wire import Wire

UNKEY = b"\x1b\rAT+CUTXC=1\rATH\r"


class Keeping:
    """A keeper at work, and what it has told."""

    def __init__(self, url: str, speed_bps: int = 38400) -> None:
        self.told: list[str] = []
        self.link: Link | None = None
        self.guard: UnkeyGuard | None = None
        self.keeper = PortKeeper(
            url,
            LinkSettings(speed_bps=speed_bps),
            opened=self._opened,
            lost=self._lost,
            waiting=lambda reason: self.told.append(f"waiting: {reason}"),
        )

    def _opened(self, link: Link, guard: UnkeyGuard) -> None:
        self.link, self.guard = link, guard
        self.told.append("opened")
        link.start(lambda data: self.keeper.answered(), lambda: None, self.keeper.give_up)

    def _lost(self, reason: str) -> None:
        if self.link is not None:
            self.link = None
            self.told.append(f"lost: {reason}")

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(8):
            while not condition():
                await asyncio.sleep(0.005)

    def times(self, word: str) -> int:
        return sum(told.startswith(word) for told in self.told)


@contextlib.asynccontextmanager
async def keep(url: str, speed_bps: int = 38400) -> AsyncIterator[Keeping]:
    keeping = Keeping(url, speed_bps)
    task = asyncio.create_task(keeping.keeper.run())
    try:
        yield keeping
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def test_pulled_cable_and_the_next_one(tmp_path: Path) -> None:
    path = tmp_path / "radio"
    async with keep(str(path)) as keeping:
        await keeping.until(lambda: keeping.times("waiting") == 1)
        assert "is not there" in keeping.told[0]
        wire = Wire(path)
        await keeping.until(lambda: keeping.times("opened") == 1)
        wire.close()
        await keeping.until(lambda: keeping.times("lost") == 1)
        wire = Wire(path)
        await keeping.until(lambda: keeping.times("opened") == 2)
        wire.close()
        await keeping.until(lambda: keeping.times("lost") == 2)


async def test_busy_port_is_tried_again(wire: Wire) -> None:
    async with keep(str(wire.path)) as first:
        await first.until(lambda: first.times("opened") == 1)
        async with keep(str(wire.path)) as second:
            await second.until(lambda: second.times("waiting") == 1)
            assert "in use by another program" in second.told[0]


async def test_pauses_grow_until_the_radio_answers(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(port_keeper, "BACK_OFF_MS", (30, 200, 400))
    async with keep(str(wire.path)) as keeping:
        opened_s = []
        for number in range(1, 5):
            await keeping.until(lambda number=number: keeping.times("opened") == number)  # type: ignore[misc]  # bound now
            opened_s.append(time.monotonic())
            if number == 3:
                wire.say(b"\r\nOK\r\n")
                await asyncio.sleep(0.05)
            keeping.keeper.give_up("the radio does not answer")
        gaps = [later - sooner for sooner, later in itertools.pairwise(opened_s)]
        assert 0.2 > gaps[0] >= 0.03
        assert gaps[1] >= 0.2
        assert gaps[2] < 0.25


async def test_restart_opens_without_a_pause(wire: Wire) -> None:
    async with keep(str(wire.path)) as keeping:
        await keeping.until(lambda: keeping.times("opened") == 1)
        began_s = time.monotonic()
        keeping.keeper.restart()
        await keeping.until(lambda: keeping.times("opened") == 2)
        assert time.monotonic() - began_s < 0.9
        assert "lost: restarted" in keeping.told


async def test_idle_guard_that_dies_is_replaced_and_the_port_stays_open(wire: Wire) -> None:
    async with keep(str(wire.path)) as keeping:
        await keeping.until(lambda: keeping.times("opened") == 1)
        guard = keeping.guard
        assert guard is not None
        first = guard.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        # dead and replaced may be one moment, between two looks
        await keeping.until(lambda: guard.pid not in (None, first) and guard.alive())
        assert keeping.times("lost") == 0
        guard.arm(UNKEY)
    assert wire.received == UNKEY, "closed while armed: the new guard un-keyed"


async def test_armed_guard_that_is_killed_leaves_nothing_keyed(wire: Wire) -> None:
    async with keep(str(wire.path)) as keeping:
        await keeping.until(lambda: keeping.times("opened") == 1)
        assert keeping.guard is not None
        keeping.guard.arm(UNKEY)
        assert keeping.guard.pid is not None
        os.kill(keeping.guard.pid, signal.SIGKILL)
        await keeping.until(lambda: keeping.times("lost") == 1)
        await keeping.until(lambda: wire.when(UNKEY) is not None)
        await keeping.until(lambda: keeping.times("opened") == 2)


async def test_nothing_is_left_over(wire: Wire) -> None:
    me = psutil.Process()
    before = me.num_fds()
    async with keep(str(wire.path)) as keeping:
        await keeping.until(lambda: keeping.times("opened") == 1)
        for _ in range(3):
            opened = keeping.times("opened")
            keeping.keeper.restart()
            await keeping.until(lambda opened=opened: keeping.times("opened") > opened)  # type: ignore[misc]  # bound now
    assert me.num_fds() <= before
    assert [child.name() for child in me.children()] == []


async def test_serial_server_that_was_away_is_reached_within_two_seconds() -> None:
    peers: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peers.append(writer)
        writer.write(b"\r\nOK\r\n")
        await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    number = server.sockets[0].getsockname()[1]
    async with keep(f"socket://127.0.0.1:{number}") as keeping:
        await keeping.until(lambda: keeping.times("opened") == 1)
        server.close()
        peers[0].close()
        cut_s = time.monotonic()
        await keeping.until(lambda: keeping.times("lost") == 1)
        assert time.monotonic() - cut_s < 2
        await keeping.until(lambda: keeping.times("waiting") >= 4)
        server = await asyncio.start_server(serve, "127.0.0.1", number)
        back_s = time.monotonic()
        await keeping.until(lambda: keeping.times("opened") == 2)
        assert time.monotonic() - back_s < 2
    server.close()
