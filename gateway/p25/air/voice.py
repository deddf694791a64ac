"""Error protection of 20 ms of voice on air: 88 bits in 144 (TIA-102.BABA; reference p25, 1.11).

c0 to c3 are Golay(23,12) words, c4 to c6 Hamming(15,11) words, c7 is bare. c1 to c6 are scrambled
by a sequence that starts from u0, so u0 is corrected first. Everything but that is linear, so both
directions are sums over octets of tables that are made once.
"""

from functools import lru_cache
from typing import Final, NamedTuple

from gateway.model.errors import ProtocolViolation
from voicecodecs.fec import golay, hamming
from voicecodecs.fec.linear import OctetTables, tables_of_bits

IMBE_OCTETS: Final = 11
CODED_OCTETS: Final = 18
CODED_BITS: Final = 144
SILENCE: Final = bytes.fromhex("040cfd7bfb7df27b3d9e45")
"""The frame that stands for silence."""

_WIDTHS: Final = ((12, 23), (12, 23), (12, 23), (12, 23), (11, 15), (11, 15), (11, 15), (7, 7))
"""Bits of u_i and of c_i."""
_SCRAMBLED_BITS: Final = 114
_BARE_BITS: Final = 7
_GOLAY_PARITY: Final[list[int]] = golay.PARITY_TABLE.tolist()
_GOLAY_PATTERN: Final[list[int]] = golay.CORRECTION_TABLE.tolist()
_GOLAY_ERRORS: Final = [pattern.bit_count() for pattern in _GOLAY_PATTERN]
_HAMMING_PARITY: Final[list[int]] = hamming.PARITY_TABLE.tolist()
_HAMMING_PATTERN: Final[list[int]] = hamming.CORRECTION_TABLE.tolist()


def _place_on_air(bit: int) -> int:
    """Return where bit ``bit`` of c0 | c1 | ... | c7 goes in the order of sending."""
    row, column = divmod(bit, 24)
    return 6 * column + 2 * (row // 2) + (row + column) % 2


_PLACES: Final = tuple(_place_on_air(bit) for bit in range(CODED_BITS))


def _one(width: int, place: int) -> int:
    return 1 << width - 1 - place


def _linear_part(frame: bytes) -> int:
    """Return the 144 bits of a frame in the order of sending, before scrambling."""
    number = int.from_bytes(frame, "big")
    left = 8 * IMBE_OCTETS
    placed = 0
    for index, (info, coded) in enumerate(_WIDTHS):
        left -= info
        value = number >> left & (1 << info) - 1
        if index < 4:
            value = golay.encode_23_12(value)
        elif index < 7:
            value = hamming.encode_15_11(value)
        placed = placed << coded | value
    return _sent(placed)


def _sent(placed: int) -> int:
    return sum(
        _one(CODED_BITS, place)
        for bit, place in enumerate(_PLACES)
        if placed >> CODED_BITS - 1 - bit & 1
    )


_PROTECT: Final = OctetTables(_linear_part, IMBE_OCTETS)
_PLACED: Final = tables_of_bits(
    [_one(CODED_BITS, _PLACES.index(place)) for place in range(CODED_BITS)]
)
"""What each received octet is in c0 | c1 | ... | c7."""


@lru_cache(maxsize=4096)
def _scrambling(u0: int) -> tuple[int, int]:
    """Return the sequence that starts from u0, as placed and as sent."""
    state, mask = u0 << 4, 0
    for _ in range(_SCRAMBLED_BITS):
        state = 173 * state + 13849 & 0xFFFF
        mask = mask << 1 | state >> 15
    placed = mask << _BARE_BITS
    return placed, _sent(placed)


class CorrectedVoice(NamedTuple):
    """A frame of 11 octets and the bits that were wrong in c0 .. c6."""

    imbe: bytes
    errors: tuple[int, ...]


def protect(imbe: bytes) -> bytes:
    """Return the 18 octets on air of a frame of 11; raises ProtocolViolation at another length."""
    _check(imbe, IMBE_OCTETS)
    sent = _PROTECT.of(imbe) ^ _scrambling(imbe[0] << 4 | imbe[1] >> 4)[1]
    return sent.to_bytes(CODED_OCTETS, "big")


def correct(coded: bytes) -> tuple[bytes, int]:
    """Return the frame of 11 octets in 18 received ones, and how many bits were corrected.

    Every word has a code word near, so this never fails; raises ProtocolViolation at another length
    only. Many corrected bits mean that the frame is a guess: the vocoder repeats or mutes then.
    """
    found = correct_words(coded)
    return found.imbe, sum(found.errors)


def correct_words(coded: bytes) -> CorrectedVoice:
    """Return the frame of 11 octets with the corrections of each word."""
    _check(coded, CODED_OCTETS)
    placed = 0
    for table, octet in zip(_PLACED, coded, strict=True):
        placed ^= table[octet]
    word = placed >> 121
    syndrome = _GOLAY_PARITY[word >> 11] ^ word & 0x7FF
    errors = [_GOLAY_ERRORS[syndrome]]
    info = (word ^ _GOLAY_PATTERN[syndrome]) >> 11
    placed ^= _scrambling(info)[0]
    for shift in (98, 75, 52):
        word = placed >> shift & 0x7FFFFF
        syndrome = _GOLAY_PARITY[word >> 11] ^ word & 0x7FF
        errors.append(_GOLAY_ERRORS[syndrome])
        info = info << 12 | (word ^ _GOLAY_PATTERN[syndrome]) >> 11
    for shift in (37, 22, 7):
        word = placed >> shift & 0x7FFF
        syndrome = _HAMMING_PARITY[word >> 4] ^ word & 0xF
        errors.append(1 if syndrome else 0)
        info = info << 11 | (word ^ _HAMMING_PATTERN[syndrome]) >> 4
    info = info << _BARE_BITS | placed & 0x7F
    return CorrectedVoice(info.to_bytes(IMBE_OCTETS, "big"), tuple(errors))


def _check(octets: bytes, wanted: int) -> None:
    if len(octets) != wanted:
        raise ProtocolViolation(
            f"voice frame: expected {wanted} octets, got {len(octets)}",
            raw=octets,
            offset=min(len(octets), wanted),
        )
