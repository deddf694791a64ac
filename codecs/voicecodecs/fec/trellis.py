"""P25's trellis codes of rate 1/2 and 3/4 with their interleaver: 12 or 18 octets to 98 dibits.

The state is the symbol before, 0 at the start; a last symbol 0 brings it back. Each pair of state
and symbol is one of sixteen points, two dibits on the air (TIA-102.BAAA, clause on data blocks).
Decoding is by Viterbi on the distance of bits, hard or soft. Whole words of 196 bits are decoded
many at a time, for a packet has up to 127 blocks; one without wrong bits is only walked through.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from voicecodecs.errors import VoiceError
from voicecodecs.fec.linear import tables_of_bits

DIBITS: Final = 98
BITS: Final = 2 * DIBITS
SYMBOLS: Final = 49
"""Data symbols and the one that brings the state back."""

_HALF: Final = ((0, 15, 12, 3), (4, 11, 8, 7), (13, 2, 1, 14), (9, 6, 5, 10))
_THREE_QUARTERS: Final = (
    (0, 8, 4, 12, 2, 10, 6, 14),
    (4, 12, 2, 10, 6, 14, 0, 8),
    (1, 9, 5, 13, 3, 11, 7, 15),
    (5, 13, 3, 11, 7, 15, 1, 9),
    (3, 11, 7, 15, 1, 9, 5, 13),
    (7, 15, 1, 9, 5, 13, 3, 11),
    (2, 10, 6, 14, 0, 8, 4, 12),
    (6, 14, 0, 8, 4, 12, 2, 10),
)
_POINTS: Final = (
    *((0, 2), (2, 2), (1, 3), (3, 3), (3, 2), (1, 2), (2, 3), (0, 3)),
    *((3, 1), (1, 1), (2, 0), (0, 0), (0, 1), (2, 1), (1, 0), (3, 0)),
)
"""The two dibits of each point, as pairs of bits."""
INTERLEAVING: Final = tuple(
    offset + 8 * row + which
    for offset in (0, 2, 4, 6)
    for row in range(13)
    for which in (0, 1)
    if offset + 8 * row + which < DIBITS
)
"""Coded dibit that is sent at each place."""


_PADDED: Final = 8 * 25
"""Bits of a block in whole octets."""
_SENT_TO_CODED: Final = tables_of_bits(
    [1 << BITS - 1 - (2 * INTERLEAVING[at // 2] + at % 2) for at in range(BITS)] + [0] * 4
)
_CODED_TO_SENT: Final = tables_of_bits(
    [1 << BITS - 1 - (2 * INTERLEAVING.index(at // 2) + at % 2) for at in range(BITS)] + [0] * 4
)
_FAR: Final = 1_000
"""More than any distance of a block."""
_MARKS: Final = 8
"""States at most."""
_DISTANCES: Final[npt.NDArray[np.int16]] = np.array(
    [[(one ^ other).bit_count() for other in range(16)] for one in range(16)], dtype=np.int16
)


def _moved(word: int, tables: tuple[tuple[int, ...], ...]) -> int:
    """Put each bit of a block where the interleaver, or its inverse, has it."""
    moved = 0
    for table, octet in zip(tables, (word << 4).to_bytes(25, "big"), strict=True):
        moved ^= table[octet]
    return moved


class Block(NamedTuple):
    """A decoded block and how many bits of it were wrong."""

    data: bytes
    errors: int


class TrellisCode:
    """One of the two rates."""

    def __init__(self, name: str, table: tuple[tuple[int, ...], ...], width: int) -> None:
        """``width`` bits a symbol; ``table`` gives the point of [state][symbol]."""
        self.name = name
        self.width = width
        self.octets = (SYMBOLS - 1) * width // 8
        self._table = table
        self._words = tuple(
            tuple(_POINTS[point][0] << 2 | _POINTS[point][1] for point in row) for row in table
        )
        self._symbols = tuple(
            tuple(row.index(word) if word in row else -1 for word in range(16))
            for row in self._words
        )
        # state before, four bits received, symbol: distance and, in the low bits, that state
        marks = np.arange(len(table), dtype=np.int16)[:, None, None]
        distances = _DISTANCES[:, np.array(self._words)].transpose(1, 0, 2)
        self._marked = distances * _MARKS + marks

    def encode_word(self, data: bytes) -> int:
        """Return the 196 bits of a block, in the order of sending."""
        if len(data) != self.octets:
            raise VoiceError(f"trellis {self.name}: expected {self.octets} octets, got {len(data)}")
        number = int.from_bytes(data, "big")
        mask = (1 << self.width) - 1
        coded = state = 0
        for shift in range(self.width * (SYMBOLS - 2), -1, -self.width):
            symbol = number >> shift & mask
            coded = coded << 4 | self._words[state][symbol]
            state = symbol
        return _moved(coded << 4 | self._words[state][0], _CODED_TO_SENT)

    def decode_word(self, sent: int) -> Block:
        """Return the likeliest block of 196 received bits."""
        return self.decode_words([sent])[0]

    def decode_words(self, sent: Sequence[int]) -> list[Block]:
        """Return the likeliest block of each 196 received bits."""
        if any(not 0 <= word < 1 << BITS for word in sent):
            raise VoiceError(f"trellis {self.name}: expected words of {BITS} bits")
        coded = [_moved(word, _SENT_TO_CODED) for word in sent]
        clean = [self._walked(word) for word in coded]
        damaged = [word for word, data in zip(coded, clean, strict=True) if data is None]
        found = iter(self._likeliest(damaged) if damaged else ())
        return [next(found) if data is None else Block(data, 0) for data in clean]

    def _walked(self, coded: int) -> bytes | None:
        """Return the block if every step is one that the code takes."""
        number = state = 0
        for shift in range(4 * (SYMBOLS - 1), -1, -4):
            state = self._symbols[state][coded >> shift & 0xF]
            if state < 0:
                return None
            number = number << self.width | state
        return None if state else (number >> self.width).to_bytes(self.octets, "big")

    def _likeliest(self, coded: Sequence[int]) -> list[Block]:
        """Decode many blocks side by side; a cost carries the state it came from in its low bits.

        Of equal ways the one from the lowest state counts, as in ``decode_soft``.
        """
        states, count = len(self._words), len(coded)
        octets = b"".join((word << 4).to_bytes(25, "big") for word in coded)
        halves = np.frombuffer(octets, np.uint8).reshape(count, 25).T
        fours = np.stack((halves >> 4, halves & 0xF), axis=1).reshape(50, count)[:SYMBOLS]
        # steps, state before, blocks, symbol
        branches = self._marked[:, fours].transpose(1, 0, 2, 3)
        costs = np.full((states, count, 1), _FAR * _MARKS, np.int16)
        costs[0] = 0
        came = np.empty((SYMBOLS, count, states), np.int16)
        for step in range(SYMBOLS):
            (costs + branches[step]).min(axis=0, out=came[step])
            costs = (came[step] & -_MARKS).T[:, :, None]
        came &= _MARKS - 1
        errors = (costs[0, :, 0] // _MARKS).tolist()
        return [Block(data, wrong) for data, wrong in zip(self._back(came), errors, strict=True)]

    def _back(self, came: npt.NDArray[np.int16]) -> list[bytes]:
        """Return the octets of the ways that end in state 0."""
        count = came.shape[1]
        every = np.arange(count)
        symbols = np.zeros((SYMBOLS, count), np.int16)
        for step in range(SYMBOLS - 1, 0, -1):
            symbols[step - 1] = came[step, every, symbols[step]]
        places = np.arange(self.width - 1, -1, -1)
        bits = symbols[:-1].T[:, :, None] >> places & 1
        packed = np.packbits(bits.reshape(count, -1).astype(np.uint8), axis=1)
        return [row.tobytes() for row in packed]

    def encode(self, data: bytes) -> tuple[int, ...]:
        """Return the 98 dibits of a block, in the order of sending."""
        if len(data) != self.octets:
            raise VoiceError(f"trellis {self.name}: expected {self.octets} octets, got {len(data)}")
        number = int.from_bytes(data, "big")
        mask, count = (1 << self.width) - 1, SYMBOLS - 1
        symbols = [number >> self.width * (count - 1 - i) & mask for i in range(count)] + [0]
        coded: list[int] = []
        state = 0
        for symbol in symbols:
            coded += _POINTS[self._table[state][symbol]]
            state = symbol
        return tuple(coded[place] for place in INTERLEAVING)

    def decode(self, dibits: Sequence[int]) -> tuple[bytes, int]:
        """Return the block of 98 dibits, and how many bits it differs in from what was sent."""
        if len(dibits) != DIBITS or any(not 0 <= dibit <= 3 for dibit in dibits):
            raise VoiceError(f"trellis {self.name}: expected 98 dibits, got {len(dibits)}")
        ones = [float(bit) for dibit in dibits for bit in (dibit >> 1, dibit & 1)]
        data, cost = self.decode_soft(ones)
        return data, round(cost)

    def decode_soft(self, ones: Sequence[float]) -> tuple[bytes, float]:
        """Return the likeliest block; ``ones`` (196) is how much each bit is a one, 0 to 1.

        The second value is the distance of that block from what was received, in bits.
        """
        if len(ones) != BITS:
            raise VoiceError(f"trellis {self.name}: expected {BITS} bits, got {len(ones)}")
        coded = [0.0] * BITS
        for sent, place in enumerate(INTERLEAVING):
            coded[2 * place : 2 * place + 2] = ones[2 * sent : 2 * sent + 2]
        states = range(len(self._table))
        costs = [0.0] + [float("inf")] * (len(self._table) - 1)
        came: list[list[int]] = []
        for step in range(SYMBOLS):
            four = coded[4 * step : 4 * step + 4]
            distance = [_distance(word, four) for word in range(16)]
            best, origins = [], []
            for symbol in states:
                ways = [costs[state] + distance[self._words[state][symbol]] for state in states]
                least = min(states, key=ways.__getitem__)
                best.append(ways[least])
                origins.append(least)
            costs = best
            came.append(origins)
        return self._walk_back(came), costs[0]

    def _walk_back(self, came: Sequence[Sequence[int]]) -> bytes:
        state, symbols = 0, []
        for origins in reversed(came):
            symbols.append(state)
            state = origins[state]
        number = 0
        for symbol in reversed(symbols[1:]):
            number = number << self.width | symbol
        return number.to_bytes(self.octets, "big")


def _distance(word: int, ones: Sequence[float]) -> float:
    return sum(1.0 - one if word >> (3 - index) & 1 else one for index, one in enumerate(ones))


HALF: Final = TrellisCode("1/2", _HALF, 2)
THREE_QUARTERS: Final = TrellisCode("3/4", _THREE_QUARTERS, 3)


def dibits_of(octets: bytes) -> tuple[int, ...]:
    """Return the first 98 dibits of 25 octets; the last four bits are padding."""
    return tuple(octets[i // 4] >> (6 - 2 * (i % 4)) & 3 for i in range(DIBITS))


def octets_of(dibits: Sequence[int]) -> bytes:
    """Return 98 dibits as 25 octets, padded with zeros."""
    number = 0
    for dibit in (*dibits, 0, 0):
        number = number << 2 | dibit
    return number.to_bytes(25, "big")
