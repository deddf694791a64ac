"""How wrong a source's clock is, from the times it claims and when they reached us.

A message that took *d* to arrive shows an offset of *skew − d*; the largest of the last five
minutes has the smallest delay and is the estimate. Nothing is corrected below ``AMBER_MS``: that
much is delay, not a wrong clock.
"""

from collections import deque

from gateway.model.ids import UtcUs

WINDOW_US = 5 * 60 * 1_000_000
AMBER_MS = 2_000
RED_MS = 30_000
HOUR_MS = 3_600_000
WHOLE_HOUR_MS = 60_000
"""A skew this close to whole hours is a wrong time zone."""


class ClockSkew:
    """The estimate for one source. Time is given from outside."""

    def __init__(self) -> None:
        """Begin with nothing known."""
        self._samples: deque[tuple[UtcUs, int]] = deque()

    def take(self, claimed: UtcUs, received: UtcUs) -> None:
        """Add a fresh time of the source and when it came."""
        offset_ms = (claimed - received) // 1000
        while self._samples and self._samples[-1][1] <= offset_ms:
            self._samples.pop()
        self._samples.append((received, offset_ms))
        while received - self._samples[0][0] > WINDOW_US:
            self._samples.popleft()

    @property
    def skew_ms(self) -> int | None:
        """Estimated offset (source minus ours), None while nothing is known."""
        return self._samples[0][1] if self._samples else None

    @property
    def correction_ms(self) -> int:
        """What to take off a claimed time: 0 unless the clock is clearly wrong."""
        skew = self.skew_ms
        return skew if skew is not None and abs(skew) > AMBER_MS else 0


def in_words(skew_ms: int | None) -> str:
    """Return what a person should know about a clock, empty when it is right."""
    if skew_ms is None or abs(skew_ms) <= AMBER_MS:
        return ""
    side = "ahead" if skew_ms > 0 else "behind"
    hours = round(skew_ms / HOUR_MS)
    if hours and abs(skew_ms - hours * HOUR_MS) <= WHOLE_HOUR_MS:
        return f"clock {abs(hours)} h {side}: wrong time zone; time not reliable"
    seconds = f"{abs(skew_ms) / 1000:.0f} s"
    if abs(skew_ms) > RED_MS:
        return f"clock {seconds} {side}; time not reliable"
    return f"clock {seconds} {side}"
