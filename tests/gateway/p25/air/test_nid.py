"""The identifier within and beyond its bound, and the codes that stand for any network."""

import random

import pytest

from gateway.model.errors import ProtocolViolation
from gateway.p25.air.nid import (
    decode_nid,
    encode_nid,
    nac_to_send,
    opens_on,
    read_nid,
)
from gateway.p25.words.tables import UNITS_ON_AIR


def test_the_last_bit_is_as_the_units_need_it() -> None:
    odd = {duid for duid in UNITS_ON_AIR if encode_nid(0x293, duid) & 1}
    assert odd == {0x5, 0x6, 0x9, 0xA}


@pytest.mark.parametrize("weight", range(12))
@pytest.mark.parametrize("hinted", [False, True])
def test_up_to_eleven_wrong_bits_are_corrected(weight: int, hinted: bool) -> None:
    numbers = random.Random(weight)
    for _ in range(40):
        nac, duid = numbers.randrange(0x1000), numbers.randrange(16)
        word = encode_nid(nac, duid)
        for place in numbers.sample(range(1, 64), weight):
            word ^= 1 << place
        assert decode_nid(word, nac if hinted else None) == (nac, duid, weight)


def test_a_wrong_bit_of_parity_counts_and_does_not_hurt() -> None:
    word = encode_nid(0x293, 5) ^ 1
    assert decode_nid(word) == (0x293, 5, 1)
    assert decode_nid(word, 0x293) == (0x293, 5, 1)


@pytest.mark.parametrize("weight", [12, 14, 20])
def test_beyond_the_bound_nothing_is_said_of_what_was_sent(weight: int) -> None:
    numbers = random.Random(weight)
    refused = 0
    for _ in range(60):
        nac, duid = numbers.randrange(0x1000), numbers.randrange(16)
        word = encode_nid(nac, duid)
        for place in numbers.sample(range(1, 64), weight):
            word ^= 1 << place
        found = decode_nid(word)
        assert found == decode_nid(word, nac) == decode_nid(word, 0x111)
        assert found is None or (found.nac, found.duid) != (nac, duid)
        refused += found is None
    assert refused > 50


def test_a_foreign_network_is_named_though_another_was_expected() -> None:
    word = encode_nid(0xABC, 7) ^ 0b1011 << 20
    assert decode_nid(word, 0x293) == (0xABC, 7, 3)


def test_octets_of_another_length_or_beyond_the_bound_are_refused() -> None:
    with pytest.raises(ProtocolViolation, match="expected 8 octets, got 7"):
        read_nid(bytes(7))
    wrong = (encode_nid(0x293, 0) ^ 0x5A5A5A5A5A5A5A5A).to_bytes(8, "big")
    with pytest.raises(ProtocolViolation, match="uncorrectable"):
        read_nid(wrong)


def test_codes_that_stand_for_any_network() -> None:
    assert opens_on(0xF7E, 0x123)
    assert opens_on(0xF7F, 0x123)
    assert opens_on(0x123, 0x123)
    assert not opens_on(0x293, 0x123)
    assert nac_to_send(0xF7F, 0x123) == 0x123
    assert nac_to_send(0xF7F, None) == 0x293
    assert nac_to_send(0xF7E, 0x123) == 0x293
    assert nac_to_send(0x456, 0x123) == 0x456
