"""Exercises beside the live plan: simulated terminals on test talkgroups, driven by a person.

A terminal is a link of no plan (``dispatch.plans.guests``). It stands on one talkgroup that the
plan marks as test, its units are the exercise units below and no real ones, and it ends by itself.
"""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dispatch.audit.entry import Act as Entry
from dispatch.audit.entry import Actor, Obj
from dispatch.errors import Conflict, NotFound, ServiceError
from dispatch.plans.guests import Guests
from dispatch.services.board import Board
from dispatch.services.plans import LivePlan
from dispatch.services.record import Asker, Record
from dispatch.simulator.fence import (
    EXERCISE,
    UNITS,
    by_exercise_unit,
    exercise_link,
    exercise_units,
    fenced,
    hindrance,
    marked,
    on_link,
    patched,
)
from dispatch.simulator.ports import (
    EMERGENCY,
    OUTAGE,
    RESTORE,
    Act,
    FarEnd,
    Simulators,
    Step,
    Wish,
)
from gateway.bus import Bus
from gateway.model.commands import EmergencyExercise
from gateway.model.errors import LinkError, RadioError
from gateway.model.ids import LinkId, TalkgroupId, UtcUs, unit_id
from gateway.model.plan import Talkgroup
from gateway.ports import Clock

logger = logging.getLogger(__name__)

MAX_TERMINALS = 4
"""Each is a process of its own."""
MAX_MINUTES = 240
LOOK_S = 0.5
MAX_TOLD = 60
MARK_US = 600_000_000
"""How long an emergency of a resident's unit stays marked as an exercise."""


@dataclass(slots=True, eq=False)
class Terminal:
    """One simulated terminal. ``resident``: of a demo, a link of the plan leads to it."""

    id: str
    kind: str
    far: FarEnd
    talkgroups: tuple[TalkgroupId, ...]
    began_utc: UtcUs
    ends_utc: UtcUs | None
    by: str
    resident: bool = False
    cut: bool = False
    scenario: asyncio.Task[None] | None = None
    told: list[dict[str, Any]] = field(default_factory=list)  # JSON rows, newest first


class Exercises:
    """All simulated terminals of this server."""

    def __init__(
        self, *, plan: LivePlan, board: Board, bus: Bus, clock: Clock, record: Record
    ) -> None:
        """Take the services; the wiring gives ``simulators``, without them nothing can start."""
        self._plan = plan
        self._board = board
        self._bus = bus
        self._clock = clock
        self._record = record
        self._terminals: dict[str, Terminal] = {}
        self._kept: dict[str, Terminal] = {}
        """A demo's radios, as far as they were asked for."""
        self._endings: set[asyncio.Task[None]] = set()
        self._count = 0
        self._turn = asyncio.Lock()
        self.simulators: Simulators | None = None

    # ---- reading -------------------------------------------------------------------------------

    def demand(self) -> Simulators:
        """Return the simulators; raises Conflict on a server without any."""
        if self.simulators is None:
            raise Conflict("this server runs without simulators")
        return self.simulators

    def state(self) -> dict[str, Any]:  # JSON values
        """Return what can be started and what runs; nothing on a server without simulators."""
        if self.simulators is None:
            return {"available": False}
        simulators, plan = self.simulators, self._plan.plan
        systems = {system.id: system.technology for system in plan.systems}
        return {
            "available": True,
            "clips": [
                {"id": clip.id, "language": clip.language, "words": clip.words}
                for clip in simulators.clips()
            ],
            "talkgroups": [
                {
                    "id": group.id,
                    "name": group.name,
                    "technology": systems.get(group.system, ""),
                    "kinds": list(simulators.kinds(systems.get(group.system, ""))),
                    "hindrance": self._hindrance(group),
                }
                for group in plan.talkgroups
                if group.test
            ],
            "units": [{"id": n + 1, "name": f"{EXERCISE} {n + 1}"} for n in range(UNITS)],
            "max_terminals": MAX_TERMINALS,
            "terminals": [
                self._row(one) for one in (*self._terminals.values(), *self._residents())
            ],
        }

    def _residents(self) -> list[Terminal]:
        known = {link.id for link in self._plan.plan.links}
        return [
            self._resident(name, far)
            for name, far in self.demand().residents().items()
            if name in known
        ]

    def _resident(self, name: str, far: FarEnd) -> Terminal:
        kept = self._kept.get(name)
        link = next(one for one in self._plan.plan.links if one.id == name)
        groups = tuple(TalkgroupId(f"{link.system}/{n}") for n in link.talkgroups)
        if kept is None:
            kept = Terminal(name, link.kind, far, groups, UtcUs(0), None, "", resident=True)
            self._kept[name] = kept
        kept.talkgroups = groups
        return kept

    def _row(self, one: Terminal) -> dict[str, Any]:  # JSON values
        link = one.far.link
        status = self._board.talkgroups.link(LinkId(link.id))
        return {
            "id": one.id,
            "name": link.name,
            "kind": one.kind,
            "resident": one.resident,
            "talkgroups": [
                {"id": group, "name": self._plan.talkgroup_name(group)} for group in one.talkgroups
            ],
            "units": [
                {"id": unit.number, "name": unit.alias}
                for unit in self._plan.running.units
                if unit.system == link.system and one.resident != (unit.owner == EXERCISE)
            ][:200],
            "state": status.state if one.far.alive else "down",
            "reason": status.reason if one.far.alive else "the simulator ended",
            "cut": one.cut,
            "scenario": one.scenario is not None and not one.scenario.done(),
            "by": one.by,
            "began_utc": one.began_utc,
            "ends_utc": one.ends_utc,
            "told": one.told[:MAX_TOLD],
        }

    # ---- starting and ending -------------------------------------------------------------------

    async def start(self, asker: Asker, kind: str, talkgroup: str, minutes: int) -> dict[str, Any]:
        """Start a terminal on a test talkgroup; returns its row.

        Raises NotFound, Conflict where it may not stand, RadioError when it does not start.
        """
        async with self._turn:
            simulators = self.demand()
            group = self._talkgroup(talkgroup, kind)
            if len(self._terminals) >= MAX_TERMINALS:
                raise Conflict(f"{MAX_TERMINALS} simulated terminals run already: end one first")
            self._count += 1
            link = exercise_link(self._count, kind, group)
            detail = {"kind": kind, "talkgroup": group.id, "minutes": minutes, "exercise": True}
            obj = Obj(type="simulator", id=link.id)
            await self._record.before(asker, "admin", "simulator.started", obj, detail=detail)
            wish = Wish(link=link, talkgroups=(group,), units=exercise_units(link))
            far = await simulators.start(wish)
            now = self._clock.utc_us()
            who = asker.access.user.display_name
            ends = UtcUs(now + minutes * 60_000_000)
            terminal = Terminal(link.id, kind, far, (group.id,), now, ends, who)
            self._terminals[link.id] = terminal
            self._show(who)
            return self._row(terminal)

    def _talkgroup(self, talkgroup: str, kind: str) -> Talkgroup:
        group = self._plan.talkgroups.get(TalkgroupId(talkgroup))
        if group is None:
            raise NotFound(f"there is no talkgroup {talkgroup}")
        systems = self._plan.plan.systems
        system = next((s for s in systems if s.id == group.system), None)
        kinds = self.demand().kinds(system.technology if system else "")
        if kind not in kinds:
            raise ServiceError(f"kind: expected one of {', '.join(kinds)}, got {kind!r}")
        if reason := self._hindrance(group):
            raise Conflict(reason)
        return group

    def _hindrance(self, group: Talkgroup) -> str:
        """Say why no simulated terminal may stand on a talkgroup now; empty when one may."""
        standing = self._board.patches.of(group.id)
        if standing is not None:
            return patched(group.name, standing["label"])
        return hindrance(self._plan.plan, group)

    def _show(self, operator: str) -> None:
        links = tuple(one.far.link for one in self._terminals.values())
        units = {unit.id: unit for link in links for unit in exercise_units(link)}
        self._plan.set_guests(Guests(links, tuple(units.values())), operator)

    async def end(self, asker: Asker, terminal: str) -> None:
        """End a terminal; raises NotFound."""
        one = self._terminals.get(terminal)
        if one is None:
            raise NotFound(f"there is no simulated terminal {terminal}")
        obj = Obj(type="simulator", id=terminal)
        await self._record.before(asker, "admin", "simulator.ended", obj)
        await self._remove(one)

    async def _remove(self, one: Terminal) -> None:
        async with self._turn:
            if self._terminals.pop(one.id, None) is None:
                return
            self._stop_scenario(one)
            self._show(one.by)
        await asyncio.shield(self._ending(one))

    def _ending(self, one: Terminal) -> asyncio.Task[None]:
        """Begin to end a simulator; that goes on whatever becomes of who asked for it."""
        task = asyncio.create_task(one.far.close(), name="exercise-end")
        self._endings.add(task)
        task.add_done_callback(self._endings.discard)
        return task

    async def run(self) -> None:
        """End what is over and what has died, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_S)
            await self._look()

    async def _look(self) -> None:
        for one in list(self._terminals.values()):
            if why := self._why_over(one):
                self._note(one, {"why": why})
                await self._remove(one)

    def _why_over(self, one: Terminal) -> str:
        """Say why a terminal ends now, empty while it may go on."""
        if not one.far.alive:
            return "the simulator ended"
        if one.ends_utc is not None and self._clock.utc_us() >= one.ends_utc:
            return "its time is over"
        for talkgroup in one.talkgroups:
            group = self._plan.talkgroups.get(talkgroup)
            if group is None:
                return "a new plan has its talkgroup no more"
            if reason := self._hindrance(group):
                return reason
        return ""

    def _note(self, one: Terminal, detail: Mapping[str, object]) -> None:
        obj, actor = Obj(type="simulator", id=one.id), Actor(id="simulator", role="system")
        entry = Entry(op="system", verb="simulator.ended", actor=actor, obj=obj, detail=detail)
        self._record.note(entry)

    async def close(self) -> None:
        """End every simulator, the server being about to stop; safe twice."""
        terminals, self._terminals = list(self._terminals.values()), {}
        for one in terminals:
            self._stop_scenario(one)
        for one in terminals:
            self._ending(one)
        await asyncio.gather(*self._endings, return_exceptions=True)
        for one in self._kept.values():
            self._stop_scenario(one)

    # ---- acting --------------------------------------------------------------------------------

    def find(self, terminal: str) -> Terminal:
        """Return a terminal, or a demo's radio; raises NotFound."""
        found = next((t for t in self._residents() if t.id == terminal), None)
        one = self._terminals.get(terminal) or found
        if one is None:
            raise NotFound(f"there is no simulated terminal {terminal}")
        return one

    async def act(self, asker: Asker, terminal: str, act: Act) -> dict[str, Any]:
        """Have a terminal do something; returns its row. Raises ServiceError, RadioError."""
        one = self.find(terminal)
        ready = self._demand_act(one, act)
        obj = Obj(type="simulator", id=terminal)
        detail = {"do": act.do, "unit": act.unit, "group": act.group, "exercise": True}
        await self._record.before(asker, "admin", "simulator.acted", obj, detail=detail)
        await self._do(one, ready, asker.access.user.display_name)
        return self._row(one)

    def _demand_act(self, one: Terminal, act: Act) -> Act:
        """Return the act as it is done; raises ServiceError where it reaches beyond the fence."""
        if not one.far.alive:
            raise LinkError("the simulator ended")
        if not one.resident:
            act = by_exercise_unit(act)
        return marked(on_link(act, one.far.link.name, one.talkgroups))

    async def _do(self, one: Terminal, act: Act, operator: str) -> int:
        if act.do == EMERGENCY and one.resident:
            await self._mark(one, act.unit, operator)
        try:
            taken = await one.far.act(act)
        except RadioError as error:
            self._tell(one, act, f"refused: {error}")
            raise
        if act.do in (OUTAGE, RESTORE):
            one.cut = act.do == OUTAGE
        self._tell(one, act, "" if taken else "nobody took it: busy, off, or on another group")
        return taken

    async def _mark(self, one: Terminal, unit: int, operator: str) -> None:
        """Have the emergency of a demo's unit carry EXERCISE."""
        until = self._clock.utc_us() + MARK_US
        named = unit_id(one.far.link.system, unit)
        await self._bus.request(EmergencyExercise(unit=named, until_utc=until, operator=operator))

    def _tell(self, one: Terminal, act: Act, words: str) -> None:
        unit = self._plan.alias(f"{one.far.link.system}/{act.unit}") if act.unit else ""
        group = self._plan.talkgroup_name(f"{one.far.link.system}/{act.group}") if act.group else ""
        one.told.insert(
            0,
            {
                "t_utc": self._clock.utc_us(),
                "do": act.do,
                "unit": unit,
                "talkgroup": group,
                "words": words,
            },
        )
        del one.told[MAX_TOLD:]

    # ---- scenarios -----------------------------------------------------------------------------

    async def play(self, asker: Asker, terminal: str, text: str) -> dict[str, Any]:
        """Play a scenario's steps once on a terminal; raises ConfigError that names its mistakes.

        Groups and units are those of the exercise: the first unit that a file names is EXERCISE 1.
        """
        one = self.find(terminal)
        steps = self.demand().steps(text)
        if not steps:
            raise ServiceError("scenario: it has no steps")
        steps = steps if one.resident else fenced(steps, one.talkgroups[0])
        detail = {"steps": len(steps), "exercise": True}
        obj = Obj(type="simulator", id=terminal)
        await self._record.before(asker, "admin", "simulator.scenario", obj, detail=detail)
        self._stop_scenario(one)
        who = asker.access.user.display_name
        one.scenario = asyncio.create_task(self._play(one, steps, who), name="exercise-scenario")
        return self._row(one)

    async def stop(self, asker: Asker, terminal: str) -> dict[str, Any]:
        """Stop the scenario of a terminal; what is being said is said."""
        one = self.find(terminal)
        self._record.note_of(
            asker, "admin", "simulator.scenario_ended", Obj(type="simulator", id=terminal)
        )
        self._stop_scenario(one)
        return self._row(one)

    def _stop_scenario(self, one: Terminal) -> None:
        if one.scenario is not None:
            one.scenario.cancel()
            one.scenario = None

    async def _play(self, one: Terminal, steps: tuple[Step, ...], operator: str) -> None:
        began = self._clock.mono_ms()
        for step in sorted(steps, key=lambda step: step.at_ms):
            await asyncio.sleep(max(0.0, began + step.at_ms - self._clock.mono_ms()) / 1000)
            try:
                await self._do(one, self._demand_act(one, step.act), operator)
            except RadioError as error:
                logger.info("exercise %s: step %s: %s", one.id, step.act.do, error)
