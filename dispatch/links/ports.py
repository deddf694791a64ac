"""What the desk of an engineer needs of a gateway's links, as protocols; given by the wiring."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from gateway.model.errors import LinkError
from gateway.model.ids import LinkId
from gateway.model.plan import Link

ANSWERS, PORT, SOUND = "answers", "port", "sound"
CHECKS: dict[str, str] = {
    ANSWERS: "asks what it asks anyway and times the answers",
    PORT: "looks whether what is written to the port comes back, as a loop plug gives it",
    SOUND: "plays a tone to the radio's sound port and listens whether it comes back",
}
"""Checks of a link and their words. None of them keys a transmitter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceOrder:
    """What is to be recorded."""

    id: str
    link: Link
    path: Path
    header: Mapping[str, object]
    max_bytes: int
    max_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceState:
    """How far a trace is; ``cause`` is empty while it runs."""

    id: str
    records: int = 0
    lost: int = 0
    size_bytes: int = 0
    cause: str = ""
    reason: str = ""
    sha256: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passing:
    """What has passed a link's port since the server started."""

    in_count: int = 0
    in_bytes: int = 0
    out_count: int = 0
    out_bytes: int = 0
    heard_utc: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopFigure:
    """One figure of a check: ``value`` is None where it could not be measured."""

    name: str
    value: float | None
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopResult:
    """What a check of a link found. ``outcome``: passed, failed, or open (nothing to tell)."""

    check: str
    outcome: str
    words: str
    figures: tuple[LoopFigure, ...] = ()


class LinkTools(Protocol):
    """The links of a gateway, as far as an engineer reaches into them."""

    def begin(self, order: TraceOrder) -> None:
        """Begin a trace; raises LinkError where the link shows nothing."""
        ...

    def stop(self, trace: str) -> bool:
        """End a trace, soon after; False when it does not run."""
        ...

    def running(self) -> dict[str, TraceState]:
        """Return the traces that run."""
        ...

    def on_ended(self, told: Callable[[TraceState], None]) -> None:
        """Call ``told`` on the event loop when a trace has ended, for whatever cause."""
        ...

    def close_left(self, path: Path) -> TraceState | None:
        """Close the file of a trace that a crash left open (blocking)."""
        ...

    def passing(self, link: LinkId) -> Passing:
        """Return what has passed a link's port."""
        ...

    def checks(self, link: Link) -> tuple[str, ...]:
        """Return the checks that this link can do."""
        ...

    async def check(self, link: Link, check: str) -> LoopResult:
        """Do one check; raises LinkError with the reason where it cannot be done now."""
        ...


class NoLinks:
    """Stands where a server has no links of its own."""

    WORDS = "this server has no links of its own"

    def begin(self, order: TraceOrder) -> None:
        """Refuse."""
        raise LinkError(self.WORDS)

    def stop(self, trace: str) -> bool:
        """Nothing runs."""
        return False

    def running(self) -> dict[str, TraceState]:
        """Nothing runs."""
        return {}

    def on_ended(self, told: Callable[[TraceState], None]) -> None:
        """Nothing ends."""

    def close_left(self, path: Path) -> TraceState | None:
        """Nothing was left."""
        return None

    def passing(self, link: LinkId) -> Passing:
        """Nothing passes."""
        return Passing()

    def checks(self, link: Link) -> tuple[str, ...]:
        """Nothing can be checked."""
        return ()

    async def check(self, link: Link, check: str) -> LoopResult:
        """Refuse."""
        raise LinkError(self.WORDS)
