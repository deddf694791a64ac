"""The donor radio's driver on a real TCP connection to our RFC 2217 server, with a real guard."""

import asyncio
import contextlib
import dataclasses
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from typing import TypeVar

import pytest

from gateway.model.errors import ConfigError
from gateway.model.ids import LinkId, RequestId, SiteId, SystemId, UtcUs
from gateway.model.messages import CarriesMessages
from gateway.model.plan import Link
from gateway.model.radio import (
    CallDown,
    CallUp,
    KeyDemand,
    LinkChanged,
    LinkState,
    RadioEvent,
    TalkEnded,
    TalkStarted,
    TxEnded,
    TxGranted,
    TxNotSent,
)
from hardware.analogue_radio import AnalogueRadioLink
from hardware.drivers import make_driver
from hardware.line_state import Line
from hardware.sim.donor import DonorLines, DonorRadio
from hardware.sim.speech import Sound
from tests.hardware.driving import RealClock
from tests.hardware.pty_wire import Wire
from tests.hardware.test_rfc2217 import share

E = TypeVar("E", bound=RadioEvent)
GROUP = 7
PRESS = RequestId("r-1")


def donor(url: str, **more: object) -> Link:
    link = Link(
        id=LinkId("vhf-1"),
        name="VHF channel 4",
        kind="analogue",
        system=SystemId("vhf"),
        site=SiteId("tower"),
        port=url,
        sound="",
        talkgroups=(GROUP,),
        ptt="rts",
        carrier="cts",
        carrier_hang_ms=300,
        ptt_lead_ms=60,
    )
    return dataclasses.replace(link, **more)  # type: ignore[arg-type]  # a test's own fields


class Driving:
    """One driver and what it told."""

    def __init__(self, link: Link) -> None:
        self.events: list[RadioEvent] = []
        self.state = LinkState.CLOSED
        self.reason = ""
        driver = make_driver(link, self._event, self._sound, RealClock())
        assert isinstance(driver, AnalogueRadioLink)
        self.driver = driver

    def _event(self, link: LinkId, event: RadioEvent) -> None:
        self.events.append(event)
        if isinstance(event, LinkChanged):
            self.state, self.reason = event.state, event.reason

    def _sound(self, link: LinkId, pcm: bytes, utc: UtcUs, *more: object) -> None:
        raise AssertionError("this link has no sound")

    def all(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]

    async def until(self, condition: Callable[[], object], limit_s: float = 8) -> None:
        try:
            async with asyncio.timeout(limit_s):
                while not condition():
                    await asyncio.sleep(0.003)
        except TimeoutError:
            raise AssertionError(f"last events: {self.events[-8:]}") from None


@contextlib.asynccontextmanager
async def drive(link: Link) -> AsyncIterator[Driving]:
    before = len(asyncio.all_tasks())
    driving = Driving(link)
    await driving.driver.start()
    await driving.driver.start()
    try:
        yield driving
    finally:
        await driving.driver.close()
        await driving.driver.close()
    assert len(asyncio.all_tasks()) == before
    assert driving.state is LinkState.CLOSED


async def up(driving: Driving) -> None:
    await driving.until(lambda: driving.state is LinkState.UP)


async def test_carrier_becomes_a_call() -> None:
    async with share() as shared, drive(donor(shared.url)) as driving:
        await up(driving)
        began_s = time.monotonic()
        shared.port.set_input(Line.CTS, active=True)
        await driving.until(lambda: driving.all(TalkStarted))
        assert time.monotonic() - began_s < 0.5
        assert driving.all(CallUp) == [CallUp(instance=1, group=GROUP)]
        assert driving.all(TalkStarted)[0].talker is None
        shared.port.set_input(Line.CTS, active=False)
        await driving.until(lambda: driving.all(CallDown))
        assert len(driving.all(TalkEnded)) == 1
        assert shared.moves == [], "no line of ours moved"


async def test_press_sets_the_line_at_once_and_release_takes_it_back() -> None:
    async with share() as shared, drive(donor(shared.url)) as driving:
        await up(driving)
        pressed_s = time.monotonic()
        driving.driver.demand(KeyDemand(demand=PRESS, group=GROUP))
        await driving.until(lambda: driving.all(TxGranted))
        driving.driver.end(PRESS)
        await driving.until(lambda: driving.all(TxEnded))
        await driving.until(lambda: len(shared.moves) == 2)
        (keyed_s, line, active), (unkeyed_s, _, still) = shared.moves
        assert (line, active, still) == (Line.RTS, True, False)
        assert keyed_s - pressed_s < 0.3
        assert unkeyed_s - keyed_s >= 0.06
        assert driving.all(TxEnded)[0].cause == "released"


async def test_dtr_with_inverted_carrier_and_idle_rts() -> None:
    link = donor("", ptt="dtr", carrier="dcd", carrier_active="inactive", rts="active")
    async with share() as shared:
        shared.port.set_input(Line.DCD, active=True)
        async with drive(dataclasses.replace(link, port=shared.url)) as driving:
            await up(driving)
            assert shared.port.outputs == {Line.RTS}
            driving.driver.demand(KeyDemand(demand=PRESS, group=GROUP))
            await driving.until(lambda: Line.DTR in shared.port.outputs)
            driving.driver.end(PRESS, "withdrawn")
            await driving.until(lambda: Line.DTR not in shared.port.outputs)
            shared.port.set_input(Line.DCD, active=False)
            await driving.until(lambda: driving.all(TalkStarted))


async def test_key_on_a_port_of_its_own() -> None:
    async with contextlib.AsyncExitStack() as stack:
        carrier, key = [await stack.enter_async_context(share()) for _ in range(2)]
        link = donor(carrier.url, ptt=f"rts:{key.url}")
        async with drive(link) as driving:
            await up(driving)
            await driving.until(lambda: key.server.client is not None)
            await driving.until(lambda: driving.reason == "")
            driving.driver.demand(KeyDemand(demand=PRESS, group=GROUP))
            await driving.until(lambda: key.port.outputs == {Line.RTS})
            assert carrier.port.outputs == frozenset()
            await key.server.close()
            await driving.until(lambda: driving.all(TxEnded) or driving.all(TxNotSent))
            await driving.until(lambda: "cannot transmit" in driving.reason)
            assert driving.state is LinkState.UP, "it still hears"
            assert key.port.outputs == frozenset()
            driving.driver.demand(KeyDemand(demand=RequestId("r-2"), group=GROUP))
            await driving.until(lambda: driving.all(TxNotSent))


async def test_lost_network_ends_the_over_and_transmit_never_resumes() -> None:
    async with share() as shared, drive(donor(shared.url)) as driving:
        await up(driving)
        driving.driver.demand(KeyDemand(demand=PRESS, group=GROUP))
        await driving.until(lambda: driving.all(TxGranted))
        assert shared.server.client is not None
        assert shared.server.client.transport is not None
        cut_s = time.monotonic()
        shared.server.client.transport.abort()
        await driving.until(lambda: driving.state is LinkState.DOWN)
        assert time.monotonic() - cut_s < 2
        assert driving.all(TxEnded)[0].cause == "link_lost"
        assert shared.port.outputs == frozenset()
        await driving.until(lambda: driving.state is LinkState.UP)
        assert shared.port.outputs == frozenset()
        assert len(shared.moves) == 2


async def test_guard_that_is_killed_leaves_nothing_keyed() -> None:
    async with share() as shared, drive(donor(shared.url)) as driving:
        await up(driving)
        driving.driver.demand(KeyDemand(demand=PRESS, group=GROUP))
        await driving.until(lambda: driving.all(TxGranted))
        guard = driving.driver._key._guard
        assert guard is not None
        assert guard.pid is not None
        os.kill(guard.pid, signal.SIGKILL)
        await driving.until(lambda: shared.port.outputs == frozenset())
        await driving.until(lambda: driving.all(TxEnded))


async def test_port_without_lines_says_so(wire: Wire) -> None:
    async with drive(donor(str(wire.path))) as driving:
        await driving.until(lambda: "modem lines" in driving.reason)
        assert driving.state is LinkState.DOWN
        driving.driver.demand(KeyDemand(demand=PRESS, group=GROUP))
        await driving.until(lambda: driving.all(TxNotSent))


async def test_it_claims_nothing_and_its_group_stays() -> None:
    async with share() as shared, drive(donor(shared.url)) as driving:
        await up(driving)
        assert driving.driver.info.capabilities == frozenset()
        assert not isinstance(driving.driver, CarriesMessages)
        before = len(driving.events)
        driving.driver.select_group(9)
        assert len(driving.events) == before


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"ptt": "pei"}, "for terminals"),
        ({"ptt": "cts"}, "expected pei, rts, dtr"),
        ({"ptt": "rts:"}, "expected pei, rts, dtr"),
        ({"ptt": "gpio:17"}, "gpio:CHIP/LINE"),
        ({"carrier": "rts"}, "expected cts, dcd"),
        ({"rts": "active"}, "cannot be active while nothing is keyed"),
        ({"rtscts": True}, "cannot be flow control"),
        ({"ptt_active": "low"}, "for GPIO only"),
        ({"talkgroups": (1, 2)}, "exactly one talkgroup"),
        ({"vox_close_dbfs": -20}, "at most vox_open_dbfs"),
        ({"port": "COM3"}, "port: expected"),
        ({"speed_bps": 3}, "0 \\(find out\\)"),
    ],
)
def test_mistakes_of_the_plan_are_named(more: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        Driving(donor("rfc2217://127.0.0.1:1", **more))


def test_gpio_needs_no_port_with_vox_and_absent_chip_is_told() -> None:
    async def story() -> None:
        link = donor("", port="", carrier="vox", ptt="gpio:gpiochip99/4", ptt_active="low")
        async with drive(link) as driving:
            await driving.until(lambda: "cannot transmit" in driving.reason)
            assert "gpiochip99" in driving.reason
            driving.driver.demand(KeyDemand(demand=PRESS, group=GROUP))
            await driving.until(lambda: driving.all(TxNotSent))

    asyncio.run(story())


async def test_vox_makes_an_over_of_sound() -> None:
    """The simulated radio's sound, and no carrier line at all."""
    radio = DonorRadio(DonorLines())
    await radio.start("127.0.0.1", 0, "udp:127.0.0.1:0")
    first = radio.first_line()
    heard: list[bytes] = []
    told: list[RadioEvent] = []
    link = donor(str(first["port"]), sound=str(first["audio"]), carrier="vox")
    driver = make_driver(
        link,
        lambda _, event: told.append(event),
        lambda _, pcm, utc, *more: heard.append(pcm),
        RealClock(),
    )
    await driver.start()
    try:
        async with asyncio.timeout(10):
            while not any(isinstance(e, LinkChanged) and e.state is LinkState.UP for e in told):
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.3)  # the hello that tells the radio where we listen
            radio.talk(Sound.tone(700, 500, -20))
            while not any(isinstance(e, CallDown) for e in told):
                await asyncio.sleep(0.01)
        kinds = [type(e) for e in told if not isinstance(e, LinkChanged)]
        assert kinds.count(TalkStarted) == kinds.count(TalkEnded) == 1
        assert len(heard) >= 25
    finally:
        await driver.close()
        await radio.close()
