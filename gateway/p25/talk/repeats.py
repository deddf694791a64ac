"""Signalling that comes again at once.

Radios and stations repeat a block on purpose, and a MMDVM modem hands one over twice: as a frame of
its own length, and again at the head of a data unit's length.
"""

from gateway.model.ids import MonoMs

REPEAT_MS = 1_000
"""The same octets within this are the same message; a second press takes longer."""
MOST = 32


class Repeats:
    """Remembers what was told."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._told: dict[bytes, MonoMs] = {}

    def is_new(self, octets: bytes, now: MonoMs) -> bool:
        """Say whether this has to be told; it is not new again for a second."""
        told = self._told.pop(octets, None)
        fresh = told is None or now - told >= REPEAT_MS
        self._told[octets] = now if told is None or fresh else told
        while len(self._told) > MOST:
            del self._told[next(iter(self._told))]
        return fresh
