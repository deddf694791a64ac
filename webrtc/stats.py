"""Delay of voice, stage by stage, from the capture time that every VoiceFrame carries.

Stages: ``gateway`` is capture to the hub (level control, Opus, bus), ``hub`` is hub to the moment
the packet is handed to RTP, ``total`` is both. ``uplink`` is RTP to the bus, reordering included.
"""

import math
from collections import deque
from dataclasses import dataclass
from typing import Final

KEPT: Final = 2000
"""Measurements a stage remembers: 40 s of one talkgroup."""
STAGES: Final = ("gateway", "hub", "total", "uplink")


@dataclass(frozen=True, slots=True, kw_only=True)
class Delay:
    """What a stage took, in milliseconds."""

    p50_ms: float
    p99_ms: float
    count: int


def percentile(values: list[float], share: float) -> float:
    """Return the value that ``share`` (0 to 1) of the values do not exceed; 0 of none."""
    if not values:
        return 0.0
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


class StageTimes:
    """Remembers the last delays of each stage."""

    def __init__(self) -> None:
        """Begin with nothing measured."""
        self._kept: dict[str, deque[float]] = {stage: deque(maxlen=KEPT) for stage in STAGES}
        self._count = dict.fromkeys(STAGES, 0)

    def add(self, stage: str, elapsed_us: int) -> None:
        """Note that a frame took ``elapsed_us`` microseconds for ``stage``."""
        self._kept[stage].append(elapsed_us / 1000)
        self._count[stage] += 1

    def report(self) -> dict[str, Delay]:
        """Return the delays of every stage that was measured."""
        return {
            stage: Delay(
                p50_ms=percentile(list(kept), 0.5),
                p99_ms=percentile(list(kept), 0.99),
                count=self._count[stage],
            )
            for stage, kept in self._kept.items()
            if kept
        }
