"""The TETRA speech decoder as a program uses it: a stream, many streams at once, or one file.

Bit-exact with EN 300 395-2. Frames are packed (18 bytes, ``voicecodecs.acelp.frame``), sound is
int16, 8 kHz, 240 samples a frame; the factor two at the output is part of the codec. Importing
this module loads numba.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from voicecodecs.acelp.decoder_kernel import decode, fresh_states
from voicecodecs.acelp.frame import FRAME_BYTES, FRAME_SAMPLES, Frames, as_frames
from voicecodecs.errors import VoiceError
from voicecodecs.pcm import Samples

Flags = npt.NDArray[np.bool_] | npt.NDArray[np.uint8]
"""(..., n): not 0 where a frame is bad; its bits are then ignored and sound is made up."""

_GOOD: Final = np.zeros((1, 1), dtype=np.uint8)
_BAD: Final = np.ones((1, 1), dtype=np.uint8)
_LOST: Final = np.zeros((1, 1, FRAME_BYTES), dtype=np.uint8)


class AcelpDecoder:
    """Decodes one stream. Frames may come one by one, many at once, or as bytes in any pieces."""

    def __init__(self) -> None:
        """Start as after a reset."""
        self._states = fresh_states(1)
        self._rest = b""

    def decode(self, frames: bytes | Frames, bad: Flags | None = None) -> Samples:
        """Return int16 (n * 240,) of whole frames: uint8 (n, 18), or 18 * n bytes.

        ``bad`` (n,) marks the frames to conceal.
        """
        block = as_frames(frames).reshape(1, -1, FRAME_BYTES)
        return _run(block, _flags(bad, block.shape[:2]), self._states).reshape(-1)

    def feed(self, data: bytes) -> Samples:
        """Return int16 (n * 240,) for bytes in any pieces; part of a frame waits for the rest."""
        data = self._rest + data
        whole = len(data) - len(data) % FRAME_BYTES
        self._rest = data[whole:]
        return self.decode(data[:whole])

    def erasure(self) -> Samples:
        """Return int16 (240,), made up in place of a frame that was lost.

        Each further one is about 6 dB quieter; after 6 to 8 the caller should mute.
        """
        return _run(_LOST, _BAD, self._states).reshape(-1)

    def reset(self) -> None:
        """Forget everything, as at the start of a call."""
        self._states[:] = fresh_states(1)
        self._rest = b""


class AcelpDecoderBank:
    """Decodes many independent streams in one call, without holding the GIL."""

    def __init__(self, channels: int) -> None:
        """Start ``channels`` streams as after a reset."""
        self.channels: Final = channels
        self._states = fresh_states(channels)

    def decode(self, frames: Frames, bad: Flags | None = None) -> Samples:
        """Return int16 (channels, n * 240) of uint8 (channels, n, 18); ``bad`` (channels, n)."""
        block = as_frames(frames)
        if block.ndim != 3 or block.shape[0] != self.channels:
            raise VoiceError(
                f"ACELP decoder bank: expected frames ({self.channels}, n, {FRAME_BYTES}), "
                f"got {block.shape}"
            )
        return _run(block, _flags(bad, block.shape[:2]), self._states)

    def reset(self, channel: int | None = None) -> None:
        """Forget everything of one channel, or of all."""
        self._states[slice(None) if channel is None else channel] = fresh_states(1)


def decode_frames(frames: bytes | Frames, bad: Flags | None = None) -> Samples:
    """Return int16 (n * 240,) of frames uint8 (n, 18) decoded from a reset on."""
    return AcelpDecoder().decode(frames, bad)


def _flags(bad: Flags | None, shape: tuple[int, ...]) -> npt.NDArray[np.uint8]:
    if bad is None:
        return _GOOD if shape == (1, 1) else np.zeros(shape, dtype=np.uint8)
    flags = np.ascontiguousarray(bad)
    if flags.size != shape[0] * shape[1]:
        raise VoiceError(
            f"ACELP decoder: expected one bad-frame flag a frame {shape}, got {flags.shape}"
        )
    return flags.reshape(shape).astype(np.uint8)


def _run(block: Frames, bad: npt.NDArray[np.uint8], states: npt.NDArray[np.int32]) -> Samples:
    out = np.empty((block.shape[0], block.shape[1] * FRAME_SAMPLES), dtype=np.int16)
    decode(block, bad, states, out)
    return out
