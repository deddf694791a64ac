"""A limit on what a peer may send: what comes above it is counted and not read."""

from typing import Final

from gateway.model.ids import MonoMs

WINDOW_MS: Final = 500
LIMIT: Final = 200
"""Datagrams in a window. A call has 25 voice packets in it, and as many acknowledgements."""
CALM_MS: Final = 2_000


class FloodGate:
    """Counts datagrams, and says when a flood begins and ends."""

    def __init__(self) -> None:
        """Begin calm."""
        self._window_ms = MonoMs(0)
        self._count = 0
        self._until_ms: MonoMs | None = None
        self.dropped = 0

    @property
    def flooded(self) -> bool:
        """Whether a flood runs."""
        return self._until_ms is not None

    def admit(self, now: MonoMs) -> bool:
        """Count one datagram; False when it must not be read."""
        if now - self._window_ms >= WINDOW_MS:
            self._window_ms, self._count = now, 0
        self._count += 1
        if self._count <= LIMIT:
            return True
        self.dropped += 1
        self._until_ms = MonoMs(now + CALM_MS)
        return False

    def tick(self, now: MonoMs) -> bool:
        """Return True once, when a flood has ended."""
        if self._until_ms is None or now < self._until_ms:
            return False
        self._until_ms = None
        return True

    def deadline(self) -> MonoMs | None:
        """Return when ``tick`` is due."""
        return self._until_ms


class PerSecond:
    """A limit on how often something is told or answered in a second."""

    def __init__(self, most: int) -> None:
        """Allow ``most`` in a second."""
        self._most = most
        self._second_ms = MonoMs(0)
        self._count = 0

    def allow(self, now: MonoMs) -> bool:
        """Count one; False when there were too many."""
        if now - self._second_ms >= 1000:
            self._second_ms, self._count = now, 0
        self._count += 1
        return self._count <= self._most
