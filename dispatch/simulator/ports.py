"""What exercises need of the wiring: simulated far ends, and a sandbox for a draft."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from gateway.model.plan import Link, Plan, Talkgroup, Unit

TALK, EMERGENCY, STATUS, TEXT, PLACE = "talk", "emergency", "status", "text", "position"
CUT, OUTAGE, RESTORE = "cut", "outage", "restore"
ACTS = (TALK, EMERGENCY, STATUS, TEXT, PLACE, CUT, OUTAGE, RESTORE)
"""What a simulated radio does: its unit talks, calls for help, sets a status, sends a text or where
it is, is cut off in mid-word; its link is cut and comes back."""
OF_UNITS = frozenset({TALK, EMERGENCY, STATUS, TEXT, PLACE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One act of a simulated radio. ``group`` and ``unit`` are numbers on its system."""

    do: str
    group: int = 0
    unit: int = 0
    say: str = ""
    """Id of a clip of the house; empty: a tone, or silence."""
    tone_hz: float | None = None
    seconds: float = 3.0
    value: int = 0
    text: str = ""
    latitude_deg: float | None = None
    longitude_deg: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A simulated far end for one link: the link as the plan would have it, and who is there."""

    link: Link
    talkgroups: tuple[Talkgroup, ...]
    units: tuple[Unit, ...] = ()


@dataclass(frozen=True, slots=True)
class Clip:
    """Something that a simulated unit can say."""

    id: str
    language: str
    words: str


@dataclass(frozen=True, slots=True)
class Step:
    """An act of a scenario, and when."""

    at_ms: float
    act: Act


class FarEnd(Protocol):
    """A simulated radio or network that a link leads to."""

    @property
    def link(self) -> Link:
        """The link with port and sound that lead here."""
        ...

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        ...

    async def act(self, act: Act) -> int:
        """Do one act; returns how many radios took it. Raises RadioError with the reason."""
        ...

    async def close(self) -> None:
        """End it; safe twice."""
        ...


class Sandbox(Protocol):
    """A draft that runs beside everything real, in a process of its own."""

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        ...

    def rows(self) -> AsyncIterator[dict[str, Any]]:
        """Give what it tells, JSON rows, until it ends."""
        ...

    async def ask(self, request: Mapping[str, object]) -> dict[str, Any]:
        """Have something done in it; returns the answer. Raises LinkError when it is gone."""
        ...

    async def close(self) -> None:
        """End it, and take its files away; safe twice."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What a sandbox is told: the draft, for how long, and who may do what at each position."""

    plan: Plan
    seconds: int
    desks: Mapping[str, Mapping[str, object]] = field(default_factory=dict)


class Simulators(Protocol):
    """Makes simulated far ends and sandboxes."""

    def kinds(self, technology: str) -> tuple[str, ...]:
        """Return the kinds of links that can be simulated in a system of this technology."""
        ...

    def clips(self) -> tuple[Clip, ...]:
        """Return what units can say."""
        ...

    def residents(self) -> Mapping[str, FarEnd]:
        """Return simulated far ends that links of the plan lead to (a demo), by link."""
        ...

    def steps(self, text: str) -> tuple[Step, ...]:
        """Return the steps of a scenario file; raises ConfigError that names every mistake."""
        ...

    async def start(self, wish: Wish) -> FarEnd:
        """Start a far end; raises RadioError when it does not start."""
        ...

    async def sandbox(self, attempt: Attempt) -> Sandbox:
        """Start a sandbox; raises RadioError when it does not start."""
        ...
