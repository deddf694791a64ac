"""The engine on a real loop and a real clock: it keeps time by itself."""

import asyncio
import os
import time

from gateway.bus import InProcessBus
from gateway.engine.engine import CallEngine
from gateway.model.commands import FloorRequest
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


class RealClock:
    def mono_ms(self) -> MonoMs:
        return MonoMs(time.monotonic_ns() // 1_000_000)

    def utc_us(self) -> UtcUs:
        return UtcUs(time.time_ns() // 1000)


async def test_the_lease_is_kept_by_the_engines_own_timer() -> None:
    clock = RealClock()
    bus = InProcessBus(GatewayId("g"), clock, os.urandom)
    events = bus.subscribe("test", FloorLost)
    engines: list[CallEngine] = []

    def take(link: LinkId, event: RadioEvent) -> None:
        engines[0].on_radio(link, event)

    north = ScriptedRadio(NORTH, take)
    north.grants = True
    engine = CallEngine(
        PLAN,
        bus,
        {NORTH: north},
        clock,
        randomness=os.urandom,
        recorder=KeptSound(),
        counter=MemoryCounter(),
    )
    engines.append(engine)
    running = asyncio.create_task(engine.run())
    north.up(101)
    press = FloorRequest(
        request=RequestId("r-1"),
        position=PositionId("1"),
        operator="o",
        talkgroup=PATROL,
        source="key",
    )
    pressed = clock.mono_ms()
    assert (await bus.request(press)).ok
    async with asyncio.timeout(5):
        lost = await events.get()
    assert isinstance(lost.event, FloorLost)
    assert lost.event.cause == "lease"
    assert 350 <= clock.mono_ms() - pressed <= 500
    assert len(north.sound) >= 15  # a block every 20 ms until then
    await engine.close()
    async with asyncio.timeout(5):
        await running
