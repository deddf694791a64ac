"""Order of bits: b_0 .. b_(L+2) to u_0 .. u_7, the code words' interleaving, and forms in text.

u_0 .. u_3 have 12 bits, u_4 .. u_6 11 and u_7 7. A frame of 88 bits is u_0 | u_1 | ... | u_7, each
most significant bit first, 11 bytes; a protected frame has 144 bits in the order of sending, 18
bytes, first bit = most significant.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

from voicecodecs.errors import VoiceError
from voicecodecs.fec.golay import encode_23_12
from voicecodecs.fec.hamming import encode_15_11
from voicecodecs.imbe.tables import (
    CODED_BITS,
    INFO_BITS,
    MAX_HARMONICS,
    MIN_HARMONICS,
    VALUE_BITS,
    bands_of,
)

INFO_BYTES: Final = INFO_BITS // 8
CODED_BYTES: Final = CODED_BITS // 8
INFO_WIDTHS: Final = np.array([12, 12, 12, 12, 11, 11, 11, 7], dtype=np.int32)
"""Bits of u_0 .. u_7."""
CODED_WIDTHS: Final = np.array([23, 23, 23, 23, 15, 15, 15, 7], dtype=np.int32)
"""Bits of c_0 .. c_7."""
SILENCE: Final = bytes.fromhex("040c fd7b fb7d f27b 3d9e 44")
"""The frame that networks send for silence (sync bit 0)."""

_SCAN_START: Final = 9
"""Places of u_0 before the scanned bits: six of b_0 and three of b_2."""
_SCAN_HEAD: Final = 39
"""Scanned bits in the rest of u_0 and in u_1 .. u_3."""


_CODES: Final[tuple[Callable[[int], int], ...]] = (*[encode_23_12] * 4, *[encode_15_11] * 3, int)
"""What makes c_0 .. c_7 of u_0 .. u_7."""


def _plan(harmonics: int) -> list[tuple[int, int]]:
    """Return (m, bit of b_m) for each of the 88 bits."""
    bits = VALUE_BITS[harmonics - MIN_HARMONICS, : harmonics - 1]
    scan = [
        (m + 3, plane)
        for plane in range(int(bits.max()) - 1, -1, -1)
        for m in range(harmonics - 1)
        if bits[m] > plane
    ]
    head = [(0, bit) for bit in range(7, 1, -1)] + [(2, 5), (2, 4), (2, 3)]
    bands = [(1, bit) for bit in range(bands_of(harmonics) - 1, -1, -1)]
    tail = [(2, 0), (0, 1), (0, 0), (harmonics + 2, 0)]
    return [*head, *scan[:_SCAN_HEAD], *bands, (2, 2), (2, 1), *scan[_SCAN_HEAD:], *tail]


PLAN: Final[npt.NDArray[np.uint8]] = np.array(
    [_plan(harmonics) for harmonics in range(MIN_HARMONICS, MAX_HARMONICS + 1)], dtype=np.uint8
)
"""uint8 (48, 88, 2): which value, and which of its bits, each bit of the frame carries, per L."""


def _interleaving() -> npt.NDArray[np.int32]:
    """Return, for each bit sent, its place in c_0 | c_1 | ... | c_7 (Annex H).

    Rows of six take one bit of each sixth of the words; odd rows swap the pairs.
    """
    order = np.arange(24)[:, None] + np.arange(6)[None, :] * 24
    order[1::2] = order[1::2].reshape(12, 3, 2)[:, :, ::-1].reshape(12, 6)
    return order.reshape(CODED_BITS).astype(np.int32)


INTERLEAVING: Final = _interleaving()
"""int32 (144,): place, in c_0 | ... | c_7, of each bit in the order of sending."""


def protect_frame(frame: bytes) -> bytes:
    """Give a frame of 11 bytes its error protection: 18 bytes in the order of sending."""
    if len(frame) != INFO_BYTES:
        raise VoiceError(f"only frames of {INFO_BYTES} bytes are protected, not {len(frame)}")
    left = int.from_bytes(frame, "big")
    at = INFO_BITS
    placed = ""
    state = 0
    for index, width in enumerate(INFO_WIDTHS.tolist()):
        at -= width
        value = left >> at & (1 << width) - 1
        coded = int(CODED_WIDTHS[index])
        word = _CODES[index](value)
        if index == 0:
            state = value << 4
        elif index < len(_CODES) - 1:
            for bit in range(coded - 1, -1, -1):
                state = state * 173 + 13849 & 0xFFFF
                word ^= state >> 15 << bit
        placed += f"{word:0{coded}b}"
    sent = "".join(placed[place] for place in INTERLEAVING)
    return int(sent, 2).to_bytes(CODED_BYTES, "big")


def frame_from_hex(text: str) -> bytes:
    """Read one frame: 22 digits (88 bits) or 36 (144 bits, protected)."""
    try:
        frame = bytes.fromhex(text)
    except ValueError as error:
        raise VoiceError(f"a vocoder frame is hexadecimal digits, not {text[:40]!r}") from error
    if len(frame) not in (INFO_BYTES, CODED_BYTES):
        raise VoiceError(
            f"a vocoder frame has {2 * INFO_BYTES} hexadecimal digits, or {2 * CODED_BYTES} with "
            f"error protection; this one has {len(text.strip())}"
        )
    return frame


def frame_to_hex(frame: bytes) -> str:
    """Write one frame: 22 digits, or 36 for a protected one."""
    return frame.hex()
