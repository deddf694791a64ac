"""Protection of what stands beside the voice: Reed-Solomon outside, Golay or Hamming inside.

Words of six bits ("hexbits") of a shortened RS code over GF(64) are each, or in pairs, put into a
short block code (TIA-102.BAAA; reference p25, 1.6 to 1.8, 1.13). A word that the inner code could
not read is an erasure for the outer one. What lies beyond both is reported, never guessed.
"""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Final, NamedTuple

from voicecodecs.fec.code import Corrected
from voicecodecs.fec.cyclic import decode_16_8, encode_16_8
from voicecodecs.fec.golay import decode_18_6, decode_24_12, encode_18_6, encode_24_12
from voicecodecs.fec.hamming import decode_10_6, encode_10_6
from voicecodecs.fec.linear import OctetTables
from voicecodecs.fec.reed_solomon import (
    RS_24_12,
    RS_24_16,
    RS_36_20,
    ReedSolomon,
    hexbits,
    octets_of,
)

_HEXBIT: Final = 6
_SPARE_PARITY: Final = 3
"""Hexbits of parity that must be left over when erasures are used."""


class Protected(NamedTuple):
    """Octets that were read (None: beyond correction) and the wrong bits in their coded form."""

    octets: bytes | None
    errors: int


class InnerCode(NamedTuple):
    """A short code for one or two hexbits."""

    coded_bits: int
    hexbits: int
    encode: Callable[[int], int]
    decode: Callable[[int], Corrected]


HAMMING: Final = InnerCode(10, 1, encode_10_6, decode_10_6)
GOLAY_PAIRS: Final = InnerCode(24, 2, encode_24_12, decode_24_12)
GOLAY_SHORT: Final = InnerCode(18, 1, encode_18_6, decode_18_6)


class Protection:
    """One combination of an outer and an inner code."""

    def __init__(self, outer: ReedSolomon, inner: InnerCode) -> None:
        """Keep the codes; tables are made when they are first needed."""
        self._outer = outer
        self._inner = inner
        self.octets = outer.k * _HEXBIT // 8
        self.words = outer.n // inner.hexbits
        self.coded_bits = self.words * inner.coded_bits

    @cached_property
    def _tables(self) -> OctetTables:
        return OctetTables(self._encoded, self.octets)

    def _encoded(self, octets: bytes) -> int:
        symbols = self._outer.encode(hexbits(octets))
        step = self._inner.hexbits
        coded = 0
        for at in range(0, len(symbols), step):
            value = 0
            for symbol in symbols[at : at + step]:
                value = value << _HEXBIT | symbol
            coded = coded << self._inner.coded_bits | self._inner.encode(value)
        return coded

    def encode(self, octets: bytes) -> int:
        """Return the ``coded_bits`` bits; raises ValueError at another number of octets."""
        return self._tables.of(octets)

    def decode(self, received: int) -> Protected:
        """Read ``coded_bits`` bits."""
        words = self._words(received)
        bare = self._bare(words)
        wrong = received ^ self.encode(bare)
        if not wrong:
            return Protected(bare, 0)
        symbols, erasures = self._inner_decoded(words)
        octets = self._with_erasures(symbols, erasures) if erasures else None
        if octets is None:
            found = self._outer.decode(symbols)
            if not found.ok:
                return Protected(None, 0)
            octets = octets_of(found.data)
        return Protected(octets, (received ^ self.encode(octets)).bit_count())

    def _with_erasures(self, symbols: Sequence[int], erasures: Sequence[int]) -> bytes | None:
        """Correct with the help of erasures, but only where enough parity is left to notice noise.

        With e places erased and t more corrected, chance alone finds a code word in about one of
        64 ** (parity - e - t) tries; without this rule every fifth LDU of pure noise would name a
        talker.
        """
        found = self._outer.decode(symbols, erasures)
        if not found.ok:
            return None
        right = self._outer.encode(found.data)
        erased = set(erasures)
        wrong = sum(
            one != other and place not in erased
            for place, (one, other) in enumerate(zip(symbols, right, strict=True))
        )
        if len(erased) + wrong > self._outer.parity - _SPARE_PARITY:
            return None
        return octets_of(found.data)

    def _words(self, received: int) -> list[int]:
        bits = self._inner.coded_bits
        mask = (1 << bits) - 1
        top = bits * (self.words - 1)
        return [received >> top - bits * index & mask for index in range(self.words)]

    def _bare(self, words: Sequence[int]) -> bytes:
        """Return the information as received: both codes are systematic."""
        info_bits = _HEXBIT * self._inner.hexbits
        shift = self._inner.coded_bits - info_bits
        number = 0
        for word in words[: 8 * self.octets // info_bits]:
            number = number << info_bits | word >> shift
        return number.to_bytes(self.octets, "big")

    def _inner_decoded(self, words: Sequence[int]) -> tuple[list[int], list[int]]:
        """Return the hexbits and the places of those that could not be read."""
        symbols: list[int] = []
        erasures: list[int] = []
        for word in words:
            found = self._inner.decode(word)
            if not found.ok:
                erasures += range(len(symbols), len(symbols) + self._inner.hexbits)
            for place in range(self._inner.hexbits - 1, -1, -1):
                symbols.append(found.info >> _HEXBIT * place & 0x3F)
        return symbols, erasures


LINK_CONTROL: Final = Protection(RS_24_12, HAMMING)
"""Nine octets in the 240 bits of an LDU1."""
ENCRYPTION_SYNC: Final = Protection(RS_24_16, HAMMING)
"""Twelve octets in the 240 bits of an LDU2."""
TERMINATOR: Final = Protection(RS_24_12, GOLAY_PAIRS)
"""Nine octets in the 288 bits of a TDULC."""
HEADER: Final = Protection(RS_36_20, GOLAY_SHORT)
"""Fifteen octets in the 648 bits of a header."""


class LowSpeedData(NamedTuple):
    """Two octets beside the voice; ``readable`` False: as received, beyond correction."""

    octets: bytes
    errors: int
    readable: bool


_LOW_SPEED: Final = tuple(encode_16_8(octet) for octet in range(256))


def encode_low_speed(octets: bytes) -> int:
    """Return the 32 bits of two octets."""
    return _LOW_SPEED[octets[0]] << 16 | _LOW_SPEED[octets[1]]


def decode_low_speed(received: int) -> LowSpeedData:
    """Read 32 bits."""
    high, low = received >> 24, received >> 8 & 0xFF
    if _LOW_SPEED[high] << 16 | _LOW_SPEED[low] == received:
        return LowSpeedData(bytes((high, low)), 0, readable=True)
    first, second = decode_16_8(received >> 16), decode_16_8(received & 0xFFFF)
    return LowSpeedData(
        bytes((first.info, second.info)), first.errors + second.errors, first.ok and second.ok
    )
