"""Two plans compared once for all who ask: what differs, and what that is to each position.

An engineer compares a draft with the live plan, looks at what it would do, activates it; then the
trial's watch and the positions' notices ask about the same two plans, at the moment when everybody
has most to do. So the last pair is kept.
"""

from threading import Lock

from dispatch.plans.compare import Comparison, compare
from dispatch.plans.position_changes import Line, PositionChanges
from gateway.model.plan import Plan


class Compared:
    """A pair of plans and what differs; lines of a position are made when they are first read."""

    def __init__(self, before: Plan, after: Plan) -> None:
        """Compare; it takes a while for long plans."""
        self.before, self.after = before, after
        self.differences: Comparison = compare(before, after)
        self._changes = PositionChanges(before, after, self.differences)
        self._lines: dict[str, tuple[Line, ...]] = {}

    def is_of(self, before: Plan, after: Plan) -> bool:
        """Whether it is of these very plans."""
        return self.before is before and self.after is after

    def lines(self, position: str) -> tuple[Line, ...]:
        """Return what changes for a position; empty when nothing does."""
        found = self._lines.get(position)
        if found is None:
            found = self._lines[position] = self._changes.of(position)
        return found


class _Last:
    def __init__(self) -> None:
        self._lock = Lock()
        self._found: Compared | None = None

    def of(self, before: Plan, after: Plan) -> Compared:
        with self._lock:
            found = self._found
        if found is None or not found.is_of(before, after):
            found = Compared(before, after)
            with self._lock:
                self._found = found
        return found


_LAST = _Last()


def compared(before: Plan, after: Plan) -> Compared:
    """Return a pair of plans compared, from whatever thread; the last pair is at hand."""
    return _LAST.of(before, after)
