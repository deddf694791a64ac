"""The TETRA speech encoder as a program uses it: a stream, many streams at once, or one file.

Sound is int16, 8 kHz; a frame is 240 samples and comes out packed (18 bytes,
``voicecodecs.acelp.frame``). A frame is made of the 240 samples that end 40 before the newest: a
decoder's sound is ``AHEAD`` samples late. Importing this module loads numba.
"""

from typing import Final

import numpy as np

from voicecodecs.acelp.encoder_kernel import AHEAD, encode, fresh_states
from voicecodecs.acelp.fixed import Words
from voicecodecs.acelp.frame import FRAME_BYTES, FRAME_SAMPLES, Frames
from voicecodecs.errors import VoiceError
from voicecodecs.pcm import Samples

DELAY_SAMPLES: Final = AHEAD
"""Samples by which sound comes out of a decoder later than it went in."""


class AcelpEncoder:
    """Encodes one stream, fed with sound in pieces of any length."""

    def __init__(self) -> None:
        """Start as after a reset."""
        self.reset()

    def reset(self) -> None:
        """Forget everything, as at the start of a call."""
        self._states = fresh_states(1)
        self._rest = np.zeros(0, np.int16)

    def encode(self, pcm: Samples) -> Frames:
        """Take int16 (any length,); returns uint8 (n, 18), the frames that became complete."""
        sound = np.concatenate((self._rest, _sound(pcm).reshape(-1)))
        used = sound.size - sound.size % FRAME_SAMPLES
        self._rest = sound[used:].copy()
        block = _run(sound[:used].reshape(1, -1, FRAME_SAMPLES), self._states)
        return block.reshape(-1, FRAME_BYTES)

    def flush(self) -> Frames:
        """Return uint8 (0 or 1, 18): the frame of what is left, filled with silence; and reset."""
        missing = -self._rest.size % FRAME_SAMPLES
        frames = self.encode(np.zeros(missing, np.int16))
        self.reset()
        return frames


class AcelpEncoderBank:
    """Encodes many independent streams in one call, without holding the GIL."""

    def __init__(self, channels: int) -> None:
        """Start ``channels`` streams as after a reset."""
        self.channels: Final = channels
        self._states = fresh_states(channels)

    def encode(self, pcm: Samples) -> Frames:
        """Return uint8 (channels, n, 18) of int16 (channels, n * 240)."""
        sound = _sound(pcm)
        if sound.ndim != 2 or sound.shape[0] != self.channels or sound.shape[1] % FRAME_SAMPLES:
            raise VoiceError(
                f"ACELP encoder bank: expected ({self.channels} channels, a multiple of "
                f"{FRAME_SAMPLES} samples), got {sound.shape}"
            )
        return _run(sound.reshape(self.channels, -1, FRAME_SAMPLES), self._states)

    def reset(self, channel: int | None = None) -> None:
        """Forget everything of one channel, or of all."""
        self._states[slice(None) if channel is None else channel] = fresh_states(1)


def encode_samples(pcm: Samples) -> Frames:
    """Return uint8 (n, 18) of a whole recording, int16 (any length,), filled up with silence."""
    encoder = AcelpEncoder()
    return np.concatenate((encoder.encode(pcm), encoder.flush()))


def _sound(pcm: Samples) -> Samples:
    if not isinstance(pcm, np.ndarray) or pcm.dtype != np.int16:
        found = getattr(pcm, "dtype", type(pcm).__name__)
        raise VoiceError(f"ACELP encoder: expected int16 samples at 8 kHz, got {found}")
    return pcm


def _run(block: Samples, states: Words) -> Frames:
    frames = np.empty((*block.shape[:2], FRAME_BYTES), dtype=np.uint8)
    encode(np.require(block, requirements=["C", "W"]), states, frames)
    return frames
