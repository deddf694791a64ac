"""A driver at work in a test: what it told, and waiting for it."""

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TypeVar

from gateway.model.ids import LinkId, MonoMs, UtcUs
from gateway.model.plan import Link
from gateway.model.radio import LinkChanged, LinkState, RadioEvent
from hardware.pei_radio import PeiRadioLink

E = TypeVar("E", bound=RadioEvent)


class RealClock:
    """The machine's clock."""

    def mono_ms(self) -> MonoMs:
        return MonoMs(time.monotonic_ns() // 1_000_000)

    def utc_us(self) -> UtcUs:
        return UtcUs(time.time_ns() // 1000)


class Driving:
    """One driver, its events and its sound."""

    def __init__(self, link: Link, *, line_log: Path | None = None) -> None:
        self.events: list[RadioEvent] = []
        self.blocks: list[bytes] = []
        self.state = LinkState.CLOSED
        self.on_event: Callable[[RadioEvent], None] = lambda event: None
        self.driver = PeiRadioLink(link, self._event, self._sound, RealClock(), line_log=line_log)

    def _event(self, link: LinkId, event: RadioEvent) -> None:
        assert link == self.driver.id
        self.events.append(event)
        if isinstance(event, LinkChanged):
            self.state = event.state
        self.on_event(event)

    def _sound(self, link: LinkId, pcm: bytes, utc: UtcUs) -> None:
        assert abs(utc - time.time_ns() // 1000) < 1_000_000
        self.blocks.append(pcm)

    def all(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]

    async def until(self, condition: Callable[[], object], limit_s: float = 10) -> None:
        try:
            async with asyncio.timeout(limit_s):
                while not condition():
                    await asyncio.sleep(0.005)
        except TimeoutError:
            raise AssertionError(f"last events: {self.events[-8:]}") from None

    async def up(self) -> None:
        await self.until(lambda: self.state is LinkState.UP)


@contextlib.asynccontextmanager
async def drive(link: Link, *, line_log: Path | None = None) -> AsyncIterator[Driving]:
    """Run a driver; a task or descriptor left over fails the test."""
    before = len(asyncio.all_tasks())
    descriptors = len(os.listdir("/proc/self/fd"))
    driving = Driving(link, line_log=line_log)
    await driving.driver.start()
    await driving.driver.start()
    try:
        yield driving
    finally:
        await driving.driver.close()
        await driving.driver.close()
    assert len(asyncio.all_tasks()) == before
    assert len(os.listdir("/proc/self/fd")) <= descriptors
    assert driving.state is LinkState.CLOSED
