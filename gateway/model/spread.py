"""How long something took, many times: a histogram that is cheap to fill, to join and to send.

Steps are 0.1 ms below 20 ms, 1 ms above; longer than 10 s counts as 10 s. A step is named by its
lower edge in tenths of a millisecond, in JSON as text (``{"13": 40}``: 40 times 1.3 ms).
"""

from collections.abc import Mapping

FINE_TENTHS = 200
"""Below 20 ms the steps are 0.1 ms."""
MAX_TENTHS = 100_000


class Spread:
    """Counts of durations by their step."""

    __slots__ = ("bins", "count")

    def __init__(self, bins: Mapping[int, int] | None = None) -> None:
        """Begin with these counts, or with none."""
        self.bins: dict[int, int] = dict(bins or {})
        self.count = sum(self.bins.values())

    def add(self, elapsed_us: int) -> None:
        """Count one duration in microseconds; a clock that stepped back counts as none."""
        tenths = elapsed_us // 100
        if tenths < 0:
            tenths = 0
        elif tenths >= FINE_TENTHS:
            tenths = min(tenths // 10 * 10, MAX_TENTHS)
        self.bins[tenths] = self.bins.get(tenths, 0) + 1
        self.count += 1

    def join(self, other: "Spread") -> None:
        """Add the counts of another."""
        for tenths, number in other.bins.items():
            self.bins[tenths] = self.bins.get(tenths, 0) + number
        self.count += other.count

    def clear(self) -> None:
        """Begin anew."""
        self.bins, self.count = {}, 0

    def take(self) -> "Spread":
        """Return what was counted, and begin anew."""
        taken = Spread(self.bins)
        self.clear()
        return taken

    def share_ms(self, share: float) -> float | None:
        """Return what ``share`` (0 to 1) of the durations do not exceed in ms, None of none."""
        if not self.count:
            return None
        wanted, seen = share * self.count, 0
        for tenths in sorted(self.bins):
            seen += self.bins[tenths]
            if seen >= wanted:
                return tenths / 10
        return max(self.bins) / 10

    def to_json(self) -> dict[str, int]:
        """Return the counts as the wire has them."""
        return {str(tenths): number for tenths, number in self.bins.items()}

    @classmethod
    def of_json(cls, bins: Mapping[str, int]) -> "Spread":
        """Read ``to_json`` back; raises ValueError on a step that is none."""
        return cls({int(tenths): number for tenths, number in bins.items()})
