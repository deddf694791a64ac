"""Soft-decision decoding of systematic block codes, for use inside compiled kernels.

Chase's second algorithm: flip every combination of the least sure bits, let the algebraic decoder
correct each, and keep the code word that costs least (the sum of the confidences of the bits where
it differs from what was received). With ``tests`` = 3 for a code of distance 7 this is Chase's own
choice; more tests come closer to the best possible (maximum likelihood) decoder.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from voicecodecs.compiled import inner

UNREACHABLE: Final = 1 << 30


@inner
def chase(
    word: int,
    confidence: npt.NDArray[np.int32],
    length: int,
    info_bits: int,
    tests: int,
    parity_table: npt.NDArray[np.int32],
    correction_table: npt.NDArray[np.int32],
    places: npt.NDArray[np.int32],
) -> int:
    """Return the best code word for a hard word and the confidence of each of its bits.

    confidence: int32 (length,), first entry = first sent = most significant bit, all >= 0.
    places: int32 (tests,), work space. The tables are those of ``golay`` and ``hamming``.
    """
    parity_bits = length - info_bits
    parity_mask = (1 << parity_bits) - 1
    taken = 0
    for test in range(tests):
        least = UNREACHABLE
        place = 0
        for index in range(length):
            bit = length - 1 - index
            if not (taken >> bit) & 1 and confidence[index] < least:
                least = confidence[index]
                place = bit
        places[test] = place
        taken |= 1 << place
    best_word = word
    best_cost = UNREACHABLE
    for pattern in range(1 << tests):
        trial = word
        for test in range(tests):
            trial ^= ((pattern >> test) & 1) << places[test]
        info = trial >> parity_bits
        trial ^= correction_table[parity_table[info] ^ (trial & parity_mask)]
        changed = trial ^ word
        cost = 0
        for index in range(length):
            cost += ((changed >> (length - 1 - index)) & 1) * confidence[index]
        if cost < best_cost:
            best_cost = cost
            best_word = trial
    return best_word
