"""A draft with a link of every kind runs in a sandbox, with a real simulator at each of them."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dispatch.simulator.ports import Act, Attempt
from gateway.model.errors import ConfigError, InvalidCommand
from gateway.model.ids import LinkId, SiteId, SystemId
from gateway.model.p25_settings import P25Settings
from gateway.model.plan import Link, Plan, Site, System, Talkgroup, Unit
from hardware.ptt_address import link_faults
from samband.sandbox_child import MAX_STATIONS, tried
from samband.simulated_links import _donor_words, _to_donor, requests
from samband.simulator_side import ChildSandbox, HouseSimulators, steps_of

SITE = SiteId("hill")
NET, COAST = SystemId("net"), SystemId("coast")
KINDS = ("p25-dfsi", "p25-fne", "p25-modem", "p25-network")
EVERY = {"sees": "*", "hears": "*", "talks": "*"}


def link(kind: str, system: SystemId, group: int, **more: Any) -> Link:
    return Link(
        id=LinkId(kind),
        name=kind,
        kind=kind,
        system=system,
        site=SITE,
        port="/dev/never-opened",
        sound="udp:192.0.2.1:9",
        talkgroups=(group,),
        group=group,
        **more,
    )


PLAN = Plan(
    name="of every kind",
    systems=(
        System(id=NET, name="Net", technology="tetra", handle=1, mcc=901, mnc=1),
        System(id=COAST, name="Coast", technology="p25", handle=2),
    ),
    sites=(Site(id=SITE, name="Hill"),),
    talkgroups=(
        Talkgroup(system=NET, number=100, name="NET 1", folder="Net"),
        Talkgroup(system=NET, number=200, name="DONOR", folder="Net"),
        *(Talkgroup(system=COAST, number=10 + n, name=k, folder="C") for n, k in enumerate(KINDS)),
    ),
    units=(Unit(system=COAST, number=77, alias="Boat 7"),),
    links=(
        link("tetra-pei", NET, 100),
        link(
            "analogue",
            NET,
            200,
            ptt="gpio:gpiochip0/17",
            ptt_active="low",
            rts="active",
            carrier="dcd",
            carrier_active="inactive",
        ),
        *(
            link(k, COAST, 10 + n, p25=P25Settings(peer_id=900 + n, password_file="/none"))
            for n, k in enumerate(KINDS)
        ),
    ),
    positions=("1", "2"),
)


async def test_every_kind_of_link_is_tried_and_nothing_is_left_behind() -> None:
    attempt = Attempt(plan=PLAN, seconds=60, desks={"1": EVERY, "2": EVERY})
    sandbox = await HouseSimulators().sandbox(attempt)
    assert isinstance(sandbox, ChildSandbox)
    folder: Path = sandbox._folder
    rows: list[dict[str, Any]] = []
    links: dict[str, str] = {}

    async def read() -> None:
        async for row in sandbox.rows():
            rows.append(row)
            if row["row"] == "link":
                links[row["id"]] = row["state"]

    reading = asyncio.create_task(read())
    try:
        async with asyncio.timeout(60):
            while not any(row["row"] == "ready" for row in rows):
                assert sandbox.alive, rows
                await asyncio.sleep(0.05)
        assert links == dict.fromkeys(("tetra-pei", "analogue", *KINDS), "up"), rows
        donor = {"do": "talk", "talkgroup": "net/200", "say": "en-test-count"}
        assert (await sandbox.ask(donor))["words"] == "heard by analogue"
        for number, kind in enumerate(KINDS):
            request = {"do": "talk", "talkgroup": f"coast/{10 + number}", "unit": 77}
            answer = await sandbox.ask({**request, "say": "en-test-count"})
            assert answer["words"] == f"heard by {kind}", answer

        def heard() -> set[str]:
            calls = (row for row in rows if row["row"] == "told" and row["kind"] == "call")
            return {row["link"] for row in calls if row["heard"] == ["1", "2"]}

        async with asyncio.timeout(20):
            while heard() != {*KINDS, "analogue"}:
                await asyncio.sleep(0.05)
        await press_analogue(sandbox, rows)
    finally:
        await sandbox.close()
        await reading
    assert not folder.exists()
    assert not sandbox.alive


async def press_analogue(sandbox: ChildSandbox, rows: list[dict[str, Any]]) -> None:
    """A press keys the simulated set, once its carrier is gone; it knows no emergency."""
    await sandbox.ask({"do": "cut", "talkgroup": "net/200"})
    press = {"do": "press", "position": "1", "talkgroup": "net/200", "seconds": 0.5}

    def told(what: str) -> list[dict[str, Any]]:
        return [row for row in rows if row["row"] == "told" and what in row["words"]]

    async with asyncio.timeout(20):
        while not told("Position 1 talks on DONOR"):
            refusals = len(told("the channel is busy"))  # its carrier has to fall first
            assert (await sandbox.ask(press))["ok"]
            while len(told("the channel is busy")) == refusals:
                if told("Position 1 talks on DONOR"):
                    break
                await asyncio.sleep(0.05)
    answer = await sandbox.ask({"do": "emergency", "talkgroup": "net/200", "unit": 1})
    assert not answer["ok"]
    assert "no emergency" in answer["words"]


@pytest.mark.parametrize("carrier", ["vox", "cts"])
def test_an_analogue_set_takes_the_lines_of_the_plan(carrier: str) -> None:
    planned = replace(PLAN.links[1], carrier=carrier, ptt="dtr", dtr="inactive")
    words = _donor_words(planned)
    assert words[-2:] == ("--ptt", "dtr")
    assert ("--carrier" in words) is (carrier != "vox")
    first = {"port": "rfc2217://127.0.0.1:9", "audio": "udp:127.0.0.1:8", "ptt": "dtr"}
    led = _to_donor(planned, {**first, "carrier": "cts"}, Path("/none"))
    assert link_faults(led) == []
    assert led.carrier == carrier
    assert (led.port, led.sound) == ("rfc2217://127.0.0.1:9", "udp:127.0.0.1:8")


def test_there_is_a_most_of_what_is_tried() -> None:
    many = tuple(replace(PLAN.links[2], id=LinkId(f"s{n}")) for n in range(MAX_STATIONS + 2))
    plan = Plan(name="many", links=many)
    inside, outside = tried(plan)
    assert len(inside) == MAX_STATIONS
    assert [words for _, words in outside] == [
        f"only the first {MAX_STATIONS} links of its kind are tried"
    ] * 2


def test_an_emergency_without_a_place_has_no_false_place() -> None:
    act = Act(do="emergency", group=100, unit=5)
    assert [one["do"] for one in requests(act, "radio")] == ["status", "talk"]
    placed = Act(do="emergency", group=100, unit=5, latitude_deg=59.3, longitude_deg=18.0)
    (one,) = requests(placed, "radio")
    assert (one["do"], one["latitude_deg"]) == ("emergency", 59.3)


def test_what_p25_units_cannot_do_is_refused_in_words() -> None:
    with pytest.raises(InvalidCommand, match="sends no text"):
        requests(Act(do="text", text="hello", unit=5), "")


def test_mistakes_of_a_scenario_are_all_named() -> None:
    text = '[[step]]\nat_s = -1\ndo = "talk"\ngroup = 1\n[[step]]\ndo = "noise"\n'
    with pytest.raises(ConfigError) as caught:
        steps_of(text)
    assert len(caught.value.faults) >= 3
    assert steps_of('[[step]]\nat_s = 2\ndo = "outage"\n')[0].at_ms == 2000
