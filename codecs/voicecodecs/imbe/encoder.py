"""Sound to frames of the full-rate vocoder: one channel as a stream, or many at once.

A frame of sound is 160 samples of int16 at 8 kHz. The encoder looks ahead: the sound of a frame
that it returns lies 480 samples before the newest sample it has been given (``DELAY_SAMPLES``).
"""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from voicecodecs.errors import VoiceError
from voicecodecs.imbe import encoder_kernel as kernel
from voicecodecs.imbe.bits import CODED_BYTES, INFO_BYTES
from voicecodecs.imbe.tables import FRAME_SAMPLES

Samples = npt.NDArray[np.int16]

DELAY_SAMPLES: Final = kernel.AHEAD
"""Samples by which sound comes out of a decoder later than it went in."""
FLUSH_FRAMES: Final = -(-DELAY_SAMPLES // FRAME_SAMPLES)


class EncoderStatistics(NamedTuple):
    """What the encoder found in one frame."""

    pitch_hz: float
    harmonics: int
    voiced_bands: int
    pitch_error: float
    """E(P_I): 0 for a perfectly periodic sound, 1 for none."""


def _statistics(row: npt.NDArray[np.float32]) -> EncoderStatistics:
    numbers = row.tolist()
    return EncoderStatistics(
        pitch_hz=8000.0 / numbers[kernel.STAT_PERIOD],
        harmonics=int(numbers[kernel.STAT_HARMONICS]),
        voiced_bands=int(numbers[kernel.STAT_BANDS]),
        pitch_error=numbers[kernel.STAT_ERROR],
    )


def _sound(pcm: npt.NDArray[np.int16]) -> Samples:
    if not isinstance(pcm, np.ndarray) or pcm.dtype != np.int16:
        found = getattr(pcm, "dtype", type(pcm).__name__)
        raise VoiceError(f"the vocoder takes int16 samples at 8 kHz, not {found}")
    return pcm


class BatchEncoder:
    """Encoders of many channels, stepped together; channel states never touch each other."""

    def __init__(self, channels: int, *, coded: bool = False) -> None:
        """Begin each channel as after a reset; ``coded``: with error protection, 18 bytes."""
        self._bytes = CODED_BYTES if coded else INFO_BYTES
        self._state, self._sound = kernel.start_state(channels)
        self.statistics: npt.NDArray[np.float32] = np.zeros((channels, 0, kernel.STATS), np.float32)
        """float32 (channels, frames, 4) of the last call; columns: ``encoder_kernel.STAT_*``."""

    def reset(self, channel: int | None = None) -> None:
        """Forget everything, of one channel or of all."""
        state, sound = kernel.start_state(len(self._state))
        chosen = slice(None) if channel is None else slice(channel, channel + 1)
        self._state[chosen] = state[chosen]
        self._sound[chosen] = sound[chosen]

    def encode(self, pcm: Samples) -> npt.NDArray[np.uint8]:
        """Encode int16 (channels, frames * 160), 8 kHz, to uint8 (channels, frames, 11 | 18)."""
        channels = len(self._state)
        if pcm.ndim != 2 or pcm.shape[0] != channels or pcm.shape[1] % FRAME_SAMPLES:
            raise VoiceError(
                f"expected ({channels} channels, a multiple of {FRAME_SAMPLES} samples), "
                f"got {pcm.shape}"
            )
        samples = np.require(_sound(pcm), requirements=["C", "W"])
        count = pcm.shape[1] // FRAME_SAMPLES
        frames = np.empty((channels, count, self._bytes), np.uint8)
        self.statistics = np.empty((channels, count, kernel.STATS), np.float32)
        kernel.encode_frames(samples, self._state, self._sound, frames, self.statistics)
        return frames


class ImbeEncoder:
    """Encoder of one channel, fed with sound in pieces of any length."""

    def __init__(self, *, coded: bool = False) -> None:
        """Begin as after a reset; ``coded``: frames with error protection, 18 bytes."""
        self._bytes = CODED_BYTES if coded else INFO_BYTES
        self._stats = np.zeros((1, 0, kernel.STATS), np.float32)
        self.reset()

    @property
    def statistics(self) -> list[EncoderStatistics]:
        """What was found in each frame that the last call returned."""
        return [_statistics(row) for row in self._stats[0]]

    def reset(self) -> None:
        """Forget everything, as at the start of a transmission."""
        self._state, self._sound = kernel.start_state(1)
        self._left = np.zeros(0, np.int16)

    def encode(self, pcm: Samples) -> list[bytes]:
        """Take int16 (any length,), 8 kHz; returns the frames that became complete."""
        sound = _sound(pcm)
        if self._left.size:
            sound = np.concatenate((self._left, sound))
        count = sound.size // FRAME_SAMPLES
        used = count * FRAME_SAMPLES
        self._left = sound[used:].copy()
        self._stats = np.empty((1, count, kernel.STATS), np.float32)
        frames = np.empty((1, count, self._bytes), np.uint8)
        block = np.require(sound[:used].reshape(1, used), requirements=["C", "W"])
        kernel.encode_frames(block, self._state, self._sound, frames, self._stats)
        coded = frames.tobytes()
        return [coded[start : start + self._bytes] for start in range(0, len(coded), self._bytes)]

    def flush(self) -> list[bytes]:
        """Return the frames of the sound that the encoder still holds, and reset."""
        missing = -self._left.size % FRAME_SAMPLES
        frames = self.encode(np.zeros(missing + FLUSH_FRAMES * FRAME_SAMPLES, np.int16))
        stats = self._stats
        self.reset()
        self._stats = stats
        return frames


def encode_pcm(pcm: Samples, *, coded: bool = False, flush: bool = False) -> list[bytes]:
    """Encode a whole transmission, int16 (any length,), 8 kHz.

    Returns a frame per 160 samples, the last one filled up with silence; with ``flush`` three more,
    so that a decoder gives back all of the sound (``DELAY_SAMPLES`` late).
    """
    encoder = ImbeEncoder(coded=coded)
    frames = encoder.encode(np.concatenate((pcm, np.zeros(-pcm.size % FRAME_SAMPLES, np.int16))))
    return frames + encoder.flush() if flush else frames
