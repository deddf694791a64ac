"""The 137-bit speech frame: 23 parameters, and its forms as bytes, bits and hex digits.

A packed frame is 18 bytes: 137 bits, the first in the highest bit of the first byte, then 7 zero
bits. Bit numbers count from 1 as in EN 300 395-2; each parameter's highest bit comes first.
"""

from collections.abc import Iterable
from typing import Final

import numpy as np
import numpy.typing as npt

from voicecodecs.errors import VoiceError
from voicecodecs.pcm import SAMPLE_RATE_HZ

FRAME_MS: Final = 30
FRAME_SAMPLES: Final = SAMPLE_RATE_HZ * FRAME_MS // 1000
FRAME_BITS: Final = 137
FRAME_BYTES: Final = (FRAME_BITS + 7) // 8
HEX_DIGITS: Final = 2 * FRAME_BYTES

SUBFRAME_NAMES: Final = ("pitch", "positions", "sign", "shift", "gain")
PARAMETER_NAMES: Final = (
    *("lsp_1", "lsp_2", "lsp_3"),
    *(f"{name}_{subframe}" for subframe in (1, 2, 3, 4) for name in SUBFRAME_NAMES),
)
PARAMETER_BITS: Final = (8, 9, 9) + (8, 14, 1, 1, 6) + 3 * (5, 14, 1, 1, 6)
PARAMETERS: Final = len(PARAMETER_BITS)

Frames = npt.NDArray[np.uint8]
"""uint8 (..., 18): packed frames."""
Bits = npt.NDArray[np.uint8]
"""uint8 (..., n): one bit an element, in the order of sending."""
Parameters = npt.NDArray[np.int32]
"""int32 (..., 23), in the order of ``PARAMETER_NAMES``."""

_LAST_BITS: Final = np.cumsum(PARAMETER_BITS)


def as_frames(frames: bytes | Frames) -> Frames:
    """Return frames as uint8 (..., 18) that kernels take; VoiceError when they are not whole."""
    if isinstance(frames, bytes | bytearray | memoryview):
        flat = np.frombuffer(bytearray(frames), dtype=np.uint8)
        if flat.size % FRAME_BYTES:
            raise VoiceError(
                f"ACELP frames: expected a multiple of {FRAME_BYTES} bytes, got {flat.size}"
            )
        return flat.reshape(-1, FRAME_BYTES)
    if frames.dtype != np.uint8 or frames.shape[-1:] != (FRAME_BYTES,):
        raise VoiceError(
            f"ACELP frames: expected uint8 (..., {FRAME_BYTES}), got {frames.dtype} {frames.shape}"
        )
    return np.require(frames, requirements=["C", "W"])


def bits_of(frames: Frames) -> Bits:
    """Return uint8 (..., 137) of packed frames."""
    return np.unpackbits(as_frames(frames), axis=-1)[..., :FRAME_BITS]


def frames_of(bits: Bits) -> Frames:
    """Return packed frames of uint8 (..., 137); elements other than 0 count as 1."""
    if bits.shape[-1:] != (FRAME_BITS,):
        raise VoiceError(f"ACELP bits: expected (..., {FRAME_BITS}), got {bits.shape}")
    return np.packbits(bits, axis=-1)


def parameters_of(frames: Frames) -> Parameters:
    """Return the 23 parameters, int32 (..., 23)."""
    bits = bits_of(frames).astype(np.int32)
    parameters = np.empty((*bits.shape[:-1], PARAMETERS), dtype=np.int32)
    for p, (last, width) in enumerate(zip(_LAST_BITS, PARAMETER_BITS, strict=True)):
        weights = 1 << np.arange(width - 1, -1, -1, dtype=np.int32)
        parameters[..., p] = bits[..., last - width : last] @ weights
    return parameters


def frames_of_parameters(parameters: Parameters) -> Frames:
    """Return packed frames of int32 (..., 23); VoiceError when a parameter is too large."""
    if parameters.shape[-1:] != (PARAMETERS,):
        raise VoiceError(f"ACELP parameters: expected (..., {PARAMETERS}), got {parameters.shape}")
    limits = 1 << np.array(PARAMETER_BITS)
    if np.any((parameters < 0) | (parameters >= limits)):
        wrong = int(np.nonzero((parameters < 0) | (parameters >= limits))[-1][0])
        raise VoiceError(
            f"ACELP parameters: {PARAMETER_NAMES[wrong]} must lie in 0..{limits[wrong] - 1}"
        )
    columns = [
        (parameters[..., p, np.newaxis] >> np.arange(width - 1, -1, -1)) & 1
        for p, width in enumerate(PARAMETER_BITS)
    ]
    return frames_of(np.concatenate(columns, axis=-1).astype(np.uint8))


def to_hex(frames: Frames) -> list[str]:
    """Return 36 hex digits a frame of uint8 (n, 18)."""
    return [bytes(frame).hex() for frame in as_frames(frames).reshape(-1, FRAME_BYTES)]


def from_hex(lines: Iterable[str]) -> Frames:
    """Return uint8 (n, 18) of lines of 36 hex digits; the last 7 bits must be 0."""
    rows = []
    for number, line in enumerate(lines, start=1):
        digits = line.strip()
        try:
            row = bytes.fromhex(digits)
        except ValueError:
            row = b""
        if len(digits) != HEX_DIGITS or len(row) != FRAME_BYTES or row[-1] & 0x7F:
            raise VoiceError(
                f"ACELP hex, line {number}: expected {HEX_DIGITS} digits (137 bits and 7 zero "
                f"bits), got {digits[:48]!r}"
            )
        rows.append(row)
    return as_frames(b"".join(rows))
