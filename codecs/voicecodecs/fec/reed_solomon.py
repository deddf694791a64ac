"""Reed-Solomon codes over GF(64), shortened, symbols of six bits ("hexbits").

RS(24, 12, 13) corrects 6 symbols, RS(24, 16, 9) 4, RS(36, 20, 17) 8 (TIA-102.BAAA). Systematic:
data first. The generator has the roots a^1 .. a^(n-k). Places that are known to be doubtful may be
given as erasures: then 2 x errors + erasures up to n - k are corrected. What lies beyond is
reported and the data is returned as received.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from voicecodecs.errors import VoiceError
from voicecodecs.fec.galois import EXP, ORDER, divide, evaluate, locator, multiply


class CorrectedSymbols(NamedTuple):
    """A decoded word of symbols."""

    data: tuple[int, ...]
    """The k data symbols."""
    errors: int
    """Symbols that were changed, parity included."""
    ok: bool
    """False when the word lies beyond every code word's reach; ``data`` is then as received."""


@dataclass(frozen=True, slots=True)
class ReedSolomon:
    """One code of ``n`` symbols that carries ``k``."""

    n: int
    k: int
    generator: tuple[int, ...] = field(init=False, repr=False)
    """Coefficients, the highest power first."""

    def __post_init__(self) -> None:
        """Build the generator polynomial."""
        polynomial = [1]
        for power in range(1, self.parity + 1):
            raised = [*polynomial, 0]
            for index, coefficient in enumerate(polynomial):
                raised[index + 1] ^= multiply(coefficient, EXP[power])
            polynomial = raised
        object.__setattr__(self, "generator", tuple(polynomial))

    @property
    def parity(self) -> int:
        """Symbols of parity."""
        return self.n - self.k

    @property
    def d(self) -> int:
        """Distance: the code is maximum distance separable."""
        return self.parity + 1

    @property
    def correctable(self) -> int:
        """Symbol errors that are corrected in any places."""
        return self.parity // 2

    def encode(self, data: Sequence[int]) -> tuple[int, ...]:
        """Return the n symbols of k data symbols; VoiceError at a wrong number or value."""
        self._check(data, self.k)
        rest = [*data, *[0] * self.parity]
        for index in range(self.k):
            factor = rest[index]
            if factor:
                for offset, coefficient in enumerate(self.generator):
                    rest[index + offset] ^= multiply(factor, coefficient)
        return (*data, *rest[self.k :])

    def decode(self, word: Sequence[int], erasures: Sequence[int] = ()) -> CorrectedSymbols:
        """Correct n symbols; ``erasures`` are indexes of symbols that may be anything."""
        self._check(word, self.n)
        powers = [self.n - 1 - index for index in sorted(set(erasures))]
        failed = CorrectedSymbols(tuple(word[: self.k]), 0, ok=False)
        if len(powers) > self.parity or any(not 0 <= p < self.n for p in powers):
            return failed
        received = list(reversed(word))  # the constant first
        syndromes = [evaluate(received, power) for power in range(1, self.parity + 1)]
        if not any(syndromes):
            return CorrectedSymbols(tuple(word[: self.k]), 0, ok=True)
        polynomial = locator(syndromes, _erasure_locator(powers))
        degree = len(polynomial) - 1
        places = [p for p in range(self.n) if evaluate(polynomial, -p) == 0]
        errors = degree - len(powers)
        if len(places) != degree or 2 * errors + len(powers) > self.parity:
            return failed
        for place, value in _values(polynomial, syndromes, places).items():
            received[place] ^= value
        if any(evaluate(received, power) for power in range(1, self.parity + 1)):
            return failed
        fixed = tuple(reversed(received))
        changed = sum(one != other for one, other in zip(fixed, word, strict=True))
        return CorrectedSymbols(fixed[: self.k], changed, ok=True)

    def _check(self, symbols: Sequence[int], count: int) -> None:
        if len(symbols) != count or any(not 0 <= symbol <= ORDER for symbol in symbols):
            raise VoiceError(
                f"RS({self.n},{self.k}): expected {count} symbols of 0 to {ORDER}, got {symbols!r}"
            )


def _erasure_locator(powers: Sequence[int]) -> list[int]:
    polynomial = [1]
    for power in powers:
        raised = [*polynomial, 0]
        for degree, coefficient in enumerate(polynomial):
            raised[degree + 1] ^= multiply(coefficient, EXP[power])
        polynomial = raised
    return polynomial


def _values(
    polynomial: Sequence[int], syndromes: Sequence[int], places: Sequence[int]
) -> dict[int, int]:
    """Return what to add at each place (Forney)."""
    count = len(syndromes)
    evaluator = [0] * count
    for i, coefficient in enumerate(polynomial):
        for j in range(count - i):
            evaluator[i + j] ^= multiply(coefficient, syndromes[j])
    derivative = [c if degree % 2 else 0 for degree, c in enumerate(polynomial)][1:]
    values = {}
    for place in places:
        below = evaluate(derivative, -place)
        if below:
            # the roots begin at a^1, so no further factor of the place is left
            values[place] = divide(evaluate(evaluator, -place), below)
    return values


RS_24_12: Final = ReedSolomon(24, 12)
RS_24_16: Final = ReedSolomon(24, 16)
RS_36_20: Final = ReedSolomon(36, 20)


def hexbits(octets: bytes) -> tuple[int, ...]:
    """Return the six-bit symbols of octets, most significant first; three octets give four."""
    if len(octets) * 8 % 6:
        raise VoiceError(f"hexbits: expected a multiple of 3 octets, got {len(octets)}")
    number = int.from_bytes(octets, "big")
    count = len(octets) * 8 // 6
    return tuple(number >> 6 * (count - 1 - i) & 0x3F for i in range(count))


def octets_of(symbols: Sequence[int]) -> bytes:
    """Return the octets of six-bit symbols; their number is a multiple of four."""
    if len(symbols) % 4:
        raise VoiceError(f"hexbits: expected a multiple of 4 symbols, got {len(symbols)}")
    number = 0
    for symbol in symbols:
        number = number << 6 | symbol
    return number.to_bytes(len(symbols) * 6 // 8, "big")


__all__ = [
    "RS_24_12",
    "RS_24_16",
    "RS_36_20",
    "CorrectedSymbols",
    "ReedSolomon",
    "hexbits",
    "octets_of",
]
