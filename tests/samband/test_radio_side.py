"""The radio side goes over to another plan: links that reconnect, plans that overtake others."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from secrets import token_bytes

import pytest

from dispatch.clock import SystemClock
from dispatch.plans.overlay import reopens
from gateway.bus import InProcessBus
from gateway.model.events import LinkChanged
from gateway.model.ids import GatewayId, LinkId, SiteId, SystemId
from gateway.model.plan import Link, Plan, Site, System, Talkgroup
from samband.compose_radio import RadioFolders, RadioSide

NET, HILL = SystemId("net"), SiteId("hill")


def link(name: str, port: Path) -> Link:
    return Link(
        id=LinkId(name),
        name=name,
        kind="tetra-pei",
        system=NET,
        site=HILL,
        port=str(port),
        sound="udp:127.0.0.1:9",
        talkgroups=(100,),
    )


@pytest.fixture
def one(tmp_path: Path) -> Plan:
    return Plan(
        name="one",
        systems=(System(id=NET, name="Net", technology="tetra", handle=1),),
        sites=(Site(id=HILL, name="Hill"),),
        talkgroups=(Talkgroup(system=NET, number=100, name="NORTH", folder="North"),),
        links=(link("a", tmp_path / "unplugged-a"), link("b", tmp_path / "unplugged-b")),
    )


@pytest.fixture
def two(one: Plan, tmp_path: Path) -> Plan:
    """Return plan two: ``a`` at another port, ``b`` gone, ``c`` new."""
    links = (link("a", tmp_path / "unplugged-d"), link("c", tmp_path / "unplugged-c"))
    return replace(one, name="two", links=links)


@pytest.fixture
async def bus() -> InProcessBus:
    return InProcessBus(GatewayId("gw"), SystemClock(), token_bytes)


@pytest.fixture
async def side(one: Plan, bus: InProcessBus, tmp_path: Path) -> AsyncIterator[RadioSide]:
    folders = RadioFolders(recordings=tmp_path / "recordings", spool=tmp_path / "spool")
    for folder in (folders.recordings, folders.spool):
        folder.mkdir()
    made = RadioSide(one, 1, bus, SystemClock(), folders=folders)
    yield made
    await made.close()


def is_on(side: RadioSide, plan: Plan, number: int) -> bool:
    """Whether drivers, what was opened and the engine are those of one plan, and of no other."""
    addresses = side.engine._ctx.addresses
    return (
        {**side._opened} == {known.id: known for known in plan.links}
        and set(side.drivers) == {known.id for known in plan.links}
        and (addresses.number, addresses.plan) == (number, plan)
    )


async def test_links_that_reconnect_are_closed_opened_anew_and_opened(
    side: RadioSide, bus: InProcessBus, one: Plan, two: Plan
) -> None:
    told = bus.subscribe("test", LinkChanged)
    await side.start()
    async with asyncio.timeout(5):
        while (await told.get()).event.state != "down":  # type: ignore[attr-defined]  # it is a LinkChanged
            pass
    assert await side.use_plan(two, 2, reopens) == ()
    assert is_on(side, two, 2)
    assert await side.use_plan(one, 1, reopens) == ()
    assert is_on(side, one, 1)


async def test_a_newer_plan_overtakes_an_older_one(side: RadioSide, one: Plan, two: Plan) -> None:
    await side.start()
    three = replace(two, name="three", links=one.links[:1])
    plans = ((2, two), (1, one), (3, three))
    await asyncio.gather(*(side.use_plan(plan, number, reopens) for number, plan in plans))
    assert is_on(side, three, 3)


async def test_a_plan_that_comes_before_the_links_are_open(
    side: RadioSide, one: Plan, two: Plan
) -> None:
    await side.use_plan(two, 2, reopens)
    await side.start()
    assert is_on(side, two, 2)


async def test_nothing_is_opened_behind_a_stop(side: RadioSide, one: Plan, two: Plan) -> None:
    await side.start()
    going = asyncio.create_task(side.use_plan(two, 2, reopens))
    await asyncio.sleep(0)
    await side.close()
    await going
    assert {*side.drivers} == {known.id for known in one.links}
