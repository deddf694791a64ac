"""A demo that is started again: its radios have other ports, and every plan of it leads to them."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from dispatch.plans.canonical import plan_text
from dispatch.plans.guests import Guests
from dispatch.services.plan_index import PlanIndex
from gateway.model.ids import LinkId
from gateway.model.plan import Plan
from hardware.p25_addresses import p25_link_faults, read_password
from hardware.ptt_address import link_faults
from samband.demo import DATA
from samband.demo_radios import Radios
from samband.plan_file import load_plan

NAMES = ("norrvik-c", "hamnen", "fyrberget")


def start(first: int, *, coast: bool = True) -> Radios:
    """What the simulators say at a start; ``first`` is the number of their first port."""
    terminals: dict[str, Any] = {
        "radios": [
            {"name": name, "pty": f"/dev/pts/{first + n}", "audio": f"udp:127.0.0.1:{first + n}"}
            for n, name in enumerate(NAMES)
        ]
    }
    station = {"control_port": first + 10, "voice_port": first + 11}
    return Radios(
        terminals=terminals,
        coast={"vinga": station, "sjonet": {"port": first + 12}} if coast else {},
    )


def ports(plan: Plan) -> dict[str, str]:
    """Where each link leads."""
    return {link.id: link.port for link in plan.links}


def running(plan: Plan, radios: Radios, folder: Path) -> Plan:
    """What links and console work by."""
    return PlanIndex(plan, Guests(), radios.lead(folder)).running


def test_a_second_start_leads_every_plan_to_its_own_radios(tmp_path: Path) -> None:
    before, after = start(30_000), start(40_000)
    stored = before.first_plan(load_plan(DATA / "plan.toml"))
    assert plan_text(stored) == plan_text(after.first_plan(load_plan(DATA / "plan.toml")))
    assert ports(stored) == {name: f"@{name}" for name in ports(stored)}
    assert ports(running(stored, before, tmp_path))["sjonet"] == "udp:127.0.0.1:30012"

    later = replace(stored, name="plan 2")  # made in the first run, live in the second
    led = {link.id: link for link in running(later, after, tmp_path).links}
    assert led[LinkId("hamnen")].port == "/dev/pts/40001"
    assert led[LinkId("hamnen")].sound == "udp:127.0.0.1:40001"
    station, core = led[LinkId("vinga")].p25, led[LinkId("sjonet")].p25
    assert station is not None
    assert core is not None
    assert station.voice_port == 40_011
    assert read_password(core.password_file) == b"samband"
    assert all(link.simulated for link in led.values())
    assert not [fault for link in led.values() for fault in link_faults(link)]
    assert not [f for n in ("vinga", "sjonet") for f in p25_link_faults(led[LinkId(n)])]


def test_links_elsewhere_stay_and_links_without_a_radio_are_left_out(tmp_path: Path) -> None:
    plan = start(1).first_plan(load_plan(DATA / "plan.toml"))
    own = replace(plan.links[0], id=LinkId("mine"), port="/dev/ttyUSB0")
    today = start(50_000, coast=False).lead(tmp_path)
    assert ports(today(replace(plan, links=(*plan.links, own)))) == {
        "norrvik-c": "/dev/pts/50000",
        "hamnen": "/dev/pts/50001",
        "fyrberget": "/dev/pts/50002",
        "mine": "/dev/ttyUSB0",
    }
    assert not (tmp_path / "keys").exists()


def test_without_the_coast_the_first_plan_has_nothing_of_it() -> None:
    plan = start(1, coast=False).first_plan(load_plan(DATA / "plan.toml"))
    assert set(ports(plan)) == set(NAMES)
    assert {system.id for system in plan.systems} == {"norrvik"}
