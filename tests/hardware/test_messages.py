"""Messages through driver, pseudo-terminal and the simulated radio, which runs as a process."""

import asyncio
import re

from gateway.model.ids import MessageId
from gateway.model.messages import AskPosition, MarkOpened, SendText
from gateway.model.radio import (
    PositionReceived,
    SendProgress,
    SendState,
    StatusReceived,
    TextReceived,
)
from tests.hardware.driving import Driving, drive
from tests.hardware.simulation import GROUP, UNIT, Simulation

ALL_FOUR = [SendState.ACCEPTED, SendState.SENT, SendState.DELIVERED, SendState.READ]


def _states(driving: Driving, message: str) -> list[SendState]:
    return [one.state for one in driving.all(SendProgress) if one.message == message]


def _payloads(simulation: Simulation) -> list[str]:
    """Return what the host sent, in hex, oldest first."""
    said = "".join(text for _, text in simulation.host_wire())
    return re.findall(r"AT\+CMGS=\d+,\d+\s+([0-9A-F]+)\x1a", said)


async def test_a_long_text_makes_its_four_claims_once(simulation: Simulation) -> None:
    text = "Samling vid kajen, läktare två. " * 12
    async with drive(simulation.planned()) as driving:
        await driving.up()
        driving.driver.message(SendText(message=MessageId("m-1"), to=UNIT, text=text))
        await driving.until(lambda: SendState.READ in _states(driving, "m-1"), 30)
        assert sorted(_states(driving, "m-1"), key=ALL_FOUR.index) == ALL_FOUR
        parts = [payload for payload in _payloads(simulation) if payload.startswith("8A0C")]
        assert len(parts) == 3
        assert len({part[4:6] for part in parts}) == 3, "each part has its own reference"
        assert len({part[14:16] for part in parts}) == 1, "all share one in the header"
        joined = b"".join(bytes.fromhex(part[20:]) for part in parts).decode("latin-1")
        assert joined == text
        assert simulation.violations() == []


async def test_a_text_to_a_group_claims_no_more_than_the_air(simulation: Simulation) -> None:
    async with drive(simulation.planned()) as driving:
        await driving.up()
        act = SendText(message=MessageId("m-1"), to=GROUP, text="Alla", group=True)
        driving.driver.message(act)
        await driving.until(lambda: SendState.SENT in _states(driving, "m-1"), 10)
        assert _payloads(simulation)[-1].startswith("8202")


async def test_a_sender_hears_read_only_when_a_person_opened_its_text(
    simulation: Simulation,
) -> None:
    async with drive(simulation.planned()) as driving:
        await driving.up()
        simulation.ask("text", unit=UNIT, text="Framme", report="both", reference=119)
        await driving.until(lambda: driving.all(TextReceived))
        await driving.until(lambda: "82100077" in _payloads(simulation), 10)
        (text,) = driving.all(TextReceived)
        assert text.handle is not None
        assert "82100277" not in _payloads(simulation)
        driving.driver.message(MarkOpened(handle=text.handle))
        driving.driver.message(MarkOpened(handle=text.handle))
        await driving.until(lambda: "82100277" in _payloads(simulation), 10)
        driving.driver.message(SendText(message=MessageId("m-1"), to=UNIT, text="Bra"))
        await driving.until(lambda: SendState.ACCEPTED in _states(driving, "m-1"), 10)
        assert _payloads(simulation).count("82100277") == 1
        assert simulation.violations() == []


async def test_a_text_waits_for_the_end_of_an_over(simulation: Simulation) -> None:
    async with drive(simulation.planned()) as driving:
        await driving.up()
        simulation.ask("talk", group=GROUP, unit=UNIT, tone_hz=440, for_s=1.5)
        await driving.until(lambda: len(driving.blocks) >= 10)
        driving.driver.message(SendText(message=MessageId("m-1"), to=UNIT, text="Vänta"))
        await asyncio.sleep(0)
        assert _payloads(simulation) == []
        await driving.until(lambda: SendState.SENT in _states(driving, "m-1"), 10)
        assert simulation.violations() == []


async def test_a_position_is_asked_for_and_statuses_come_in(simulation: Simulation) -> None:
    async with drive(simulation.planned()) as driving:
        await driving.up()
        driving.driver.message(AskPosition(message=MessageId("m-1"), to=UNIT))
        await driving.until(lambda: SendState.SENT in _states(driving, "m-1"), 10)
        assert "0A4580" in _payloads(simulation)
        simulation.ask("status", unit=UNIT, value=0x8003)
        await driving.until(lambda: driving.all(StatusReceived))
        assert driving.all(StatusReceived)[0].value == 0x8003
        await driving.until(lambda: SendState.DELIVERED in _states(driving, "m-1"), 10)
        (place,) = driving.all(PositionReceived)
        assert (place.sender, place.reason, place.error_m) == (UNIT, 32, 20.0)
