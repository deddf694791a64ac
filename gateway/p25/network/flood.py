"""Counts what one peer sends, and says in words when it is more than there can be."""

from gateway.model.ids import MonoMs

WINDOW_MS = 1_000
SHOWN_MS = 3_000
"""How long a flood is told of after its last datagram."""
MAX_MALFORMED = 5
MAX_LINES = 50
"""Faults and lines that are told within a second; the rest is counted."""


class FloodGate:
    """Lets through what one peer may send within a second."""

    def __init__(self, most: int) -> None:
        """``most`` datagrams a second are taken."""
        self._most = most
        self._window_ms = MonoMs(0)
        self._taken = self._malformed = self._lines = 0
        self._last_ms: MonoMs | None = None
        self.dropped = 0
        """Datagrams that nobody looked at, since the start."""

    def take(self, now: MonoMs) -> bool:
        """Count a datagram; False for one that is too many."""
        if now - self._window_ms >= WINDOW_MS:
            self._window_ms = now
            self._taken = self._malformed = self._lines = 0
        self._taken += 1
        if self._taken <= self._most:
            return True
        self._last_ms = now
        self.dropped += 1
        return False

    def malformed(self) -> bool:
        """Say whether a fault is to be told."""
        self._malformed += 1
        return self._malformed <= MAX_MALFORMED

    def line(self) -> bool:
        """Say whether a line is to be told."""
        self._lines += 1
        return self._lines <= MAX_LINES

    def flooded(self, now: MonoMs) -> bool:
        """Say whether there is a flood, or was one a moment ago."""
        if self._last_ms is not None and now - self._last_ms >= SHOWN_MS:
            self._last_ms = None
        return self._last_ms is not None

    def deadline(self) -> MonoMs | None:
        """Return when the words about a flood end: ``flooded`` is to be asked then."""
        return None if self._last_ms is None else MonoMs(self._last_ms + SHOWN_MS)
