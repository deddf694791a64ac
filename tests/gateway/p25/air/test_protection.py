"""Outer and inner codes together, at and beyond their bounds; the fast tables are the codes."""

import random

import pytest

from gateway.p25.air.protection import (
    ENCRYPTION_SYNC,
    HEADER,
    LINK_CONTROL,
    TERMINATOR,
    Protection,
    decode_low_speed,
    encode_low_speed,
)
from voicecodecs.fec.cyclic import encode_16_8
from voicecodecs.fec.reed_solomon import RS_24_12, RS_24_16, RS_36_20, hexbits

PARTS: dict[str, tuple[Protection, int]] = {
    "link control": (LINK_CONTROL, RS_24_12.correctable),
    "encryption sync": (ENCRYPTION_SYNC, RS_24_16.correctable),
    "terminator": (TERMINATOR, RS_24_12.correctable),
    "header": (HEADER, RS_36_20.correctable),
}


def words_hit(part: Protection, count: int, numbers: random.Random) -> int:
    """Return a pattern that inverts whole words of the inner code."""
    width = part.coded_bits // part.words
    pattern = 0
    for word in numbers.sample(range(part.words), count):
        pattern |= ((1 << width) - 1) << width * word
    return pattern


@pytest.mark.parametrize("name", PARTS)
def test_tables_are_the_codes(name: str) -> None:
    part, _ = PARTS[name]
    numbers = random.Random(name)
    for _ in range(50):
        octets = numbers.randbytes(part.octets)
        coded = part.encode(octets)
        assert part.decode(coded) == (octets, 0)
        assert coded == part._encoded(octets)


@pytest.mark.parametrize("name", PARTS)
def test_as_many_hexbits_as_the_outer_code_corrects(name: str) -> None:
    part, bound = PARTS[name]
    numbers = random.Random(name)
    per_word = len(hexbits(bytes(part.octets))) and (2 if name == "terminator" else 1)
    for _ in range(50):
        octets = numbers.randbytes(part.octets)
        pattern = words_hit(part, bound // per_word, numbers)
        assert part.decode(part.encode(octets) ^ pattern) == (octets, pattern.bit_count())


@pytest.mark.parametrize("name", PARTS)
def test_far_beyond_the_bound_it_is_reported(name: str) -> None:
    part, _ = PARTS[name]
    numbers = random.Random(name)
    for _ in range(60):
        octets = numbers.randbytes(part.octets)
        received = part.encode(octets) ^ numbers.getrandbits(part.coded_bits)
        found = part.decode(received)
        assert found.octets != octets
        if found.octets is not None:  # by chance near some other code word, and then truly near
            assert (part.encode(found.octets) ^ received).bit_count() == found.errors
    refused = sum(
        part.decode(numbers.getrandbits(part.coded_bits)).octets is None for _ in range(200)
    )
    assert refused > 180


def test_low_speed_data_within_and_beyond_two_wrong_bits() -> None:
    for first in range(0, 256, 17):
        octets = bytes((first, 255 - first))
        word = encode_low_speed(octets)
        assert word == encode_16_8(octets[0]) << 16 | encode_16_8(octets[1])
        assert decode_low_speed(word) == (octets, 0, True)
        assert decode_low_speed(word ^ 0x80010000) == (octets, 2, True)
        assert decode_low_speed(word ^ 0x00018001) == (octets, 3, True)
    assert not decode_low_speed(encode_low_speed(b"\0\0") ^ 0x1F).readable
