"""A master that sends far too much: rubbish, or voice of calls that nobody made."""

import random

from hardware.sim.actions import Action
from hardware.sim.p25 import fne_wire as wire
from hardware.sim.p25.stage_voice import SimOver

BATCH_MS = 10.0
VOICES = 200
"""Calls that nobody made, kept ready: making one takes longer than sending it."""


class FneFlood:
    """Gives out packets at a pace."""

    def __init__(self, seed: int) -> None:
        """Begin quiet."""
        self._rng = random.Random(seed)  # noqa: S311 - chance of a simulation
        self._per_s = self._owed = 0.0
        self._next_ms = self._until_ms = 0.0
        self._voices: list[bytes] = []

    def begin(self, action: Action, now_ms: float) -> None:
        """Send ``per_s`` datagrams a second for ``for_s``; ``what``: rubbish or voice."""
        self._per_s = action.number("per_s", 1_000.0)
        voice = action.text("what", "rubbish") == "voice"
        self._voices = [self._voice() for _ in range(VOICES)] if voice else []
        self._next_ms = now_ms
        self._until_ms = now_ms + action.number("for_s", 1.0) * 1000.0
        self._owed = 0.0

    def due(self, now_ms: float) -> list[tuple[bytes | None, int]]:
        """Return (payload, stream) of what is to be sent now; None: rubbish."""
        if now_ms < self._next_ms or self._next_ms >= self._until_ms:
            return []
        if now_ms >= self._until_ms:
            self._next_ms = self._until_ms
            return []
        self._next_ms = now_ms + BATCH_MS
        self._owed += self._per_s * BATCH_MS / 1000.0
        count = int(self._owed)
        self._owed -= count
        return [self._one() for _ in range(count)]

    def deadline(self) -> float | None:
        """Return when more is to be sent."""
        return self._next_ms if self._next_ms < self._until_ms else None

    def rubbish(self) -> bytes:
        """Return octets that are no packet."""
        return self._rng.randbytes(self._rng.randrange(200))

    def _one(self) -> tuple[bytes | None, int]:
        if not self._voices:
            return None, 0
        return self._rng.choice(self._voices), self._rng.randrange(1 << 32)

    def _voice(self) -> bytes:
        over = SimOver(group=self._rng.randrange(1, 60_000), unit=self._rng.randrange(1, 1 << 20))
        return wire.ldu(over, [wire.SILENCE] * 9, second=False, frame_type=1)
