"""The driver against the simulated terminal (another process) and a scripted pseudo-terminal."""

import asyncio
import dataclasses
import random
import time
from pathlib import Path

import pytest

from gateway.model.errors import ConfigError
from gateway.model.ids import MessageId, RequestId
from gateway.model.radio import (
    CallUp,
    GroupChanged,
    KeyDemand,
    LineSeen,
    LinkChanged,
    LinkState,
    Malformed,
    SendProgress,
    SendState,
    TalkStarted,
    TextReceived,
    TxEnded,
    TxGranted,
    TxNotSent,
)
from hardware.drivers import make_driver
from hardware.sound import SILENCE
from tests.hardware.driving import Driving, RealClock, drive
from tests.hardware.pty_wire import Wire
from tests.hardware.simulation import GROUP, RADIO, UNIT, Simulation

PRESS = RequestId("r-1")
UNKEY_LIMIT_MS = 50


def words_of_last(driving: Driving) -> str:
    return driving.all(LinkChanged)[-1].reason


async def key(driving: Driving, press: RequestId = PRESS) -> None:
    driving.driver.demand(KeyDemand(demand=press, group=GROUP))
    await driving.until(lambda: any(one.demand == press for one in driving.all(TxGranted)))


async def test_comes_up_and_hears_a_call(simulation: Simulation, tmp_path: Path) -> None:
    async with drive(simulation.planned(), line_log=tmp_path / "lines") as driving:
        await driving.up()
        simulation.ask("talk", group=GROUP, unit=UNIT, tone_hz=440, for_s=0.6)
        await driving.until(lambda: driving.all(TalkStarted) and len(driving.blocks) >= 20)
        assert driving.all(CallUp)[0].group == GROUP
        assert driving.all(LineSeen)
        assert {len(block) for block in driving.blocks} == {320}
        assert simulation.violations() == []
    assert "> AT" in (tmp_path / "lines").read_text()


async def test_press_sound_release(simulation: Simulation) -> None:
    async with drive(simulation.planned()) as driving:
        await driving.up()
        driving.driver.send_sound(PRESS, SILENCE)
        await key(driving)
        for _ in range(10):
            driving.driver.send_sound(PRESS, b"\x10\x00" * 160)
            driving.driver.send_sound(RequestId("r-other"), SILENCE)
            await asyncio.sleep(0.02)
        released_ms = time.monotonic() * 1000
        driving.driver.end(PRESS)
        await driving.until(lambda: driving.all(TxEnded))
        assert driving.all(TxEnded)[0].cause == "released"
        assert simulation.until("AT+CUTXC") - released_ms <= UNKEY_LIMIT_MS
        state = simulation.state
        assert state["keyed"] is False
        assert state["sound_blocks"] == 10
        assert state["sound_outside"] == 0
        assert simulation.violations() == []


async def test_text_goes_out_and_comes_in(simulation: Simulation) -> None:
    async with drive(simulation.planned()) as driving:
        await driving.up()
        driving.driver.send_text(MessageId("m-1"), UNIT, "Räddningsplats norr")
        driving.driver.send_status(MessageId("m-2"), UNIT, 32770)
        await driving.until(
            lambda: (
                {one.message for one in driving.all(SendProgress) if one.state is SendState.SENT}
                >= {"m-1", "m-2"}
            )
        )
        simulation.ask("text", unit=UNIT, text="Framme")
        await driving.until(lambda: driving.all(TextReceived))
        assert driving.all(TextReceived)[0].text == "Framme"
        assert simulation.violations() == []


async def test_group_is_turned_and_restored(simulation: Simulation) -> None:
    async with drive(simulation.planned()) as driving:
        await driving.up()
        driving.driver.select_group(310202)
        await driving.until(
            lambda: any(one.number == 310202 and one.asked for one in driving.all(GroupChanged))
        )
        driving.driver.demand(KeyDemand(demand=PRESS, group=GROUP))
        await driving.until(lambda: driving.all(TxNotSent))
        assert driving.all(TxNotSent)[0].radio_group == 310202
        assert simulation.when("AT+CTXD") is None
        assert simulation.when("ATD") is None


async def test_pulled_cable_while_keyed_does_not_key_again(simulation: Simulation) -> None:
    async with drive(simulation.planned()) as driving:
        await driving.up()
        await key(driving)
        simulation.ask("unplug", for_ms=1200)
        await driving.until(lambda: driving.state is LinkState.DOWN)
        assert driving.all(TxEnded)[0].cause == "link_lost"
        await driving.up()
        simulation.ask("clear")
        driving.driver.send_sound(PRESS, SILENCE)
        await driving.until(lambda: driving.state is LinkState.UP)
        assert simulation.state["keyed"] is False
        await key(driving, RequestId("r-2"))
        driving.driver.end(RequestId("r-2"))
        await driving.until(lambda: len(driving.all(TxEnded)) == 2)


async def test_close_while_keyed_unkeys(simulation: Simulation) -> None:
    async with drive(simulation.planned()) as driving:
        await driving.up()
        await key(driving)
        closed_ms = time.monotonic() * 1000
    assert simulation.until("AT+CUTXC") - closed_ms <= 500
    simulation.until("ATH")
    assert simulation.state["keyed"] is False


async def test_restart_comes_up_again(simulation: Simulation) -> None:
    async with drive(simulation.planned()) as driving:
        await driving.up()
        driving.driver.restart()
        await driving.until(lambda: driving.state is LinkState.DOWN)
        await driving.up()


async def test_absent_device_says_so_and_is_found(tmp_path: Path, simulation: Simulation) -> None:
    late = tmp_path / "late"
    async with drive(dataclasses.replace(simulation.planned(), port=str(late))) as driving:
        await driving.until(lambda: driving.state is LinkState.DOWN)
        assert "is not there" in words_of_last(driving)
        driving.driver.demand(KeyDemand(demand=PRESS, group=GROUP))
        await driving.until(lambda: driving.all(TxNotSent))
        late.symlink_to(simulation.port)
        await driving.up()


async def test_silent_radio_is_given_up_and_tried_again(wire: Wire, simulation: Simulation) -> None:
    silent = dataclasses.replace(simulation.planned(), port=str(wire.path), sound="")
    async with drive(silent) as driving:
        await driving.until(lambda: driving.state is LinkState.DOWN, limit_s=40)
        assert words_of_last(driving)
        wire.chunks.clear()
        await driving.until(lambda: wire.received.startswith(b"\r"), limit_s=10)


@pytest.mark.parametrize("seed", [1, 2])
async def test_rubbish_breaks_nothing_and_keys_nothing(
    wire: Wire, simulation: Simulation, seed: int
) -> None:
    chance = random.Random(seed)
    link = dataclasses.replace(simulation.planned(), port=str(wire.path), sound="")
    async with drive(link) as driving:
        await driving.until(lambda: driving.state is LinkState.STARTING)
        for _ in range(150):
            wire.say(chance.randbytes(chance.randrange(1, 400)))
            await asyncio.sleep(0.002)
        wire.say(b"\r\n+CTXG: 1,0,0,0\r\n+CTICN: 1,0,0,5,\r")
        await driving.until(
            lambda: any(
                isinstance(one, Malformed | LineSeen) and not getattr(one, "outgoing", False)
                for one in driving.events
            )
        )
    assert b"CTXD" not in wire.received
    assert b"ATD" not in wire.received


async def test_ten_megabytes_without_an_end(wire: Wire, simulation: Simulation) -> None:
    link = dataclasses.replace(simulation.planned(), port=str(wire.path), sound="")
    async with drive(link) as driving:
        await driving.until(lambda: driving.state is LinkState.STARTING)

        def flood() -> None:
            for _ in range(2560):
                wire.say(b"A" * 4096)
            wire.say(b"\r\n")

        slowest_s = 0.0
        flooding = asyncio.get_running_loop().run_in_executor(None, flood)
        while not flooding.done():
            began_s = time.monotonic()
            await asyncio.sleep(0.001)
            slowest_s = max(slowest_s, time.monotonic() - began_s)
        await driving.until(lambda: driving.all(Malformed), limit_s=30)
        assert all(len(one.raw) <= 8192 for one in driving.all(Malformed))
        assert slowest_s < 0.3, "the loop went on"


async def test_registry_makes_the_driver_and_names_what_it_knows(simulation: Simulation) -> None:
    link = simulation.planned()
    driver = make_driver(link, lambda *event: None, lambda *sound: None, RealClock())
    assert driver.id == RADIO
    assert driver.info.technology == "tetra"
    with pytest.raises(ConfigError, match="tetra-pei"):
        make_driver(
            dataclasses.replace(link, kind="cb"), lambda *event: None, lambda *s: None, RealClock()
        )
    with pytest.raises(ConfigError, match="expected /dev"):
        make_driver(
            dataclasses.replace(link, port="COM1"),
            lambda *event: None,
            lambda *sound: None,
            RealClock(),
        )
