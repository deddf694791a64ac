"""Radio to Opus: level control, then one encoder. One chain for each talkgroup and transmission."""

from typing import NamedTuple

from voicecodecs.level import LevelControl, Levelled
from voicecodecs.opus import OpusEncoder
from voicecodecs.pcm import frame_from_bytes, to_bytes


class Coded(NamedTuple):
    """20 ms of a transmission as it goes to listeners and to the recorder."""

    opus: bytes
    gain_db: float
    """Gain that was applied: the received level is ``level_dbfs - gain_db``."""
    limited: bool
    level_dbfs: float
    """Level after level control, for the level bar."""


class ReceiveChain:
    """Levels and encodes the sound of one transmission."""

    def __init__(self) -> None:
        """Begin a transmission."""
        self._level = LevelControl()
        self._encoder = OpusEncoder()

    def encode(self, pcm: bytes) -> Coded:
        """Return the packet of 160 samples (int16 little-endian, 8 kHz)."""
        return self.code(self.level(pcm))

    def level(self, pcm: bytes) -> Levelled:
        """Level 160 samples (int16 little-endian, 8 kHz): the first half of ``encode``."""
        return self._level.apply(frame_from_bytes(pcm))

    def code(self, levelled: Levelled) -> Coded:
        """Return the packet of levelled samples: the second half of ``encode``."""
        return Coded(
            self._encoder.encode(to_bytes(levelled.samples)),
            levelled.gain_db,
            levelled.limited,
            levelled.level_dbfs,
        )

    def reset(self) -> None:
        """Begin another transmission with the same encoder."""
        self._level = LevelControl()
        self._encoder.reset()
