"""BCH, Reed-Solomon, short block codes and trellis codes: against vectors, and by their bounds."""

import json
import random
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from voicecodecs.errors import VoiceError
from voicecodecs.fec import bch, cyclic, golay, hamming, reed_solomon, trellis
from voicecodecs.fec.reed_solomon import RS_24_12, RS_24_16, RS_36_20, ReedSolomon, hexbits

VECTORS = Path(__file__).parents[2] / "vectors" / "p25"
CODES = {"RS(24,12,13)": RS_24_12, "RS(24,16,9)": RS_24_16, "RS(36,20,17)": RS_36_20}


def rows(name: str) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = json.loads((VECTORS / f"{name}.json").read_text())["entries"]
    return entries


# ---- BCH ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", rows("nid"), ids=lambda row: row["id"])
def test_network_identifiers(row: dict[str, Any]) -> None:
    info = int(row["nac"], 16) << 4 | row["duid"]
    assert bch.encode_63_16(info) == int(row["nid"], 16) >> 1


@pytest.mark.parametrize("row", rows("nid_errors"), ids=lambda row: row["id"])
def test_network_identifiers_with_errors(row: dict[str, Any]) -> None:
    decoded = bch.decode_63_16(int(row["received"], 16) >> 1)
    assert decoded.ok
    assert decoded.info == int(row["nac"], 16) << 4 | row["duid"]
    assert decoded.errors == len([bit for bit in row["flipped_bits"] if bit < 63])


@pytest.mark.parametrize("weight", range(12))
def test_bch_corrects_every_weight_up_to_eleven(weight: int) -> None:
    numbers = random.Random(weight)
    for _ in range(60):
        info = numbers.randrange(1 << 16)
        word = bch.encode_63_16(info)
        for place in numbers.sample(range(63), weight):
            word ^= 1 << place
        assert bch.decode_63_16(word) == (info, weight, True)


def test_bch_reports_what_no_code_word_reaches() -> None:
    numbers = random.Random(5)
    failures = wrong = 0
    for _ in range(300):
        info = numbers.randrange(1 << 16)
        word = bch.encode_63_16(info)
        for place in numbers.sample(range(63), 14):
            word ^= 1 << place
        decoded = bch.decode_63_16(word)
        failures += not decoded.ok
        wrong += decoded.ok and decoded.info == info
        if not decoded.ok:
            assert decoded.info == word >> 47  # as received
    assert wrong == 0
    assert failures > 250


def test_every_code_word_keeps_its_distance_from_the_first() -> None:
    assert min(bch.encode_63_16(info).bit_count() for info in range(1, 1 << 16)) == bch.BCH_63_16.d


# ---- Reed-Solomon ------------------------------------------------------------------------------


@pytest.mark.parametrize("row", rows("rs"), ids=lambda row: row["id"])
def test_reed_solomon_words(row: dict[str, Any]) -> None:
    code = CODES[row["code"]]
    data = hexbits(bytes.fromhex(row["data"]))
    assert code.encode(data) == hexbits(bytes.fromhex(row["codeword"]))
    assert reed_solomon.octets_of(data) == bytes.fromhex(row["data"])


@pytest.mark.parametrize("row", rows("rs_errors"), ids=lambda row: row["id"])
def test_reed_solomon_words_with_errors(row: dict[str, Any]) -> None:
    code = CODES[row["code"]]
    sent, received = (hexbits(bytes.fromhex(row[key])) for key in ("sent", "received"))
    decoded = code.decode(received)
    assert decoded.ok is row["decodes"]
    if row["decodes"]:
        assert decoded.data == sent[: code.k]
        assert decoded.errors == len(row["bad_symbols"])
    else:
        assert decoded.data == received[: code.k]


def spoil(word: Sequence[int], places: Sequence[int], numbers: random.Random) -> list[int]:
    spoiled = list(word)
    for place in places:
        spoiled[place] ^= numbers.randrange(1, 64)
    return spoiled


@pytest.mark.parametrize("code", CODES.values(), ids=CODES.keys())
def test_reed_solomon_corrects_errors_and_erasures_up_to_its_bound(code: ReedSolomon) -> None:
    numbers = random.Random(code.k)
    assert code.d == code.n - code.k + 1
    for erased in range(0, code.parity + 1, 2):
        for _ in range(10):
            data = [numbers.randrange(64) for _ in range(code.k)]
            errors = (code.parity - erased) // 2
            places = numbers.sample(range(code.n), errors + erased)
            word = spoil(code.encode(data), places, numbers)
            decoded = code.decode(word, places[:erased])
            assert decoded.ok
            assert list(decoded.data) == data
            assert decoded.errors == len(places)


@pytest.mark.parametrize("code", CODES.values(), ids=CODES.keys())
def test_reed_solomon_beyond_its_bound_never_returns_altered_data_as_received(
    code: ReedSolomon,
) -> None:
    numbers = random.Random(code.n)
    reported = 0
    for _ in range(200):
        data = [numbers.randrange(64) for _ in range(code.k)]
        places = numbers.sample(range(code.n), code.correctable + 2)
        word = spoil(code.encode(data), places, numbers)
        decoded = code.decode(word)
        if not decoded.ok:
            reported += 1
            assert list(decoded.data) == word[: code.k]
        else:  # another code word was nearer: a true one, within the bound of what was received
            full = code.encode(decoded.data)
            assert sum(a != b for a, b in zip(full, word, strict=True)) <= code.correctable
    assert reported >= 190


def test_too_many_or_impossible_erasures_are_reported() -> None:
    word = RS_24_12.encode(range(12))
    assert not RS_24_12.decode(word, range(13)).ok
    assert not RS_24_12.decode(word, (24,)).ok
    with pytest.raises(VoiceError, match=r"RS\(24,12\): expected 24 symbols"):
        RS_24_12.decode(word[:-1])
    with pytest.raises(VoiceError, match="0 to 63"):
        RS_24_12.encode([64] * 12)


# ---- (16, 8) -----------------------------------------------------------------------------------


def test_cyclic_words() -> None:
    found = [row for row in rows("block_codes") if row["code"] == "lsd cyclic(16,8)"]
    assert found
    for row in found:
        assert cyclic.encode_16_8(int(row["data"], 16)) == int(row["codeword"], 16)


def test_cyclic_corrects_any_two_errors_of_any_word() -> None:
    for info in range(256):
        word = cyclic.encode_16_8(info)
        for one in range(16):
            for other in range(one, 16):
                pattern = (1 << one) | (1 << other)
                expected = (info, pattern.bit_count(), True)
                assert cyclic.decode_16_8(word ^ pattern) == expected
    weights = {cyclic.encode_16_8(info).bit_count() for info in range(1, 256)}
    assert min(weights) == cyclic.CYCLIC_16_8.d


def test_cyclic_reports_three_errors_or_takes_a_word_two_bits_away() -> None:
    outcomes = {cyclic.decode_16_8(cyclic.encode_16_8(90) ^ (7 << at)).ok for at in range(13)}
    assert False in outcomes


# ---- trellis -----------------------------------------------------------------------------------

RATES = {"1/2": trellis.HALF, "3/4": trellis.THREE_QUARTERS}


@pytest.mark.parametrize("row", rows("trellis"), ids=lambda row: row["id"])
def test_trellis_blocks(row: dict[str, Any]) -> None:
    code = RATES[row["rate"]]
    data = bytes.fromhex(row["data"])
    dibits = code.encode(data)
    assert trellis.octets_of(dibits) == bytes.fromhex(row["coded"])
    assert code.decode(trellis.dibits_of(bytes.fromhex(row["coded"]))) == (data, 0)


@pytest.mark.parametrize("row", rows("trellis_errors"), ids=lambda row: row["id"])
def test_trellis_blocks_with_errors(row: dict[str, Any]) -> None:
    received = trellis.dibits_of(bytes.fromhex(row["received"]))
    decoded, errors = trellis.HALF.decode(received)
    assert decoded == bytes.fromhex(row["data"])
    assert errors == len(row["flipped_bits"])


@pytest.mark.parametrize("code", RATES.values(), ids=RATES.keys())
def test_trellis_corrects_errors_that_lie_apart(code: trellis.TrellisCode) -> None:
    numbers = random.Random(code.width)
    for _ in range(20):
        data = numbers.randbytes(code.octets)
        dibits = list(code.encode(data))
        places = [trellis.INTERLEAVING.index(at) for at in (3, 40, 77)]
        for place in places:
            dibits[place] ^= numbers.choice((1, 2))
        decoded, errors = code.decode(dibits)
        assert errors <= 3
        if code is trellis.HALF:
            assert decoded == data


@pytest.mark.parametrize("code", RATES.values(), ids=RATES.keys())
def test_soft_bits_correct_what_hard_ones_cannot(code: trellis.TrellisCode) -> None:
    numbers = random.Random(9)
    data = numbers.randbytes(code.octets)
    bits = [bit for dibit in code.encode(data) for bit in (dibit >> 1, dibit & 1)]
    doubtful = set(numbers.sample(range(trellis.BITS), 24))
    ones = [(0.45 if bit else 0.55) if i in doubtful else float(bit) for i, bit in enumerate(bits)]
    decoded, cost = code.decode_soft(ones)
    assert decoded == data
    assert cost == pytest.approx(24 * 0.55)


def test_blocks_of_a_wrong_size_are_refused() -> None:
    with pytest.raises(VoiceError, match="expected 12 octets"):
        trellis.HALF.encode(bytes(18))
    with pytest.raises(VoiceError, match="expected 98 dibits"):
        trellis.HALF.decode([0] * 97)


# ---- short block codes of P25's frames ---------------------------------------------------------

SHORT = {
    "golay(18,6)": (golay.GOLAY_18_6, golay.encode_18_6, golay.decode_18_6),
    "hamming(10,6)": (hamming.HAMMING_10_6, hamming.encode_10_6, hamming.decode_10_6),
}


@pytest.mark.parametrize("name", SHORT)
def test_short_words_and_every_correctable_error(name: str) -> None:
    code, encode, decode = SHORT[name]
    found = [row for row in rows("block_codes") if row["code"] == name]
    assert found
    for row in found:
        assert encode(int(row["data"], 16)) == int(row["codeword"], 16)
    assert min(encode(info).bit_count() for info in range(1, 1 << code.k)) == code.d
    for info in range(1 << code.k):
        for weight in range(code.correctable + 1):
            for places in combinations(range(code.n), weight):
                word = encode(info)
                for place in places:
                    word ^= 1 << place
                assert decode(word) == (info, weight, True)


@pytest.mark.parametrize("name", SHORT)
def test_short_words_beyond_reach_are_reported(name: str) -> None:
    code, encode, decode = SHORT[name]
    reported = 0
    for places in combinations(range(code.n), code.correctable + 1):
        word = encode(5)
        for place in places:
            word ^= 1 << place
        decoded = decode(word)
        reported += not decoded.ok
        assert decoded.ok or decoded.info == word >> (code.n - code.k)
    assert reported > 0


# ---- trellis blocks as words -------------------------------------------------------------------

BOTH_RATES = pytest.mark.parametrize("code", [trellis.HALF, trellis.THREE_QUARTERS])


@BOTH_RATES
def test_words_are_the_same_as_dibits(code: trellis.TrellisCode) -> None:
    numbers = random.Random(code.name)
    for _ in range(20):
        data = numbers.randbytes(code.octets)
        word = code.encode_word(data)
        assert (word << 4).to_bytes(25, "big") == trellis.octets_of(code.encode(data))
        assert code.decode_word(word) == (data, 0)


@BOTH_RATES
def test_many_damaged_words_decode_as_each_alone(code: trellis.TrellisCode) -> None:
    numbers = random.Random(code.name)
    sent = [code.encode_word(numbers.randbytes(code.octets)) for _ in range(40)]
    received = []
    for number, word in enumerate(sent):
        places = numbers.sample(range(trellis.BITS), number % 9)
        received.append(word ^ sum(1 << place for place in places))
    together = code.decode_words(received)
    assert together == [code.decode_word(word) for word in received]
    for word, block in zip(received, together, strict=True):
        dibits = trellis.dibits_of((word << 4).to_bytes(25, "big"))
        assert tuple(block) == code.decode(dibits)
    assert code.decode_words([]) == []


@BOTH_RATES
def test_words_of_another_size_are_refused(code: trellis.TrellisCode) -> None:
    with pytest.raises(VoiceError, match="196 bits"):
        code.decode_word(1 << trellis.BITS)
    with pytest.raises(VoiceError, match="octets"):
        code.encode_word(b"")


@pytest.mark.parametrize("row", rows("trellis_errors"), ids=lambda row: row["id"])
def test_damaged_words_of_the_vectors(row: dict[str, Any]) -> None:
    block = trellis.HALF.decode_word(int(row["received"], 16) >> 4)
    assert block.data.hex() == row["data"]
    assert block.errors == len(row["flipped_bits"])
