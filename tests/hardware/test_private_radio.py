"""Calls of two through the whole driver, over a pseudo-terminal to a radio in another process."""

import asyncio
import time

from gateway.model.ids import CallId, RequestId
from gateway.model.individual import (
    CarriesIndividualCalls,
    Dial,
    IndividualConnected,
    IndividualEnded,
    IndividualKind,
    IndividualRinging,
)
from gateway.model.radio import Capability, GroupsKnown, TxEnded, TxGranted
from tests.hardware.driving import Driving, drive
from tests.hardware.simulation import UNIT, Simulation

MICROPHONE = RequestId("r-mic")
HANG_UP_LIMIT_MS = 50


def _dial(digits: str = str(UNIT), kind: IndividualKind = IndividualKind.PRIVATE) -> Dial:
    return Dial(call=CallId("c-1"), kind=kind, digits=digits, duplex=True, microphone=MICROPHONE)


async def _talk(driving: Driving, blocks: int) -> None:
    for _ in range(blocks):
        driving.driver.send_sound(MICROPHONE, b"\x10\x00" * 160)
        await asyncio.sleep(0.02)


async def test_dialled_with_sound_both_ways_and_hung_up(simulation: Simulation) -> None:
    async with drive(simulation.planned()) as driving:
        assert isinstance(driving.driver, CarriesIndividualCalls)
        assert {Capability.INDIVIDUAL, Capability.TELEPHONE} <= driving.driver.info.capabilities
        await driving.up()
        simulation.ask("peer_answer", after_ms=200, tone_hz=440, for_s=2)
        driving.driver.send_sound(MICROPHONE, b"\x10\x00" * 160)
        driving.driver.dial(_dial())
        await driving.until(lambda: driving.all(TxGranted) and driving.blocks)
        assert driving.all(IndividualConnected)[0].call == "c-1"
        await _talk(driving, 10)
        hung_up_ms = time.monotonic() * 1000
        driving.driver.hang_up(CallId("c-1"))
        await driving.until(lambda: driving.all(IndividualEnded))
        assert simulation.until("ATH") - hung_up_ms <= HANG_UP_LIMIT_MS
        assert driving.all(TxEnded)[0].cause == "released"
        state = simulation.state
        assert (state["keyed"], state["call"]) == (False, None)
        assert state["sound_blocks"] == 10
        assert state["sound_outside"] == 0
        assert simulation.violations() == []


async def test_a_telephone_rings_and_is_answered(simulation: Simulation) -> None:
    async with drive(simulation.planned()) as driving:
        await driving.up()
        simulation.ask("call_private", digits="0701234567", tone_hz=440, for_s=1)
        await driving.until(lambda: driving.all(IndividualRinging))
        ringing = driving.all(IndividualRinging)[0]
        assert (ringing.kind, ringing.caller_digits) == (IndividualKind.TELEPHONE, "0701234567")
        driving.driver.answer(ringing.instance, MICROPHONE)
        await driving.until(lambda: driving.all(TxGranted) and driving.blocks)
        driving.driver.end(MICROPHONE)
        await driving.until(lambda: driving.all(IndividualEnded))
        assert simulation.state["keyed"] is False
        assert simulation.violations() == []


async def test_a_pulled_cable_ends_the_call_and_the_radio_hangs_up(simulation: Simulation) -> None:
    async with drive(simulation.planned()) as driving:
        await driving.up()
        driving.driver.dial(_dial())
        await driving.until(lambda: driving.all(TxGranted))
        simulation.ask("unplug", for_ms=600)
        await driving.until(lambda: driving.all(IndividualEnded))
        assert driving.all(TxEnded)[0].cause == "link_lost"
        await driving.until(lambda: not simulation.state["keyed"], 15)
        await driving.up()
        assert simulation.state["call"] is None


async def test_groups_are_known_after_the_start(simulation: Simulation) -> None:
    async with drive(simulation.planned()) as driving:
        await driving.up()
        await driving.until(lambda: driving.all(GroupsKnown))
        assert driving.all(GroupsKnown)[0].static
        simulation.ask("dgna", group=310299, name="LARGE FIRE")
        await driving.until(lambda: driving.all(GroupsKnown)[-1].dynamic)
        assert driving.all(GroupsKnown)[-1].dynamic[0].name == "LARGE FIRE"
