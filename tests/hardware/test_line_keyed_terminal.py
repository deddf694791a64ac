"""A terminal on a pseudo-terminal, keyed by the line of an RFC 2217 port."""

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator

from gateway.model.ids import LinkId, RequestId, UtcUs
from gateway.model.individual import Dial, IndividualEnded, IndividualKind
from gateway.model.radio import (
    Capability,
    KeyDemand,
    LinkChanged,
    LinkState,
    RadioEvent,
    TxEnded,
    TxGranted,
    TxNotSent,
)
from hardware.drivers import Driver, make_driver
from hardware.line_keyed_terminal import LineKeyedTerminal
from hardware.line_state import Line
from tests.gateway.tetra.scripted_radio import ANSWERS, GROUP
from tests.hardware.driving import RealClock
from tests.hardware.pty_wire import Wire
from tests.hardware.test_analogue_radio import donor
from tests.hardware.test_rfc2217 import Shared, share

PRESS = RequestId("r-1")


class Driving:
    """The driver, its events, and a radio whose PTT contact is the shared port's RTS."""

    def __init__(self, wire: Wire, shared: Shared, ptt: str) -> None:
        self.events: list[RadioEvent] = []
        self.states: list[LinkState] = []
        wire.answer = self._answer
        link = dataclasses.replace(
            donor(str(wire.path), ptt=ptt, ptt_tail_ms=20),
            kind="tetra-pei", group=GROUP, talkgroups=(GROUP,), speed_bps=0,
        )  # fmt: skip
        self.driver: Driver = make_driver(link, self._event, self._sound, RealClock())
        self._wire = wire
        shared.port._line = self._contact
        self.contact: list[bool] = []

    def _answer(self, line: bytes) -> bytes:
        words = ANSWERS.get(line.decode("latin-1"), ["OK"])
        return "".join(f"\r\n{word}\r\n" for word in words).encode() if line else b""

    def _contact(self, line: Line, active: bool) -> None:
        if line is Line.RTS:
            self.contact.append(active)
            said = b"\r\n+CTXG: 1,0,0,0\r\n" if active else b"\r\n+CDTXC: 1,0\r\n"
            self._wire.say(said)

    def _event(self, link: LinkId, event: RadioEvent) -> None:
        self.events.append(event)
        if isinstance(event, LinkChanged):
            self.states.append(event.state)

    def _sound(self, link: LinkId, pcm: bytes, utc: UtcUs, *more: object) -> None:
        raise AssertionError("this link has no sound")

    async def until(self, kind: type[RadioEvent]) -> RadioEvent:
        async with asyncio.timeout(10):
            while not (found := [e for e in self.events if isinstance(e, kind)]):
                await asyncio.sleep(0.005)
        return found[0]

    async def up(self) -> None:
        async with asyncio.timeout(15):
            while not self.states or self.states[-1] is not LinkState.UP:
                await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def drive(wire: Wire, shared: Shared) -> AsyncIterator[Driving]:
    driving = Driving(wire, shared, f"rts:{shared.url}")
    await driving.driver.start()
    try:
        await driving.up()
        async with asyncio.timeout(10):
            while shared.server.client is None:
                await asyncio.sleep(0.01)
        yield driving
    finally:
        await driving.driver.close()


async def test_press_sets_the_line_and_no_at_command_keys(wire: Wire) -> None:
    async with share() as shared, drive(wire, shared) as driving:
        assert isinstance(driving.driver, LineKeyedTerminal)
        for _ in range(50):
            driving.driver.demand(KeyDemand(demand=PRESS, group=GROUP))
            await asyncio.sleep(0.05)
            if not any(isinstance(e, TxNotSent) for e in driving.events):
                break
            driving.events.clear()  # the line's port was still being opened
        granted = await driving.until(TxGranted)
        assert granted == TxGranted(demand=PRESS, instance=1)
        driving.driver.end(PRESS)
        ended = await driving.until(TxEnded)
        assert ended == TxEnded(demand=PRESS, cause="released")
        async with asyncio.timeout(5):
            while driving.contact != [True, False]:
                await asyncio.sleep(0.01)
        for keying in (b"AT+CTXD", b"ATD", b"AT+CTSDC"):
            assert keying not in wire.received


async def test_what_a_contact_cannot_do_is_not_claimed(wire: Wire) -> None:
    async with share() as shared, drive(wire, shared) as driving:
        capabilities = driving.driver.info.capabilities
        assert Capability.TEXT in capabilities
        assert Capability.INDIVIDUAL not in capabilities
        assert Capability.EMERGENCY_OUT not in capabilities
        assert isinstance(driving.driver, LineKeyedTerminal)
        dial = Dial(call="c-1", kind=IndividualKind.PRIVATE, digits="1210204", duplex=False)  # type: ignore[arg-type]  # any text
        driving.driver.dial(dial)
        await driving.until(IndividualEnded)


async def test_lost_pei_takes_the_line_back(wire: Wire) -> None:
    async with share() as shared, drive(wire, shared) as driving:
        await asyncio.sleep(0.3)
        driving.driver.demand(KeyDemand(demand=PRESS, group=GROUP))
        await driving.until(TxGranted)
        wire.close()
        ended = await driving.until(TxEnded)
        assert isinstance(ended, TxEnded)
        assert ended.cause == "link_lost"
        async with asyncio.timeout(5):
            while shared.port.outputs:
                await asyncio.sleep(0.01)
