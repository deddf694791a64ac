"""What was counted of a way in some time, and the same for the last minute and the last hour."""

from collections import deque
from dataclasses import dataclass, field
from math import log10
from typing import Final, Literal

from gateway.model.ids import MonoMs
from gateway.model.sound_events import SoundLevel
from gateway.model.spread import Spread

Span = Literal["minute", "hour"]
QUIET_DBFS: Final = -96.0
_SLOTS: Final[dict[Span, tuple[int, int]]] = {"minute": (5_000, 12), "hour": (60_000, 60)}
"""Length of a slot and how many there are."""


@dataclass(slots=True)
class LevelSum:
    """Mean power and peak of many blocks."""

    blocks: int = 0
    power: float = 0.0
    peak_dbfs: float = QUIET_DBFS

    def add(self, level: SoundLevel) -> None:
        """Add blocks that were measured together."""
        self.blocks += level.blocks
        self.power += level.blocks * 10.0 ** (level.rms_dbfs / 10.0)
        self.peak_dbfs = max(self.peak_dbfs, level.peak_dbfs)

    def join(self, other: "LevelSum") -> None:
        """Add another sum."""
        self.blocks += other.blocks
        self.power += other.power
        self.peak_dbfs = max(self.peak_dbfs, other.peak_dbfs)

    def to_json(self) -> dict[str, float] | None:
        """Return mean and peak in dBFS, None of silence."""
        if not self.blocks or self.power <= 0.0:
            return None
        return {
            "rms_dbfs": round(10.0 * log10(self.power / self.blocks), 1),
            "peak_dbfs": round(self.peak_dbfs, 1),
        }


@dataclass(slots=True)
class Tally:
    """Histograms by stage, levels by place, sums by name."""

    stages: dict[str, Spread] = field(default_factory=dict)
    levels: dict[str, LevelSum] = field(default_factory=dict)
    sums: dict[str, float] = field(default_factory=dict)

    def stage(self, name: str) -> Spread:
        """Return the histogram of a stage."""
        return self.stages.setdefault(name, Spread())

    def level(self, name: str) -> LevelSum:
        """Return the level at a place."""
        return self.levels.setdefault(name, LevelSum())

    def count(self, name: str, number: float) -> None:
        """Add to a sum."""
        self.sums[name] = self.sums.get(name, 0.0) + number

    def of(self, name: str) -> float:
        """Return a sum, 0 when nothing was added."""
        return self.sums.get(name, 0.0)

    def share(self, name: str, of: str) -> float | None:
        """Return one sum as a share of the two together, None of nothing."""
        whole = self.of(name) + self.of(of)
        return self.of(name) / whole if whole else None

    def join(self, other: "Tally") -> None:
        """Add another tally."""
        for name, spread in other.stages.items():
            self.stage(name).join(spread)
        for name, level in other.levels.items():
            self.level(name).join(level)
        for name, number in other.sums.items():
            self.count(name, number)


class Windows:
    """The last minute in slots of 5 s, the last hour in slots of a minute."""

    def __init__(self) -> None:
        """Begin with nothing counted."""
        self._slots: dict[Span, deque[tuple[int, Tally]]] = {
            span: deque(maxlen=count + 1) for span, (_, count) in _SLOTS.items()
        }

    def add(self, tally: Tally, now: MonoMs) -> None:
        """Count what was just measured."""
        for span, (length_ms, _) in _SLOTS.items():
            slots, number = self._slots[span], now // length_ms
            if not slots or slots[-1][0] != number:
                slots.append((number, Tally()))
            slots[-1][1].join(tally)

    def read(self, span: Span, now: MonoMs) -> Tally:
        """Return all of the last minute or hour."""
        length_ms, count = _SLOTS[span]
        oldest = now // length_ms - count
        whole = Tally()
        for number, tally in self._slots[span]:
            if number > oldest:
                whole.join(tally)
        return whole

    def idle(self, now: MonoMs) -> bool:
        """Say whether nothing was counted for an hour."""
        length_ms, count = _SLOTS["hour"]
        slots = self._slots["hour"]
        return not slots or slots[-1][0] <= now // length_ms - count
