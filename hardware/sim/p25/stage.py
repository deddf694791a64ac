"""The stage of a P25 simulator: plays a scenario and control lines on a front.

A front is one interface in the station's or network's role. The stage gives it the voice of
simulated units every 20 ms and what else they do, and keeps what the gateway sends.
"""

import asyncio
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from gateway.model.errors import ConfigError
from hardware.sim.actions import Action
from hardware.sim.json_lines import mono_ms
from hardware.sim.p25.stage_steps import FAULTS, SIGNALS
from hardware.sim.p25.stage_udp import LineFaults
from hardware.sim.p25.stage_voice import FRAME_MS, Ears, SimOver, frames_of, over_of
from hardware.sim.scenario import Scenario, Timetable

MAX_ENTRIES = 8_000
MAX_WAITING = 32
NEXT_TALKER_MS = 250.0
"""Pause between a talker and the one who waited."""


class Front(Protocol):
    """One interface in the other role. All calls come from the event loop's thread."""

    name: str

    async def start(self, stage: "Stage") -> Mapping[str, object]:
        """Open ports; returns what the first line says of them. OSError when one is taken."""
        ...

    async def close(self) -> None:
        """Close everything; safe twice."""
        ...

    def begin(self, over: SimOver) -> None:
        """Let a unit key."""
        ...

    def voice(self, imbe: bytes) -> None:
        """Its next 20 ms, 11 octets."""
        ...

    def end(self) -> None:
        """Let it un-key."""
        ...

    def signal(self, action: Action) -> None:
        """Let a unit say something without voice (``SIGNALS``); ConfigError if it never can."""
        ...

    def fault(self, action: Action) -> None:
        """Let something go wrong (``FAULTS``); ConfigError if this cannot."""
        ...

    def tick(self, now_ms: float) -> None:
        """Do what is due."""
        ...

    def deadline(self) -> float | None:
        """Return when ``tick`` is due."""
        ...

    def state(self) -> Mapping[str, object]:
        """Return what a test may want to know."""
        ...


@runtime_checkable
class CarriesMany(Protocol):
    """A front that carries an over on each of its groups at once."""

    def turn_to(self, over: SimOver) -> None:
        """Take the next ``voice`` or ``end`` as that of this over."""
        ...


@dataclass(slots=True)
class _Talker:
    over: SimOver
    frames: Iterator[bytes]
    next_ms: float = 0.0


class Stage:
    """Runs one front."""

    def __init__(self, front: Front, scenario: Scenario, *, seed: int | None = None) -> None:
        """Prepare; ``start`` opens the front's ports."""
        self._front = front
        self._scenario = scenario
        self._seed = scenario.seed if seed is None else seed
        self.line = LineFaults(self._seed)
        self.ears = Ears()
        self._entries: deque[dict[str, object]] = deque(maxlen=MAX_ENTRIES)
        self._violations = 0
        self._waiting: deque[_Talker] = deque(maxlen=MAX_WAITING)
        self._talkers: dict[int, _Talker] = {}
        """Who talks, by group on a front that carries many; else all are one lane."""
        self._timer: asyncio.TimerHandle | None = None
        self._mend_ms: float | None = None
        self._timetable: Timetable | None = None

    async def start(self, *, loop_steps: bool = True) -> dict[str, object]:
        """Open the front and begin the scenario; returns the front's part of the first line."""
        ports = dict(await self._front.start(self))
        self._timetable = Timetable(self._scenario, mono_ms(), self._seed, loop=loop_steps)
        self.wake()
        return ports

    async def close(self) -> None:
        """Stop; safe twice."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._timetable = None
        self.line.close()
        await self._front.close()

    # -- for the front

    def note(self, kind: str, **what: object) -> None:
        """Add an entry to the log (bounded)."""
        self._entries.append({"kind": kind, "t_ms": round(mono_ms(), 3), **what})

    def violation(self, raw: bytes, reason: str) -> None:
        """Note what the gateway sent against the reference."""
        self._violations += 1
        self.note("violation", raw=raw[:512].hex(), reason=reason)

    def wake(self) -> None:
        """Arm the timer anew: the front's deadline may have moved."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due = [one for one in self._deadlines() if one is not None]
        if due and self._timetable is not None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_at(min(due) / 1000.0, self._tick)

    # -- acting

    def perform(self, action: Action) -> None:
        """Do one action now; raises ConfigError when it cannot be done."""
        self.note("step", do=action.do)
        if action.do == "talk":
            self._talk(action)
        elif action.do == "cut":
            self._cut()
        elif action.do in SIGNALS:
            self._front.signal(action)
        elif action.do in FAULTS:
            self._fault(action)
        self.wake()

    def _talk(self, action: Action) -> None:
        talker = _Talker(over_of(action), frames_of(action, self._scenario.folder))
        if self._lane(talker.over) not in self._talkers:
            self._begin(talker, mono_ms())
        else:
            self._waiting.append(talker)

    def _fault(self, action: Action) -> None:
        for_s = action.maybe_number("for_s")
        if action.do == "vanish" and for_s is not None:
            self._mend_ms = mono_ms() + for_s * 1000.0
        self.line.fault(action)
        self._front.fault(action)

    def _begin(self, talker: _Talker, now_ms: float) -> None:
        over = talker.over
        self._talkers[self._lane(over)] = talker
        self.note("talker", group=over.group, unit=over.unit, emergency=over.emergency)
        self._front.begin(over)
        talker.next_ms = now_ms

    def _cut(self) -> None:
        for lane in list(self._talkers):
            self._end(lane)

    def _end(self, lane: int) -> None:
        talker = self._talkers.pop(lane)
        self._turn_to(talker.over)
        self._front.end()
        self.note("talker_end")
        follower = next((one for one in self._waiting if self._lane(one.over) == lane), None)
        if follower is not None:
            follower.next_ms = mono_ms() + NEXT_TALKER_MS

    def _lane(self, over: SimOver) -> int:
        if not isinstance(self._front, CarriesMany):
            return 0
        return over.group if over.target is None else -over.target

    def _turn_to(self, over: SimOver) -> None:
        if isinstance(self._front, CarriesMany):
            self._front.turn_to(over)

    # -- time

    def _deadlines(self) -> list[float | None]:
        voice = min((one.next_ms for one in self._talkers.values()), default=None)
        free = [one for one in self._waiting if self._lane(one.over) not in self._talkers]
        waiting = min((one.next_ms for one in free), default=None)
        steps = self._timetable.deadline() if self._timetable else None
        return [voice, waiting, steps, self._mend_ms, self._front.deadline()]

    def _tick(self) -> None:
        self._timer = None
        now = mono_ms()
        if self._timetable is not None:
            for action in self._timetable.take(now):
                try:
                    self.perform(action)
                except ConfigError as error:
                    self.note("step_failed", do=action.do, reason=str(error))
        if self._mend_ms is not None and now >= self._mend_ms:
            self._mend_ms = None
            self._fault(Action("mend"))
        self._speak(now)
        self._front.tick(now)
        self.wake()

    def _speak(self, now_ms: float) -> None:
        for follower in list(self._waiting):
            free = self._lane(follower.over) not in self._talkers
            if free and now_ms >= follower.next_ms:
                self._waiting.remove(follower)
                self._begin(follower, now_ms)
        for lane, talker in list(self._talkers.items()):
            self._turn_to(talker.over)
            while now_ms >= talker.next_ms:
                frame = next(talker.frames, None)
                if frame is None:
                    self._end(lane)
                    break
                self._front.voice(frame)
                talker.next_ms += FRAME_MS

    # -- for the control port

    def state(self) -> dict[str, object]:
        """Return what is going on."""
        units = [talker.over.unit for talker in self._talkers.values()]
        return {
            "front": dict(self._front.state()),
            "line": self.line.state(),
            "talker": units[0] if units else None,
            "talkers": units,
            "waiting": len(self._waiting),
            "violations": self._violations,
        }

    @property
    def entries(self) -> list[dict[str, object]]:
        """The log, oldest first."""
        return list(self._entries)

    def clear(self) -> None:
        """Forget log and overs (a test begins anew)."""
        self._entries.clear()
        self.ears.overs.clear()
        self._violations = 0
