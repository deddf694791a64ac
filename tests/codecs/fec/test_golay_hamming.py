"""Every correctable error pattern, and what happens beyond."""

from collections.abc import Callable
from itertools import combinations

import numpy as np
import pytest

from voicecodecs.fec.code import BlockCode, Corrected
from voicecodecs.fec.golay import (
    GOLAY_23_12,
    GOLAY_24_12,
    decode_23_12,
    decode_24_12,
    encode_23_12,
    encode_24_12,
)
from voicecodecs.fec.hamming import HAMMING_15_11, decode_15_11, encode_15_11

Encode = Callable[[int], int]
Decode = Callable[[int], Corrected]

CODES: list[tuple[BlockCode, Encode, Decode]] = [
    (GOLAY_23_12, encode_23_12, decode_23_12),
    (GOLAY_24_12, encode_24_12, decode_24_12),
    (HAMMING_15_11, encode_15_11, decode_15_11),
]
IDS = [code.name for code, _, _ in CODES]


def patterns(length: int, weight: int) -> list[int]:
    return [sum(1 << place for place in places) for places in combinations(range(length), weight)]


@pytest.mark.parametrize(("code", "encode", "decode"), CODES, ids=IDS)
def test_distance_is_as_stated(code: BlockCode, encode: Encode, decode: Decode) -> None:
    """The code is linear, so the lightest word but zero is the distance."""
    words = [encode(info) for info in range(1 << code.k)]
    assert min(word.bit_count() for word in words[1:]) == code.d
    assert encode(5) ^ encode(9) == encode(5 ^ 9)
    assert all(word >> (code.n - code.k) == info for info, word in enumerate(words))


@pytest.mark.parametrize(("code", "encode", "decode"), CODES, ids=IDS)
def test_every_correctable_pattern(code: BlockCode, encode: Encode, decode: Decode) -> None:
    random = np.random.default_rng(23)
    for weight in range(code.correctable + 1):
        for pattern in patterns(code.n, weight):
            info = int(random.integers(1 << code.k))
            assert decode(encode(info) ^ pattern) == Corrected(info, weight, ok=True)


@pytest.mark.parametrize(("code", "encode", "decode"), CODES, ids=IDS)
def test_every_word_of_information(code: BlockCode, encode: Encode, decode: Decode) -> None:
    for info in range(1 << code.k):
        assert decode(encode(info)) == Corrected(info, 0, ok=True)


def test_golay_24_sees_every_fourfold_error() -> None:
    for pattern in patterns(24, 4):
        word = encode_24_12(0xABC) ^ pattern
        assert decode_24_12(word) == Corrected(word >> 12, 4, ok=False)


def test_beyond_their_reach_the_perfect_codes_land_on_another_word() -> None:
    for pattern in patterns(23, 4):
        found = decode_23_12(encode_23_12(0x5A5) ^ pattern)
        assert found.info != 0x5A5
        assert found.errors <= 3
    for pattern in patterns(15, 2):
        found = decode_15_11(encode_15_11(0x2A5) ^ pattern)
        assert found.errors == 1
        assert encode_15_11(found.info) != encode_15_11(0x2A5)
