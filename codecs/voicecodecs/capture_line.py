"""From a sound card's clock to the house's: blocks of 20 ms that come at exactly 50 a second.

The card's samples come in chunks, at its own rate, with a time each that jitters. Out come blocks
of 160 samples at 8 kHz with the true time of their first sample. The ratio of the resampler
follows the card's drift, so an hour holds 180,000 blocks whatever the card's crystal does.
"""

from typing import Final, NamedTuple

import numpy as np

from voicecodecs.drift import DriftLoop, SampleClock
from voicecodecs.pcm import FRAME_MS, FRAME_SAMPLES, SAMPLE_RATE_HZ, to_bytes
from voicecodecs.resample import DriftResampler, Wave, gain_of, to_int16

BLOCK_S: Final = FRAME_MS / 1000
JUMP_S: Final = 0.1
"""A time line that is off by more was interrupted: it begins anew instead of being pulled back."""


class CapturedBlock(NamedTuple):
    """20 ms of captured sound."""

    pcm: bytes
    """160 samples, int16 little-endian, 8 kHz."""
    time_s: float
    """When its first sample was at the card's input, on the clock of the chunks' times."""


class CaptureLine:
    """Resamples what one card captures, and keeps step with the clock of its times."""

    def __init__(self, rate_hz: int, *, gain_db: float = 0.0) -> None:
        """Begin; raises VoiceError on a rate outside 4 to 384 kHz."""
        self.clock = SampleClock(rate_hz)
        self.loop = DriftLoop()
        self.clipped = 0
        """Samples that did not fit into 16 bits after the gain."""
        self.jumps = 0
        """How often the time line was interrupted."""
        self._rate_hz = rate_hz
        self._gain = gain_of(gain_db)
        self._resampler = DriftResampler(rate_hz, SAMPLE_RATE_HZ)
        self._waiting: Wave = np.zeros(0)
        self._taken = 0
        self._due_s: float | None = None

    def take(self, wave: Wave, time_s: float) -> list[CapturedBlock]:
        """Take a chunk (float64, (n,), at the card's rate) captured from ``time_s`` on.

        Returns the blocks that are whole by it, none or several.
        """
        self.clock.observe(self._taken, time_s)
        self._taken += len(wave)
        sound = self._resampler.process(wave * self._gain)
        self._waiting = np.concatenate((self._waiting, sound))
        blocks = []
        while len(self._waiting) >= FRAME_SAMPLES:
            blocks.append(self._block())
        return blocks

    def skip(self, samples: int) -> None:
        """Note that the card lost so many samples: the time line goes on without them."""
        self._taken += samples
        self._resampler.process(np.zeros(min(samples, self._rate_hz)))

    def settle(self) -> None:
        """Learn the card's clock anew: what it did when it was opened is not how it goes on."""
        self.clock = SampleClock(self._rate_hz)
        self.loop = DriftLoop()
        self._due_s = None

    def _block(self) -> CapturedBlock:
        samples, clipped = to_int16(self._waiting[:FRAME_SAMPLES])
        self.clipped += clipped
        resampler = self._resampler
        first = resampler.position - len(self._waiting) * resampler.step
        self._waiting = self._waiting[FRAME_SAMPLES:]
        time_s = self.clock.time_at(first) - resampler.delay_s
        self._steer(time_s)
        return CapturedBlock(to_bytes(samples), time_s)

    def _steer(self, time_s: float) -> None:
        error_s = 0.0 if self._due_s is None else time_s - self._due_s
        if abs(error_s) > JUMP_S:
            self.jumps += 1
            error_s = 0.0
        self._due_s = time_s - error_s + BLOCK_S
        # Blocks that come late mean a slow card: more samples of each of its seconds.
        self._resampler.ppm = self.loop.update(error_s, BLOCK_S)
