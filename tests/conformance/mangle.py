"""What the wire does to bytes on their way: cut anywhere, lose, double, lose whole lines."""

import enum
import random
from typing import Protocol

LINE_LOSS = 0.1
BYTE_FAULTS = (1 / 100, 1 / 300, 1 / 1000)
"""Chances of a fault in a byte; a run has one of them."""
_ESC, _CTRL_Z = 0x1B, 0x1A


class Kind(enum.Enum):
    """The faults of a run."""

    BYTES = "one byte at a time"
    SPLIT = "split at every position"
    DROPPED = "dropped bytes"
    DOUBLED = "doubled bytes"
    LINES_LOST = "10 % lost lines"
    REBOOT = "reboot at every step"
    MIXED = "all at once"

    @property
    def lossless(self) -> bool:
        """Whether every byte arrives as it was sent."""
        return self in (Kind.BYTES, Kind.SPLIT, Kind.REBOOT)


class Mangle(Protocol):
    """One direction of a wire."""

    def take(self, data: bytes) -> list[bytes]:
        """Return the pieces that arrive, each by itself."""
        ...


class _Bytes:
    def take(self, data: bytes) -> list[bytes]:
        return [data[n : n + 1] for n in range(len(data))]


class _Split:
    """Cuts each write in two, one position further each time."""

    def __init__(self, first: int) -> None:
        self._place = first

    def take(self, data: bytes) -> list[bytes]:
        self._place += 1
        cut = self._place % (len(data) + 1)
        return [piece for piece in (data[:cut], data[cut:]) if piece]


class _Faulty:
    """Drops or doubles single bytes."""

    def __init__(self, rng: random.Random, *, drop: float, double: float) -> None:
        self._rng = rng
        self._drop, self._double = drop, double

    def take(self, data: bytes) -> list[bytes]:
        out = bytearray()
        for byte in data:
            chance = self._rng.random()
            if chance < self._drop:
                continue
            out.append(byte)
            if chance > 1 - self._double:
                out.append(byte)
        return [bytes(out)] if out else []


class _LinesLost:
    """Loses one line in ten, whole."""

    def __init__(self, rng: random.Random, end: bytes) -> None:
        self._rng = rng
        self._end = end
        self._held = bytearray()

    def take(self, data: bytes) -> list[bytes]:
        out = bytearray()
        for byte in data:
            self._held.append(byte)
            if byte in self._end or byte in (_ESC, _CTRL_Z):
                if not self._held.strip() or self._rng.random() >= LINE_LOSS:
                    out += self._held
                self._held.clear()
        return [bytes(out)] if out else []


class _Chain:
    """One after the other."""

    def __init__(self, *stages: Mangle) -> None:
        self._stages = stages

    def take(self, data: bytes) -> list[bytes]:
        pieces = [data]
        for stage in self._stages:
            pieces = [out for piece in pieces for out in stage.take(piece)]
        return pieces


def mangle(kind: Kind, rng: random.Random, *, end: bytes) -> Mangle:
    """Return one direction of a wire; ``end`` are the bytes that end its lines."""
    fault = rng.choice(BYTE_FAULTS)
    match kind:
        case Kind.BYTES:
            return _Bytes()
        case Kind.SPLIT | Kind.REBOOT:
            return _Split(rng.randrange(100))
        case Kind.DROPPED:
            return _Faulty(rng, drop=fault, double=0)
        case Kind.DOUBLED:
            return _Faulty(rng, drop=0, double=fault)
        case Kind.LINES_LOST:
            return _LinesLost(rng, end)
        case Kind.MIXED:
            return _Chain(
                _LinesLost(rng, end),
                _Faulty(rng, drop=fault / 2, double=fault / 2),
                _Split(rng.randrange(100)),
            )


def clean() -> Mangle:
    """Return a wire that does nothing to the bytes."""
    return _Faulty(random.Random(0), drop=0, double=0)
