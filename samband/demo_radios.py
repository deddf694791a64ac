"""The demo's simulated radios: terminals, a base station and a network core, each a process."""

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from dispatch.simulator.ports import FarEnd
from gateway.model.errors import ConfigError, LinkError
from gateway.model.p25_settings import P25_KINDS, P25Settings
from gateway.model.plan import Link, Plan
from hardware.ptt_address import SIMULATED
from hardware.sim.child import SimChild
from samband.simulated_links import Peer

SIMULATOR_START_MS = 20_000
COAST = {"vinga": ("p25-station", "demo-station"), "sjonet": ("fne", "demo-fne")}
"""P25 link of the demo's plan -> the simulator at its other end, and what it plays."""
QUIET = "quiet"
NETWORK_PASSWORD = b"samband\n"
"""Of the simulated network core, which is on loopback and knows no other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Radios:
    """What the simulators said in their first lines."""

    terminals: dict[str, Any]
    coast: dict[str, dict[str, Any]] = field(default_factory=dict)

    def first_plan(self, plan: Plan) -> Plan:
        """Return the demo's plan as it is stored: each link is at ``@`` and its radio's name.

        Which port a simulator has is known only while it runs, and differs at every start: what
        is stored, and gone back to, may not name it. P25 links without a simulator are left out.
        Raises ConfigError when a terminal has none.
        """
        names = {radio["name"] for radio in self.terminals["radios"]}
        links = []
        for link in plan.links:
            if link.kind not in P25_KINDS and link.id not in names:
                raise ConfigError(f"demo: the scenario has no radio named {link.id}")
            if link.kind not in P25_KINDS or link.id in self.coast:
                links.append(replace(link, simulated=True))
        return without_empty_systems(replace(plan, links=tuple(links)))

    def lead(self, state: Path) -> Callable[[Plan], Plan]:
        """Return what gives the links of any plan the radios of this start, by their ``@`` names.

        A link at a port that is none of ours stays as it is. One whose radio does not run today is
        left out, and nothing of it is opened.
        """
        terminals = {radio["name"]: radio for radio in self.terminals["radios"]}
        password = state / "keys" / "demo.password"
        if any("voice_port" not in first for first in self.coast.values()):
            password.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            password.touch(mode=0o600)
            password.write_bytes(NETWORK_PASSWORD)

        def led(link: Link) -> Link | None:
            name = link.port.removeprefix(SIMULATED)
            if name == link.port:
                return link
            if link.kind in P25_KINDS:
                return _led(link, self.coast[name], password) if name in self.coast else None
            radio = terminals.get(name)
            return radio and replace(link, port=radio["pty"], sound=radio["audio"])

        def led_plan(plan: Plan) -> Plan:
            return replace(plan, links=tuple(one for link in plan.links if (one := led(link))))

        return led_plan

    def connect(self, plan: Plan, state: Path) -> Plan:
        """Return the demo's plan with each link led to its simulator; raises ConfigError."""
        return self.lead(state)(self.first_plan(plan))

    def ready(self) -> dict[str, Any]:
        """Return what a script needs to drive them."""
        return {
            "ptys": {radio["name"]: radio["pty"] for radio in self.terminals["radios"]},
            "simulator": {"pid": self.terminals["pid"], "control": self.terminals["control"]},
            "p25": {
                name: {"pid": first["pid"], "control": first["control"]}
                for name, first in self.coast.items()
            },
        }

    def residents(self, plan: Plan) -> dict[str, FarEnd]:
        """Return the simulated far end of each link of the demo's plan, to be driven by hand."""
        terminals = SimChild(None, self.terminals)
        return {
            link.id: Peer(link, terminals, str(link.id))
            if link.kind not in P25_KINDS
            else Peer(link, SimChild(None, self.coast[link.id]))
            for link in plan.links
        }


def without_empty_systems(plan: Plan) -> Plan:
    """Return the plan without systems that no link reaches, and without what belongs to them."""
    kept = {link.system for link in plan.links}
    return replace(
        plan,
        systems=tuple(system for system in plan.systems if system.id in kept),
        talkgroups=tuple(group for group in plan.talkgroups if group.system in kept),
        units=tuple(unit for unit in plan.units if unit.system in kept),
        patches=tuple(
            patch
            for patch in plan.patches
            if all(member.partition("/")[0] in kept for member in patch.members)
        ),
    )


@contextlib.asynccontextmanager
async def simulators(scenario: str, *, coast: bool) -> AsyncIterator[Radios]:
    """Run the terminals on a scenario, and the coast beside them; raises LinkError."""
    async with contextlib.AsyncExitStack() as stack:
        sound = ("--pty", "--audio", "udp:127.0.0.1:0")
        starts = [_simulator("pei", scenario, *sound)]
        if coast:
            for kind, played in COAST.values():
                quiet = QUIET if scenario == QUIET else played
                starts.append(_simulator(kind, quiet, "--clips-only"))
        entered = [stack.enter_async_context(one) for one in starts]
        told = await asyncio.gather(*entered, return_exceptions=True)
        firsts: list[dict[str, Any]] = []
        for first in told:
            if isinstance(first, BaseException):
                raise first  # the others are ended by the stack
            firsts.append(first)
        yield Radios(
            terminals=firsts[0], coast=dict(zip(COAST, firsts[1:], strict=True)) if coast else {}
        )


@contextlib.asynccontextmanager
async def _simulator(kind: str, scenario: str, *words: str) -> AsyncIterator[dict[str, Any]]:
    """Run one simulator; gives its first line: ports, sound addresses, control port."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "hardware.sim", kind, "--scenario", scenario, "--control", "0"),
        *words,
        stdout=asyncio.subprocess.PIPE,
    )
    if process.stdout is None:
        raise LinkError("simulator: no output pipe")
    try:
        line = await asyncio.wait_for(process.stdout.readline(), SIMULATOR_START_MS / 1000)
        if not line:
            raise LinkError(
                "the simulated radios did not start", hint=f"Try: samband sim {kind} --help"
            )
        yield json.loads(line)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


def _led(link: Link, first: Mapping[str, Any], password: Path) -> Link:
    """Return a P25 link that leads to the simulator with this first line."""
    settings = link.p25 or P25Settings()
    if "voice_port" in first:
        settings = replace(settings, voice_port=first["voice_port"])
        return replace(link, port=f"udp:127.0.0.1:{first['control_port']}", p25=settings)
    settings = replace(settings, password_file=str(password))
    return replace(link, port=f"udp:127.0.0.1:{first['port']}", p25=settings)
