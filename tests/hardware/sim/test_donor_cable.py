"""The cable of the simulated analogue set: an outage ends with its time, or when one says so."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from hardware.sim.donor import DonorLines, DonorRadio

LONG_MS = 3_600_000.0


@pytest.fixture
async def radio() -> AsyncIterator[DonorRadio]:
    """A set that runs."""
    made = DonorRadio(DonorLines())
    await made.start("127.0.0.1", 0, "udp:127.0.0.1:0")
    yield made
    await made.close()


async def answers(radio: DonorRadio) -> bool:
    """Whether somebody listens at its port."""
    host, _, port = str(radio.first_line()["port"]).removeprefix("rfc2217://").rpartition(":")
    try:
        _, writer = await asyncio.open_connection(host, int(port))
    except OSError:
        return False
    writer.close()
    return True


async def test_an_outage_ends_when_one_says_so(radio: DonorRadio) -> None:
    outage = asyncio.create_task(radio.unplug(LONG_MS))
    while await answers(radio):
        await asyncio.sleep(0.001)
    await radio.unplug(0)
    assert await answers(radio)
    await outage  # its hour is not waited for
    assert [entry["kind"] for entry in radio.truth.entries] == ["unplugged", "plugged"]


async def test_a_second_outage_takes_the_place_of_the_first(radio: DonorRadio) -> None:
    first = asyncio.create_task(radio.unplug(LONG_MS))
    while await answers(radio):
        await asyncio.sleep(0.001)
    await radio.unplug(1)
    await first
    assert await answers(radio)


async def test_nothing_happens_to_a_cable_that_is_plugged_in(radio: DonorRadio) -> None:
    await radio.unplug(0)
    assert not radio.truth.entries
    assert await answers(radio)
