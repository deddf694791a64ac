"""The driver's shell over real pseudo-terminals with the conformance runs' radios and bad wires.

What ``tests/gateway/tetra/test_conformance.py`` does to the core in simulated time, here with the
real driver, its guard process and its timers: one run for each kind of fault, all at once.
"""

import asyncio
import os
import random
import tty
from collections.abc import Callable

import pytest

from gateway.model.ids import LinkId, MessageId, RequestId, SiteId, SystemId
from gateway.model.plan import Link
from gateway.model.radio import KeyDemand, RadioEvent
from tests.conformance.mangle import Kind, Mangle, clean, mangle
from tests.conformance.sim_world import GROUP, OWN, UNITS, SimFar
from tests.conformance.watch import Watch
from tests.conformance.wire import HostLines
from tests.hardware.driving import Driving
from tests.hardware.pty_wire import mono_ms

UP_LIMIT_S = 40
CALM_LIMIT_S = 40
"""On the worst wire: until nothing is keyed and every press has been told to have ended."""


class RadioOnPty:
    """A simulated radio behind a pseudo-terminal, in real time, with a wire that can go bad."""

    def __init__(self, seed: int, kind: Kind) -> None:
        rng = random.Random(seed)
        self.watch = Watch(target=GROUP, lossless=kind.lossless)
        self.far = SimFar(self.watch, seed, rng)
        self.faulty: tuple[Mangle, Mangle] = (
            mangle(kind, rng, end=b"\n"),
            mangle(kind, rng, end=b"\r"),
        )
        self.to_host, self.to_radio = clean(), clean()
        self._lines = HostLines(self.watch)
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.path = os.ttyname(self._slave)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._master, self._readable)
        self._timer: asyncio.TimerHandle | None = None
        self.far.port(is_open=True, now=mono_ms())
        self.pump()

    def pump(self) -> None:
        """Write what the radio says; arm the timer; look at its transmitter."""
        now = float(mono_ms())
        self.far.tick(now)
        for piece in self.to_host.take(self.far.outgoing()):
            self.far.heard_by_host(piece)
            os.write(self._master, piece)
        self.watch.radio(keyed=self.far.keyed, now=now)
        if self._timer is not None:
            self._timer.cancel()
        due = self.far.deadline()
        pause_ms = 50.0 if due is None else min(50.0, max(0.0, due - now))
        self._timer = self._loop.call_later(pause_ms / 1000, self.pump)

    def close(self) -> None:
        """End."""
        if self._timer is not None:
            self._timer.cancel()
        self._loop.remove_reader(self._master)
        os.close(self._slave)
        os.close(self._master)

    def _readable(self) -> None:
        data = os.read(self._master, 4096)
        self._lines.take(data, mono_ms())
        for piece in self.to_radio.take(data):
            self.far.receive(piece, mono_ms())
        self.pump()


class Run:
    """One driver with one radio."""

    def __init__(self, seed: int, kind: Kind) -> None:
        self.kind = kind
        self.radio = RadioOnPty(seed, kind)
        self.watch = self.radio.watch
        link = Link(
            id=LinkId(f"far-{seed}"),
            name="Far",
            kind="tetra-pei",
            system=SystemId("norrvik"),
            site=SiteId("norrvik"),
            port=self.radio.path,
            sound="",
            talkgroups=(GROUP,),
            group=GROUP,
            own_number=OWN,
            speed_bps=38400,
        )
        self.driving = Driving(link)
        self.driving.on_event = self._told

    def _told(self, event: RadioEvent) -> None:
        self.watch.told([event], mono_ms())

    async def go(self) -> list[str]:
        """Press, talk, write and lose power; returns what did not hold."""
        await self.driving.driver.start()
        try:
            await self.driving.until(lambda: self.driving.state.value == "up", UP_LIMIT_S)
            self.radio.to_host, self.radio.to_radio = self.radio.faulty
            for number in range(3):
                await self._over(number)
            await self._calm()
        finally:
            await self.driving.driver.close()
            self.radio.close()
        return self.watch.faults

    async def _over(self, number: int) -> None:
        driver, request = self.driving.driver, RequestId(f"r-{number}")
        self.watch.press(request)
        driver.demand(KeyDemand(demand=request, group=GROUP))
        await asyncio.sleep(0.5)
        if self.kind is Kind.REBOOT and number == 1:
            self.radio.far.reboot(300, mono_ms())
        self.watch.let_go(request)
        driver.end(request)
        message = f"m-{number}"
        self.watch.sends(message)
        driver.send_text(MessageId(message), UNITS[0], f"Enhet {message} till grind 3")
        await asyncio.sleep(0.3)
        self.radio.far.talk(mono_ms())
        await asyncio.sleep(0.7)

    async def _calm(self) -> None:
        """Faults go on: in the end nothing is keyed and each press has one end."""

        def calm() -> bool:
            told = all(press.told == 1 for press in self.watch.presses.values())
            return told and not self.radio.far.keyed

        await self.driving.until(calm, CALM_LIMIT_S)


@pytest.fixture
def every_kind() -> Callable[[], list[Run]]:
    return lambda: [Run(seed, kind) for seed, kind in enumerate(Kind)]


async def test_the_shell_on_every_bad_wire(every_kind: Callable[[], list[Run]]) -> None:
    runs = every_kind()
    found = await asyncio.gather(*(run.go() for run in runs))
    assert dict(zip(Kind, found, strict=True)) == {kind: [] for kind in Kind}
    granted = [run.watch.counts["granted"] for run in runs]
    assert sum(1 for count in granted if count) >= len(granted) // 2
