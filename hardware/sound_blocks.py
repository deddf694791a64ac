"""Blocks of 20 ms on a wire: an 8-byte header (u32 sequence, u32 sample index), 160 samples.

The header is big-endian; the sequence counts blocks, the sample index samples. The samples are
8 kHz, int16 little-endian.
"""

import struct
from collections.abc import Callable

from hardware.sound_port import PCM_BYTES, SAMPLES_PER_BLOCK, SILENCE, SoundCount

HEADER = struct.Struct(">II")
BLOCK_BYTES = HEADER.size + PCM_BYTES
WINDOW_BLOCKS = 3
"""How many blocks may wait for one that is late (60 ms)."""
MAX_FILLED_BLOCKS = 10
"""A gap of at most so many blocks is filled with silence, which keeps the time line."""
RESTART_BLOCKS = 50
"""A sequence that jumps further back than this is a sender that began anew."""
SEQUENCE_MASK = 0xFFFFFFFF


class Reorder:
    """Puts blocks in order: gives at once what is next, waits at most three blocks for a gap."""

    def __init__(self, count: SoundCount, utc_us: Callable[[], int] | None = None) -> None:
        """Begin with whatever comes first; with a clock it is counted how long blocks wait."""
        self._count = count
        self._utc_us = utc_us
        self._next: int | None = None
        self._waiting: dict[int, bytes] = {}
        self._since: dict[int, int] = {}
        """When blocks came that others are waited for."""

    @property
    def next(self) -> int:
        """The number of the block after the last one that was given."""
        return self._next or 0

    def take(self, sequence: int, pcm: bytes) -> list[bytes]:
        """Take one block; returns those that can be played now, in order."""
        if self._next is None:
            self._next = sequence
        ahead = (sequence - self._next) & SEQUENCE_MASK
        if ahead > SEQUENCE_MASK // 2:
            if SEQUENCE_MASK + 1 - ahead <= RESTART_BLOCKS:
                self._count.late += 1
                return []
            return self._restart(sequence, pcm)
        if ahead > WINDOW_BLOCKS + MAX_FILLED_BLOCKS:
            return self._restart(sequence, pcm)
        if sequence in self._waiting:
            self._count.late += 1
            return []
        if ahead == 0 and not self._waiting:
            self._next = (sequence + 1) & SEQUENCE_MASK
            self._count.held.add(0)
            return [pcm]
        self._waiting[sequence] = pcm
        self._since[sequence] = self._utc_us() if self._utc_us is not None else 0
        ready = self._in_order()
        if len(self._waiting) >= WINDOW_BLOCKS or ahead >= WINDOW_BLOCKS:
            ready += self._past_the_gap()
        return ready

    def _restart(self, sequence: int, pcm: bytes) -> list[bytes]:
        """Play what waits, then go on from a new place."""
        ready = [self._waiting[number] for number in sorted(self._waiting)]
        self._waiting.clear()
        self._since.clear()
        self._next = (sequence + 1) & SEQUENCE_MASK
        return [*ready, pcm]

    def _in_order(self) -> list[bytes]:
        ready = []
        while self._next is not None and self._next in self._waiting:
            ready.append(self._waiting.pop(self._next))
            since = self._since.pop(self._next)
            self._count.held.add(self._utc_us() - since if self._utc_us is not None else 0)
            self._next = (self._next + 1) & SEQUENCE_MASK
        return ready

    def _past_the_gap(self) -> list[bytes]:
        ready: list[bytes] = []
        while self._waiting and self._next is not None:
            if self._next in self._waiting:
                ready += self._in_order()
                continue
            self._count.lost += 1
            ready.append(SILENCE)
            self._next = (self._next + 1) & SEQUENCE_MASK
        return ready


class BlockNumbers:
    """Headers of the blocks that we send."""

    def __init__(self) -> None:
        """Begin at block 0."""
        self.sequence = 0
        self.sample_index = 0

    def header(self) -> bytes:
        """Return the header of the next block: alone it says that we are here."""
        return HEADER.pack(self.sequence, self.sample_index)

    def pack(self, pcm: bytes) -> bytes:
        """Return 160 samples with the next header."""
        block = self.header() + pcm
        self.sequence = (self.sequence + 1) & SEQUENCE_MASK
        self.sample_index = (self.sample_index + SAMPLES_PER_BLOCK) & SEQUENCE_MASK
        return block
