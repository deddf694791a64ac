"""20,000 seeded damaged inputs for each reader of P25's bytes; the soak has millions."""

import pytest

from tests.soak.fuzz import DFSI, FNE, MMDVM, P25, run

INPUTS = 20_000


@pytest.mark.parametrize("target", [*P25, *DFSI, *FNE, *MMDVM])
def test_nothing_but_the_documented_error(target: str) -> None:
    done = run(target, seed=20_261_126, inputs=INPUTS, seconds=300)
    assert done.finding == ""
    assert done.inputs == INPUTS
