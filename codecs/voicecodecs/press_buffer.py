"""The press buffer: what is said before the grant is kept, and caught up with after it.

Before the grant the sound waits, 600 ms at most: then silence goes first, and the oldest sound
only when there is no silence left. After the grant ``take`` is called every 20 ms. While more than
60 ms wait, silence is dropped and the rest is sent at most 1.25 times as fast, with its pitch
kept. A normal release calls ``finish`` and takes until ``done``; any other end calls ``discard``.
"""

from typing import Final

import numpy as np

from voicecodecs.pcm import (
    FRAME_BYTES,
    FRAME_SAMPLES,
    SAMPLE_RATE_HZ,
    Samples,
    from_bytes,
    level_dbfs,
    to_bytes,
)
from voicecodecs.timescale import MAX_LAG_SAMPLES, MIN_LAG_SAMPLES, REACH_SAMPLES, cut

HELD_MS: Final = 600
SETTLED_MS: Final = 60
MAX_SPEED: Final = 1.25
SILENCE_DBFS: Final = -48.0
"""After level control speech is at -23 dBFS and its weakest consonants above -45."""
_HELD_SAMPLES: Final = SAMPLE_RATE_HZ * HELD_MS // 1000
_CREDIT_PER_FRAME: Final = int(FRAME_SAMPLES * (MAX_SPEED - 1.0))
_SILENCE_REACH: Final = 3 * FRAME_SAMPLES
"""A block counts as silence only with silence before and after it: no consonant is taken for it."""


class PressBuffer:
    """Sound of one press on its way to one radio."""

    def __init__(self, settled_ms: int = SETTLED_MS) -> None:
        """Begin a press, before its grant; up to ``settled_ms`` may wait without being cut."""
        self._settled_samples = SAMPLE_RATE_HZ * settled_ms // 1000
        self._sound: Samples = np.zeros(0, dtype=np.int16)
        self._granted = False
        self._finished = False
        self._credit = 0
        self.dropped_ms = 0
        """Sound (not silence) lost because the grant took longer than the buffer holds."""

    @property
    def left_ms(self) -> int:
        """Milliseconds that wait."""
        return len(self._sound) * 1000 // SAMPLE_RATE_HZ

    @property
    def done(self) -> bool:
        """Whether everything was sent after ``finish``."""
        return self._finished and not len(self._sound)

    def push(self, pcm: bytes) -> None:
        """Add decoded sound (int16 little-endian, 8 kHz, any length); ignored after the end."""
        if self._finished:
            return
        self._sound = np.concatenate((self._sound, from_bytes(pcm)))
        while not self._granted and len(self._sound) > _HELD_SAMPLES:
            self._make_room()

    def grant(self) -> None:
        """Let ``take`` give sound from here on: the channel is ours."""
        self._granted = True

    def finish(self) -> None:
        """Released: nothing comes any more, what is left is still sent."""
        self._finished = True

    def discard(self) -> int:
        """Drop all; returns how many milliseconds were never sent."""
        left = self.left_ms
        self._sound = self._sound[:0]
        self._finished = True
        return left

    def take(self) -> bytes | None:
        """Return the next 160 samples (int16 little-endian), or None when there are none yet."""
        if not self._granted:
            return None
        self._catch_up()
        if len(self._sound) < FRAME_SAMPLES:
            return self._last() if self._finished else None
        block, self._sound = self._sound[:FRAME_SAMPLES], self._sound[FRAME_SAMPLES:]
        return to_bytes(block)

    def _last(self) -> bytes | None:
        if not len(self._sound):
            return None
        block = to_bytes(self._sound)
        self._sound = self._sound[:0]
        return block + bytes(FRAME_BYTES - len(block))

    def _catch_up(self) -> None:
        self._credit = min(MAX_LAG_SAMPLES, self._credit + _CREDIT_PER_FRAME)
        while len(self._sound) > self._settled_samples + FRAME_SAMPLES and self._silent_at(0):
            # The middle block of three silent ones goes: both edges stay as they were.
            self._sound = np.delete(self._sound, np.s_[FRAME_SAMPLES : 2 * FRAME_SAMPLES])
        over = len(self._sound) - self._settled_samples
        if over < MIN_LAG_SAMPLES or len(self._sound) < REACH_SAMPLES:
            return
        self._sound, removed = cut(self._sound, self._credit)
        self._credit -= removed

    def _silent_at(self, start: int) -> bool:
        window = self._sound[start : start + _SILENCE_REACH]
        return len(window) == _SILENCE_REACH and all(
            level_dbfs(block) < SILENCE_DBFS for block in window.reshape(-1, FRAME_SAMPLES)
        )

    def _make_room(self) -> None:
        for start in range(0, len(self._sound) - _SILENCE_REACH + 1, FRAME_SAMPLES):
            if self._silent_at(start):
                middle = start + FRAME_SAMPLES
                self._sound = np.delete(self._sound, np.s_[middle : middle + FRAME_SAMPLES])
                return
        self._sound = self._sound[FRAME_SAMPLES:]
        self.dropped_ms += FRAME_SAMPLES * 1000 // SAMPLE_RATE_HZ
