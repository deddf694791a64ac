"""Sound cards whose crystal is off by a given share, as numbers: no device, no clock."""

import numpy as np

from voicecodecs.capture_line import CapturedBlock, CaptureLine
from voicecodecs.pcm import FRAME_SAMPLES, SAMPLE_RATE_HZ, Samples
from voicecodecs.playback_line import PlaybackLine, QueueState
from voicecodecs.resample import Wave

BLOCK_S = 0.02
CHUNK_S = 0.01


def tone(count: int, rate_hz: float, frequency_hz: float = 1000.0, first: int = 0) -> Wave:
    """Return a tone at half of full scale, float64 (count,)."""
    place = np.arange(first, first + count)
    return np.asarray(16_384.0 * np.sin(2.0 * np.pi * frequency_hz * place / rate_hz))


def snr_db(sound: Wave, main_lobe_bins: int = 14) -> float:
    """Return the level of the strongest tone over everything else, in dB."""
    power = np.abs(np.fft.rfft(sound * np.kaiser(len(sound), 20.0))) ** 2
    peak = int(np.argmax(power))
    low, high = max(0, peak - main_lobe_bins), peak + main_lobe_bins + 1
    signal = float(power[low:high].sum())
    rest = float(power[:low].sum() + power[high:].sum())
    return float(10.0 * np.log10(signal / (rest + 1e-9)))


def worst_step(sound: Samples | Wave) -> float:
    """Return the largest second difference: a click or a lost sample is a large one."""
    return float(np.abs(np.diff(np.asarray(sound, dtype=np.float64), 2)).max())


class CapturingCard:
    """A card that captures a tone of true 1 kHz with a crystal that is ``ppm`` off."""

    def __init__(self, rate_hz: int, ppm: float, *, jitter_s: float, seed: int) -> None:
        self.rate_hz = rate_hz
        self.true_hz = rate_hz * (1.0 + ppm * 1e-6)
        self.line = CaptureLine(rate_hz)
        self.blocks: list[CapturedBlock] = []
        self._chance = np.random.default_rng(seed)
        self._jitter_s = jitter_s
        self._count = 0

    def run(self, seconds: float) -> None:
        """Capture for so long (true time)."""
        chunk = round(CHUNK_S * self.rate_hz)
        for _ in range(round(seconds * self.true_hz / chunk)):
            sound = tone(chunk, self.true_hz, first=self._count)
            seen_s = self._count / self.true_hz + abs(self._chance.normal(0.0, self._jitter_s))
            self.blocks += self.line.take(sound, seen_s)
            self._count += chunk


class PlayingCard:
    """A card that plays what a line gives it, with a crystal that is ``ppm`` off."""

    def __init__(self, rate_hz: int, ppm: float, *, target_s: float, late_s: float, seed: int):
        self.line = PlaybackLine(rate_hz, target_s=target_s)
        self.heard: list[Samples] = []
        self.fills: list[float] = []
        self._true_hz = rate_hz * (1.0 + ppm * 1e-6)
        self._chunk = round(CHUNK_S * rate_hz)
        self._queue: Samples = np.zeros(0, dtype=np.int16)
        self._played = self._starved = self._sent = 0
        self._chance = np.random.default_rng(seed)
        self._late_s = late_s

    def run(self, seconds: float) -> None:
        """Send a tone block by block, each up to ``late_s`` late, for so long."""
        for _ in range(round(seconds / BLOCK_S)):
            now_s = self._sent * BLOCK_S + self._chance.uniform(0.0, self._late_s)
            self._play_until(now_s)
            state = QueueState(len(self._queue), self._played, self._starved)
            sound = tone(FRAME_SAMPLES, SAMPLE_RATE_HZ, first=self._sent * FRAME_SAMPLES)
            block = np.rint(sound).astype("<i2").tobytes()
            self._queue = np.concatenate((self._queue, self.line.push(block, now_s, state)))
            self.fills.append(self.line.fill_s)
            self._sent += 1

    def pause(self, seconds: float) -> None:
        """Send nothing for so long."""
        self._sent += round(seconds / BLOCK_S)

    def _play_until(self, now_s: float) -> None:
        while self._played / self._true_hz <= now_s:
            self.line.clock.observe(self._played, self._played / self._true_hz)
            taken = self._queue[: self._chunk]
            self._queue = self._queue[self._chunk :]
            if len(taken) < self._chunk:
                self._starved += 1
                taken = np.concatenate((taken, np.zeros(self._chunk - len(taken), dtype=np.int16)))
            self.heard.append(taken)
            self._played += self._chunk
