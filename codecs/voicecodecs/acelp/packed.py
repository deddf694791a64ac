"""Forms in which programs pass a slot of two speech frames on.

- *slot*: 35 bytes, 137 + 137 bits and 6 zero bits, most significant first.
- *voice*: 36 bytes, a control byte (0x00 for normal speech) and a slot; TETRA Homebrew ("Brew").
- *serial*: 276 words of 16 bits, a bad-frame flag and 137 bits, twice.
- *block*: 690 words of 16 bits (1380 bytes, little-endian): the 432 channel bits as soft values
  between marker words; what channel decoders of receivers write.

All of them come from other programs' files, none from a published document.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from voicecodecs.acelp.frame import FRAME_BITS, FRAME_BYTES, Frames, bits_of, frames_of
from voicecodecs.errors import VoiceError

SLOT_BYTES: Final = 35
VOICE_BYTES: Final = 1 + SLOT_BYTES
NORMAL_SPEECH: Final = 0x00
SERIAL_WORDS: Final = 2 * (1 + FRAME_BITS)
BLOCK_WORDS: Final = 690
BLOCK_BYTES: Final = 2 * BLOCK_WORDS
SURE: Final = 127
"""Size of a certain soft value; +127 is 0, -127 is 1."""

_PART: Final = 115
_MARKER: Final = 0x6B21
_SLOT_BITS: Final = 432
_PLACES: Final = np.array([word for word in range(436) if word % _PART])
"""Words of a block that hold channel bits."""


def _sized(form: str, data: bytes, size: int) -> None:
    if len(data) != size:
        raise VoiceError(f"TETRA {form}: expected {size} bytes, got {len(data)}")


def _pair(frames: Frames) -> npt.NDArray[np.uint8]:
    bits = bits_of(frames)
    if bits.shape != (2, FRAME_BITS):
        raise VoiceError(f"TETRA slot: expected frames (2, {FRAME_BYTES}), got {frames.shape}")
    return bits


def to_slot(frames: Frames) -> bytes:
    """Return the 35 bytes of two frames, uint8 (2, 18)."""
    return np.packbits(_pair(frames).reshape(-1)).tobytes()


def from_slot(data: bytes) -> Frames:
    """Return uint8 (2, 18) of 35 bytes; the 6 bits at the end are ignored."""
    _sized("slot", data, SLOT_BYTES)
    bits = np.unpackbits(np.frombuffer(data, dtype=np.uint8))
    return frames_of(bits[: 2 * FRAME_BITS].reshape(2, FRAME_BITS))


def to_voice(frames: Frames, control: int = NORMAL_SPEECH) -> bytes:
    """Return the 36 bytes of two frames with a control byte."""
    return bytes((control,)) + to_slot(frames)


def from_voice(data: bytes) -> tuple[int, Frames]:
    """Return the control byte and uint8 (2, 18) of 36 bytes.

    Only 0x00 was ever seen as control byte; what others mean is for the caller to decide.
    """
    _sized("voice", data, VOICE_BYTES)
    return data[0], from_slot(data[1:])


def to_serial(frames: Frames, bad: npt.NDArray[np.bool_] | None = None) -> npt.NDArray[np.int16]:
    """Return int16 (276,) of two frames and their bad-frame flags (2,)."""
    words = np.zeros((2, 1 + FRAME_BITS), dtype=np.int16)
    words[:, 1:] = _pair(frames)
    if bad is not None:
        words[:, 0] = bad
    return words.reshape(-1)


def from_serial(words: npt.NDArray[np.int16]) -> tuple[Frames, npt.NDArray[np.bool_]]:
    """Return uint8 (2, 18) and the flags bool (2,) of int16 (276,)."""
    if words.shape != (SERIAL_WORDS,):
        raise VoiceError(f"TETRA serial: expected {SERIAL_WORDS} words, got {words.shape}")
    rows = words.reshape(2, 1 + FRAME_BITS)
    return frames_of((rows[:, 1:] != 0).astype(np.uint8)), rows[:, 0] != 0


def to_block(channel_bits: npt.NDArray[np.uint8]) -> bytes:
    """Return the 1380 bytes of 432 channel bits (type 4)."""
    if channel_bits.shape != (_SLOT_BITS,):
        raise VoiceError(f"TETRA block: expected {_SLOT_BITS} bits, got {channel_bits.shape}")
    words = np.zeros(BLOCK_WORDS, dtype="<i2")
    words[::_PART] = _MARKER + np.arange(BLOCK_WORDS // _PART)
    words[_PLACES] = SURE - 2 * SURE * channel_bits.astype(np.int16)
    return words.tobytes()


def from_block(data: bytes) -> npt.NDArray[np.int32]:
    """Return the soft values int32 (432,) of 1380 bytes; as elsewhere only low bytes count."""
    _sized("block", data, BLOCK_BYTES)
    words = np.frombuffer(data, dtype="<i2")
    markers = _MARKER + np.arange(BLOCK_WORDS // _PART)
    if not np.array_equal(words[::_PART], markers):
        raise VoiceError(
            f"TETRA block: expected the markers {_MARKER:#06x} and up at every {_PART}th word, "
            f"got {[hex(int(word) & 0xFFFF) for word in words[::_PART]]}"
        )
    soft: npt.NDArray[np.int32] = words[_PLACES].astype(np.int8).astype(np.int32)
    return soft
