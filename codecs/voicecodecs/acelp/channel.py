"""The speech channel TCH/S: two speech frames in a slot of 432 bits, or one in half a slot.

EN 300 395-2 clause 5. Bits are "type 4": interleaved, not yet scrambled with the cell's code (EN
300 392-2 clause 8.2.5). Sent soft values: positive for 0, negative for 1, any size up to 2**20.
A slot whose first half was stolen for signalling carries only its second speech frame.
"""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from voicecodecs.acelp.frame import FRAME_BITS, FRAME_BYTES, Bits, Frames, bits_of, frames_of
from voicecodecs.errors import VoiceError
from voicecodecs.fec import convolutional, crc, interleave

SLOT_BITS: Final = 432
HALF_SLOT_BITS: Final = 216
TAIL_BITS: Final = 4

CLASS_0: Final = np.array([
    *(35, 36, 37, 38, 39, 40, 41, 42, 43, 47, 48, 56, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 74),
    *(75, 83, 88, 89, 90, 91, 92, 93, 94, 95, 96, 97, 101, 102, 110, 115, 116, 117, 118, 119),
    *(120, 121, 122, 123, 124, 128, 129, 137),
])  # fmt: skip
"""Bit numbers (from 1) of the unprotected bits, in order of sending."""
CLASS_1: Final = np.array([
    *(58, 85, 112, 54, 81, 108, 135, 50, 77, 104, 131, 45, 72, 99, 126, 55, 82, 109, 136, 5, 13),
    *(34, 8, 16, 17, 22, 23, 24, 25, 26, 6, 14, 7, 15, 60, 87, 114, 46, 73, 100, 127, 44, 71, 98),
    *(125, 33, 49, 76, 103, 130, 59, 86, 113, 57, 84, 111),
])  # fmt: skip
"""Those of the protected bits."""
CLASS_2: Final = np.array([
    *(18, 19, 20, 21, 31, 32, 53, 80, 107, 134, 1, 2, 3, 4, 9, 10, 11, 12, 27, 28, 29, 30, 52),
    *(79, 106, 133, 51, 78, 105, 132),
])  # fmt: skip
"""Those of the best protected bits, which the CRC covers as well."""

_PERIOD: Final = 8
_RATE_8_12: Final = np.array([[1, 1, 0], [1, 0, 0]] * 4, dtype=bool)
_RATE_8_18: Final = np.array(([[1, 1, 1]] + [[1, 1, 0]] * 3) * 2, dtype=bool)
_RATE_8_17: Final = np.array([[1, 1, 1]] + [[1, 1, 0]] * 7, dtype=bool)


class Layout(NamedTuple):
    """How the classes lie in a whole or half slot."""

    frames: int
    sent: npt.NDArray[np.bool_]
    """bool (n, 3): which outputs of the convolutional code are sent, class 1 first."""
    order: interleave.Order

    @property
    def class_1_bits(self) -> int:
        """Bits of class 1."""
        return self.frames * len(CLASS_1)

    @property
    def class_2_bits(self) -> int:
        """Bits of class 2."""
        return self.frames * len(CLASS_2)


class Received(NamedTuple):
    """What a slot held."""

    frames: Frames
    """uint8 (2, 18): both frames; of a stolen half the first is all zeros."""
    bad: npt.NDArray[np.bool_]
    """bool (2,): frames that must be concealed."""


def _layout(
    frames: int, check: int, second: npt.NDArray[np.bool_], order: interleave.Order
) -> Layout:
    protected = frames * len(CLASS_1)
    rest = frames * len(CLASS_2) + check + TAIL_BITS
    first = np.resize(_RATE_8_12, (protected, 3))
    return Layout(frames, np.concatenate((first, np.resize(second, (rest, 3)))), order)


_WHOLE: Final = _layout(2, 8, _RATE_8_18, interleave.matrix(24, 18))
_HALF: Final = _layout(1, 4, _RATE_8_17, interleave.rotation(HALF_SLOT_BITS, 101))


def encode_slot(frames: Frames) -> Bits:
    """Return the 432 bits, uint8 (432,), of two frames, uint8 (2, 18)."""
    return _encode(_WHOLE, frames)


def encode_half_slot(frame: Frames) -> Bits:
    """Return the 216 bits of the second half of a slot whose first half was stolen."""
    return _encode(_HALF, frame.reshape(1, -1))


def decode_slot(soft: npt.NDArray[np.int32]) -> Received:
    """Decode a whole slot, soft values (432,); a wrong CRC makes both frames bad."""
    bits, good = _decode(_WHOLE, soft)
    return Received(frames_of(bits), np.array([not good, not good]))


def decode_half_slot(soft: npt.NDArray[np.int32]) -> Received:
    """Decode the second half of a slot whose first half was stolen, soft values (216,)."""
    bits, good = _decode(_HALF, soft)
    frames = np.zeros((2, FRAME_BYTES), dtype=np.uint8)
    frames[1] = frames_of(bits)[0]
    return Received(frames, np.array([True, not good]))


def _checks(layout: Layout, class_2: Bits) -> Bits:
    if layout is _HALF:
        return crc.check_bits(crc.TCH_S_STOLEN, class_2)
    check = crc.check_bits(crc.TCH_S, class_2)
    return np.append(check, np.uint8(crc.parity_bit(class_2, check)))


def _encode(layout: Layout, frames: Frames) -> Bits:
    bits = bits_of(frames)
    if bits.shape != (layout.frames, FRAME_BITS):
        raise VoiceError(f"TCH/S: expected {layout.frames} frames of 18 bytes, got {frames.shape}")
    plain, class_1, class_2 = (
        bits[:, part - 1].T.reshape(-1) for part in (CLASS_0, CLASS_1, CLASS_2)
    )
    tail = np.zeros(TAIL_BITS, dtype=np.uint8)
    coded = convolutional.encode(
        convolutional.TCH_S, np.concatenate((class_1, class_2, _checks(layout, class_2), tail))
    )
    return np.concatenate((plain, coded[layout.sent]))[layout.order]


def _decode(layout: Layout, soft: npt.NDArray[np.int32]) -> tuple[Bits, bool]:
    if soft.shape != layout.order.shape:
        raise VoiceError(f"TCH/S: expected {len(layout.order)} soft values, got {soft.shape}")
    values = interleave.deinterleave(soft, layout.order)
    plain = (values[: layout.frames * len(CLASS_0)] < 0).astype(np.uint8)
    received = np.zeros(layout.sent.shape, dtype=np.int32)
    received[layout.sent] = values[len(plain) :]
    decoded = convolutional.decode(convolutional.TCH_S, received)
    first, second = layout.class_1_bits, layout.class_1_bits + layout.class_2_bits
    class_2 = decoded[first:second]
    bits = np.empty((layout.frames, FRAME_BITS), dtype=np.uint8)
    parts = ((CLASS_0, plain), (CLASS_1, decoded[:first]), (CLASS_2, class_2))
    for numbers, part in parts:
        bits[:, numbers - 1] = part.reshape(-1, layout.frames).T
    checks = decoded[second : len(decoded) - TAIL_BITS]
    return bits, np.array_equal(checks, _checks(layout, class_2))
