"""20,000 seeded damaged inputs for each decoder of P25's bytes; the soak has millions."""

import pytest

from tests.soak.fuzz import DFSI, FNE, MMDVM, P25, run

INPUTS = 20_000
FURTHER = {"p25_words", "p25_rows", "dfsi_core", "dfsi_rows", "fne_core", "fne_rows", "mmdvm_core",
           "p25net_core", "mmdvm_rows"}  # fmt: skip
"""Whole cores with their clocks, and what only prints: their decoders are fuzzed above."""
FURTHER_INPUTS = 5_000


@pytest.mark.parametrize("target", [*P25, *DFSI, *FNE, *MMDVM])
def test_nothing_but_the_documented_error(target: str) -> None:
    inputs = FURTHER_INPUTS if target in FURTHER else INPUTS
    done = run(target, seed=20_261_126, inputs=inputs, seconds=300)
    assert done.finding == ""
    assert done.inputs == inputs
