"""Microphone to radio: Opus packets are decoded once, gaps concealed, the level controlled.

A single lost packet is taken from the redundancy in the next one, longer gaps are concealed up to
``MAX_CONCEALED``; what comes late or twice is dropped. Packets that the browser leaves out in
silence keep their numbers in a row and leave no gap.
"""

from typing import Final

import numpy as np

from voicecodecs.errors import VoiceError
from voicecodecs.level import LevelControl, Levelled
from voicecodecs.opus import OpusDecoder
from voicecodecs.pcm import FRAME_BYTES, FRAME_SAMPLES, from_bytes, to_bytes

MAX_CONCEALED: Final = 5
"""Packets of a gap that are made up (100 ms); a longer gap is a cut."""
_HALF_RANGE: Final = 1 << 31


class TransmitChain:
    """Decodes and levels what one position says in one press."""

    def __init__(self) -> None:
        """Begin a press."""
        self._decoder = OpusDecoder()
        self._level = LevelControl()
        self._next: int | None = None
        self._rest = b""
        self.lost = 0
        """Packets that never came."""
        self.broken = 0
        """Packets that were no Opus."""
        self.levelled: list[Levelled] = []
        """What level control did with the blocks that came last."""

    def decode(self, sequence: int, opus: bytes) -> list[bytes]:
        """Return whole blocks of 160 samples (int16 little-endian, 8 kHz), levelled, in order.

        ``sequence`` counts packets modulo 2**32. None come back for a late packet.
        """
        missing = 0 if self._next is None else (sequence - self._next) & 0xFFFFFFFF
        if missing >= _HALF_RANGE:
            return []
        self._next = (sequence + 1) & 0xFFFFFFFF
        try:
            sound = self._gap(missing, opus) + self._decoder.decode(opus)
        except VoiceError:
            self.broken += 1
            sound = self._decoder.conceal()
        self._rest += sound
        return self._blocks()

    def finish(self) -> list[bytes]:
        """Return what is left, filled up with silence to a whole block."""
        if self._rest:
            self._rest += bytes(-len(self._rest) % FRAME_BYTES)
        return self._blocks()

    def _gap(self, missing: int, opus: bytes) -> bytes:
        self.lost += missing
        if not 0 < missing <= MAX_CONCEALED:
            return b""
        made_up = b"".join(self._decoder.conceal() for _ in range(missing - 1))
        return made_up + self._decoder.decode_fec(opus, FRAME_SAMPLES)

    def _blocks(self) -> list[bytes]:
        whole = len(self._rest) - len(self._rest) % FRAME_BYTES
        sound, self._rest = self._rest[:whole], self._rest[whole:]
        samples = from_bytes(sound)
        self.levelled = [
            self._level.apply(np.ascontiguousarray(block))
            for block in samples.reshape(-1, FRAME_SAMPLES)
        ]
        return [to_bytes(block.samples) for block in self.levelled]
