"""From the house's clock to a sound card's: blocks of 20 ms become what the card will ask for.

Blocks come by the system's clock, the card takes samples by its own. Between the two waits a
queue whose fill is held at a target by resampling some ppm faster or slower. The queue itself is
whoever calls: this line only says what to put into it.
"""

from typing import Final, NamedTuple

import numpy as np

from voicecodecs.drift import DriftLoop, SampleClock
from voicecodecs.pcm import FRAME_SAMPLES, SAMPLE_RATE_HZ, Samples, from_bytes
from voicecodecs.resample import DriftResampler, Wave, gain_of, to_int16

PAUSE_S: Final = 0.2
"""A queue that ran empty is an underrun when sound comes within this time, else a pause."""
FULL_TIMES: Final = 3.0
"""More than so many times the target is a card that does not take: blocks are dropped."""
EXCESS_S: Final = 0.03
"""A queue that grew by more (the card stood still) loses silent blocks until it is right again."""
SILENT_PEAK: Final = 64
"""No sample of a silent block is beyond this (-54 dB of full scale)."""
SETTLING_BLOCKS: Final = 50
"""The correction of the transmission before is kept for the first second."""
TOP_S: Final = 0.002
"""A queue that is off by more than this at a beginning is filled to the target at once."""
SPARE_S: Final = 0.01
"""So far from the target a transmission may stay: its first block may have been late."""


class QueueState(NamedTuple):
    """The queue as it is when a block comes. Counts are in samples at the card's rate."""

    waiting: int
    """Samples that the card has not taken yet."""
    played: int
    """What the card took since it was opened, silence included."""
    starved: int
    """How often the card asked for more than there was."""


class PlaybackLine:
    """Resamples what one card plays, and holds the queue before it at the target."""

    def __init__(self, rate_hz: int, *, target_s: float, gain_db: float = 0.0) -> None:
        """Begin idle; raises VoiceError on a rate outside 4 to 384 kHz."""
        self.clock = SampleClock(rate_hz)
        self.loop = DriftLoop()
        self.clipped = 0
        self.underruns = 0
        """How often a transmission ran dry: each is a hole that was heard."""
        self.overruns = 0
        """Blocks dropped because the card did not take them."""
        self.skipped = 0
        """Silent blocks left out after the card stood still."""
        self.fill_s = 0.0
        """Fill of the queue at the last block, smoothed over the card's own chunks."""
        self._rate_hz = rate_hz
        self._target_s = self._held_s = target_s
        self._gain = gain_of(gain_db)
        self._resampler = DriftResampler(SAMPLE_RATE_HZ, rate_hz)
        self._last_s: float | None = None
        self._starved = 0
        self._beat = SampleClock(SAMPLE_RATE_HZ)
        self._blocks = 0

    @property
    def delay_s(self) -> float:
        """From a block's arrival to the card, at the target: queue and filter."""
        return self._target_s + self._resampler.delay_s

    def push(self, pcm: bytes, now_s: float, queue: QueueState) -> Samples:
        """Return what to put into the queue for a block (int16 little-endian, 8 kHz).

        Returns int16 (n,) at the card's rate; none when the block was dropped.
        """
        begins = self._last_s is None or now_s - self._last_s > PAUSE_S
        beat_s = self._steady(now_s, begins=begins)
        fill_s = self._fill(beat_s, queue)
        lead = self._lead(queue, fill_s, begins=begins)
        if fill_s > FULL_TIMES * self._target_s:
            self.overruns += 1
            return self._leave_out(now_s)
        if fill_s > self._held_s + EXCESS_S and _silent(pcm):
            self.skipped += 1
            return self._leave_out(now_s)
        elapsed_s = 0.0 if self._last_s is None else now_s - self._last_s
        self._last_s = now_s
        self.fill_s = fill_s + lead / self._rate_hz
        if self._blocks > SETTLING_BLOCKS and not lead:
            # A queue that fills up means a slow card: fewer samples for it.
            self._resampler.ppm = self.loop.update(self._held_s - fill_s, elapsed_s)
        else:
            low, high = self._target_s - SPARE_S, self._target_s + SPARE_S
            self._held_s = min(high, max(low, self.fill_s))
        wave: Wave = from_bytes(pcm).astype(np.float64) * self._gain
        wave = self._resampler.process(wave)
        samples, clipped = to_int16(wave)
        self.clipped += clipped
        return np.concatenate((np.zeros(lead, dtype=np.int16), samples)) if lead else samples

    def _leave_out(self, now_s: float) -> Samples:
        self._last_s = now_s
        return np.zeros(0, dtype=np.int16)

    def _fill(self, now_s: float, queue: QueueState) -> float:
        """Return the queue's fill in seconds as if the card took its samples one by one."""
        taken_since = self.clock.sample_at(now_s) - queue.played if self.clock.ready else 0.0
        return (queue.waiting - taken_since) / self._rate_hz

    def _steady(self, now_s: float, *, begins: bool) -> float:
        """Return when this block would have come if the event loop were never late."""
        if begins:
            self._beat, self._blocks = SampleClock(SAMPLE_RATE_HZ), 0
        self._beat.observe(self._blocks * FRAME_SAMPLES, now_s)
        steady_s = self._beat.time_at(self._blocks * FRAME_SAMPLES)
        self._blocks += 1
        return steady_s

    def _lead(self, queue: QueueState, fill_s: float, *, begins: bool) -> int:
        """Return how many samples of silence go ahead: at a beginning, and after an underrun."""
        starved, self._starved = queue.starved - self._starved, queue.starved
        if not begins and not starved:
            return 0
        if begins:
            # The last milliseconds of one voice must not begin the next.
            self._resampler.reset()
        else:
            self.underruns += 1
        missing_s = self._target_s - fill_s
        return round(missing_s * self._rate_hz) if missing_s > TOP_S else 0


def _silent(pcm: bytes) -> bool:
    samples = from_bytes(pcm)
    return (
        int(samples.max(initial=0)) <= SILENT_PEAK and int(samples.min(initial=0)) >= -SILENT_PEAK
    )
