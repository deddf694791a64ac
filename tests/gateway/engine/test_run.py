"""The engine on a real loop and a real clock: it keeps time by itself."""

import asyncio
import os
import socket
import time
from collections.abc import AsyncIterator

import pytest

from gateway.bus import InProcessBus
from gateway.engine.engine import CallEngine
from gateway.model.commands import FloorRenew, FloorRequest
from gateway.model.events import FloorLost
from gateway.model.ids import GatewayId, LinkId, MonoMs, PositionId, RequestId, UtcUs
from gateway.model.radio import RadioEvent
from tests.gateway.engine.peer import (
    NORTH,
    PATROL,
    PLAN,
    KeptSound,
    MemoryCounter,
    ScriptedRadio,
)

REQUEST = RequestId("r-1")


class RealClock:
    def mono_ms(self) -> MonoMs:
        return MonoMs(time.monotonic_ns() // 1_000_000)

    def utc_us(self) -> UtcUs:
        return UtcUs(time.time_ns() // 1000)


class Rig:
    """An engine with one radio that runs by itself, and a press on it."""

    def __init__(self) -> None:
        self.clock = RealClock()
        self.bus = InProcessBus(GatewayId("g"), self.clock, os.urandom)
        self.lost = self.bus.subscribe("test", FloorLost)
        self.north = ScriptedRadio(NORTH, self._take)
        self.north.grants = True
        self.engine = CallEngine(
            PLAN,
            self.bus,
            {NORTH: self.north},
            self.clock,
            randomness=os.urandom,
            recorder=KeptSound(),
            counter=MemoryCounter(),
        )
        self.running = asyncio.create_task(self.engine.run())
        self.north.up(101)

    def _take(self, link: LinkId, event: RadioEvent) -> None:
        self.engine.on_radio(link, event)

    async def press(self) -> MonoMs:
        press = FloorRequest(
            request=REQUEST,
            position=PositionId("1"),
            operator="o",
            talkgroup=PATROL,
            source="key",
        )
        pressed = self.clock.mono_ms()
        assert (await self.bus.request(press)).ok
        return pressed

    async def told_lost(self) -> FloorLost:
        async with asyncio.timeout(5):
            lost = (await self.lost.get()).event
        assert isinstance(lost, FloorLost)
        return lost

    async def close(self) -> None:
        await self.engine.close()
        async with asyncio.timeout(5):
            await self.running


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    made = Rig()
    yield made
    await made.close()


async def test_the_lease_is_kept_by_the_engines_own_timer(rig: Rig) -> None:
    pressed = await rig.press()
    assert (await rig.told_lost()).cause == "lease"
    assert 350 <= rig.clock.mono_ms() - pressed <= 500
    assert len(rig.north.sound) >= 15  # a block every 20 ms until then


async def test_a_loop_that_stood_still_reads_renewals_before_it_cuts(rig: Rig) -> None:
    here, desk = socket.socketpair()
    reader, writer = await asyncio.open_connection(sock=here)

    async def listen() -> None:  # as a WebSocket does: read in one turn, taken in another
        while await reader.read(64):
            rig.bus.post(FloorRenew(request=REQUEST))

    listening = asyncio.create_task(listen())
    await rig.press()
    desk.send(b"held")
    await asyncio.sleep(0.1)
    desk.send(b"held")
    time.sleep(0.6)
    await asyncio.sleep(0.1)
    assert rig.lost.drain() == []
    stood_still = rig.clock.mono_ms()
    assert (await rig.told_lost()).cause == "lease"  # and now the desk is silent
    assert rig.clock.mono_ms() - stood_still <= 400
    desk.close()
    await listening
    writer.close()
