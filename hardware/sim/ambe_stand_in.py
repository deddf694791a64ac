"""What the simulated dongle puts where a vocoder chip puts coded speech: it is **no vocoder**.

A frame carries a mark, how loud each eighth of the 20 ms was, and, where there is room, a checksum
of the samples. Back comes a buzz of 400 Hz that is as loud as the sound was: nobody can take it for
speech, and a test can tell whether the right samples went the right way. Frames of a real chip are
not understood; they give silence and are counted.

Bits of a frame, the most significant first: mark (8), eight levels (5 each), then, from 64 bits on,
CRC-16 (CCITT, start 0xFFFF) of the 320 bytes of sound, big-endian (16); the rest is zero. A level
is 0 for silence, 1 to 31 for a mean amplitude of 4 to 32767, in even ratios.
"""

import binascii
import itertools
import math
from array import array
from bisect import bisect_left

MARK = 0xA5
PARTS = 8
PART_SAMPLES = 20
HALF_WAVE_SAMPLES = 10
"""Half a period of the buzz: 400 Hz at 8 kHz."""
MARK_BITS, LEVEL_BITS, CHECK_BITS = 8, 5, 16
FADE_LEVELS = 2
"""How much softer a repeated frame is: 5 dB."""
LEVELS = (0, *(round(4 * (32767 / 4) ** (step / 30)) for step in range(31)))
"""Amplitude by level."""
_BOUNDS = tuple(math.sqrt(max(1, one) * two) for one, two in itertools.pairwise(LEVELS))


def encode(samples: "array[int]", bits: int) -> bytes:
    """Return the frame of 160 samples."""
    value = MARK
    for part in range(PARTS):
        piece = samples[part * PART_SAMPLES : (part + 1) * PART_SAMPLES]
        value = value << LEVEL_BITS | level(piece)
    used = MARK_BITS + PARTS * LEVEL_BITS
    if bits >= used + CHECK_BITS:
        value = value << CHECK_BITS | checksum(samples)
        used += CHECK_BITS
    width = (bits + 7) // 8
    return (value << (width * 8 - used)).to_bytes(width, "big")


def levels(frame: bytes) -> tuple[int, ...] | None:
    """Return the eight levels, None for a frame that was not made here."""
    value = int.from_bytes(frame, "big") >> (len(frame) * 8 - MARK_BITS - PARTS * LEVEL_BITS)
    if value >> (PARTS * LEVEL_BITS) != MARK:
        return None
    least = (1 << LEVEL_BITS) - 1
    return tuple(value >> ((PARTS - 1 - part) * LEVEL_BITS) & least for part in range(PARTS))


def buzz(loudness: tuple[int, ...]) -> "array[int]":
    """Return 160 samples that are as loud as eight levels say."""
    sound = array("h")
    for one in loudness:
        amplitude = LEVELS[one]
        sound.extend([amplitude] * HALF_WAVE_SAMPLES + [-amplitude] * HALF_WAVE_SAMPLES)
    return sound


def softer(loudness: tuple[int, ...]) -> tuple[int, ...]:
    """Return what a repeated frame sounds like."""
    return tuple(max(0, one - FADE_LEVELS) for one in loudness)


def level(piece: "array[int]") -> int:
    """Return the level of some samples."""
    power = sum(one * one for one in piece) / len(piece)
    return bisect_left(_BOUNDS, math.sqrt(power))


def checksum(samples: "array[int]") -> int:
    """Return CRC-16 (CCITT) of samples, each two bytes, big-endian."""
    words = b"".join(one.to_bytes(2, "big", signed=True) for one in samples)
    return binascii.crc_hqx(words, 0xFFFF)
