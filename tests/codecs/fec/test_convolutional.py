from itertools import combinations

import numpy as np
import pytest

from tests.codecs.acelp.vectors import random_frames
from voicecodecs.errors import VoiceError
from voicecodecs.fec import convolutional, crc, interleave

CODE = convolutional.TCH_S


def sent(seed: int, length: int = 40) -> tuple[convolutional.Bits, convolutional.Soft]:
    bits = np.random.default_rng(seed).integers(0, 2, length, dtype=np.uint8)
    bits[-4:] = 0
    return bits, 1 - 2 * convolutional.encode(CODE, bits).astype(np.int32)


def test_the_encoder_is_its_polynomials() -> None:
    bits = np.array([1, 0, 0, 0, 0, 0], dtype=np.uint8)
    out = convolutional.encode(CODE, bits)
    assert out.T.tolist() == [[1, 1, 1, 1, 1, 0], [1, 1, 0, 1, 1, 0], [1, 0, 1, 0, 1, 0]]


def test_free_distance_is_12() -> None:
    weights = []
    for length in range(1, 9):
        for inner in range(1 << (length - 1)):
            word = np.array([1, *(inner >> k & 1 for k in range(length - 1)), 0, 0, 0, 0])
            weights.append(int(convolutional.encode(CODE, word.astype(np.uint8)).sum()))
    assert min(weights) == 12


def test_every_one_and_two_wrong_bits_are_corrected() -> None:
    bits, soft = sent(1, 16)
    flat = soft.reshape(-1)
    for wrong in [*combinations(range(flat.size), 1), *combinations(range(flat.size), 2)]:
        damaged = flat.copy()
        damaged[list(wrong)] *= -1
        np.testing.assert_array_equal(convolutional.decode(CODE, damaged.reshape(-1, 3)), bits)


@pytest.mark.parametrize("weight", [3, 4, 5])
def test_up_to_five_wrong_bits_anywhere_are_corrected(weight: int) -> None:
    random = np.random.default_rng(weight)
    for trial in range(300):
        bits, soft = sent(trial)
        place = random.integers(0, soft.size - 20)
        wrong = place + random.choice(20, weight, replace=False)
        soft.reshape(-1)[wrong] *= -1
        np.testing.assert_array_equal(convolutional.decode(CODE, soft), bits)


def test_eleven_lost_bits_are_filled_in_and_twelve_may_not_be() -> None:
    random = np.random.default_rng(9)
    for trial in range(300):
        bits, soft = sent(trial)
        soft.reshape(-1)[random.choice(soft.size, 11, replace=False)] = 0
        np.testing.assert_array_equal(convolutional.decode(CODE, soft), bits)
    zeros = np.ones((40, 3), dtype=np.int32)
    one = np.zeros(40, dtype=np.uint8)
    one[3] = 1
    zeros[convolutional.encode(CODE, one) != 0] *= -1
    np.testing.assert_array_equal(convolutional.decode(CODE, zeros), one)


def test_beyond_its_reach_the_decoder_still_answers() -> None:
    noise = np.random.default_rng(2).integers(-127, 128, (2000, 3), dtype=np.int32)
    decoded = convolutional.decode(CODE, noise)
    assert decoded.dtype == np.uint8
    assert set(decoded.tolist()) == {0, 1}
    assert decoded[-4:].tolist() == [0, 0, 0, 0]


def test_soft_values_of_the_wrong_shape_are_refused() -> None:
    with pytest.raises(VoiceError, match=r"expected soft values \(n, 3\), got \(5, 2\)"):
        convolutional.decode(CODE, np.zeros((5, 2), dtype=np.int32))


# Checks of the standard's program as lists of covered bits, the form in which it is published.
@pytest.mark.parametrize(
    ("code", "length", "first_list"),
    [
        (
            *(crc.TCH_S, 60),
            "1 5 8 9 13 15 16 17 19 21 22 24 25 31 32 35 36 38 40 43 44 45 48 49 50 51 53 54 56",
        ),
        (crc.TCH_S_STOLEN, 30, "1 4 5 7 9 10 11 12 16 19 20 22 24 25 26 27"),
    ],
)  # fmt: skip
def test_a_check_covers_the_bits_of_the_published_list(
    code: crc.Crc, length: int, first_list: str
) -> None:
    covered = [
        bit + 1 for bit in range(length)
        if crc.check_bits(code, np.eye(1, length, bit, dtype=np.uint8)[0])[0]
    ]  # fmt: skip
    assert covered == [int(number) for number in first_list.split()]


@pytest.mark.parametrize("code", [crc.TCH_S, crc.TCH_S_STOLEN])
def test_every_burst_up_to_the_degree_is_found(code: crc.Crc) -> None:
    length = 60
    for width in range(1, code.degree + 1):
        for inner in range(1 << max(0, width - 2)):
            burst = [1, *(inner >> k & 1 for k in range(width - 2)), 1][:width]
            for at in range(length - width + 1):
                error = np.zeros(length, dtype=np.uint8)
                error[at : at + width] = burst
                assert crc.check_bits(code, error).any()


def test_parity_is_odd_or_even() -> None:
    ones = np.ones(3, dtype=np.uint8)
    assert (crc.parity_bit(ones), crc.parity_bit(ones, ones)) == (1, 0)


@pytest.mark.parametrize("order", [interleave.matrix(24, 18), interleave.rotation(216, 101)])
def test_interleavers_are_permutations_and_undone(order: interleave.Order) -> None:
    assert sorted(order.tolist()) == list(range(len(order)))
    values = np.arange(len(order))
    np.testing.assert_array_equal(interleave.deinterleave(values[order], order), values)
    both = random_frames(len(order), seed=1).T
    np.testing.assert_array_equal(interleave.deinterleave(both[:, order], order), both)


def test_interleavers_follow_their_formulas() -> None:
    out = np.arange(432)[interleave.matrix(24, 18)]
    assert all(out[c * 24 + line] == line * 18 + c for c in range(18) for line in range(24))
    half = np.arange(216)[interleave.rotation(216, 101)]
    assert all(half[101 * i % 216] == i - 1 for i in range(1, 217))
