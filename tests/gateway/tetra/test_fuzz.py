"""20,000 seeded damaged inputs for each reader of a terminal's bytes; the soak has millions."""

import random

import pytest

from tests.soak.fuzz import TERMINAL, run
from tests.soak.targets import TARGETS

INPUTS = 20_000
FURTHER = {"pei_stream", "pei_rows"}
"""The whole core with its clock, and what only prints: their decoders have the others."""
FURTHER_INPUTS = 5_000


@pytest.mark.parametrize("target", TERMINAL)
def test_nothing_but_the_documented_error(target: str) -> None:
    inputs = FURTHER_INPUTS if target in FURTHER else INPUTS
    done = run(target, seed=20_261_124, inputs=inputs, seconds=300)
    assert done.finding == ""
    assert done.inputs == inputs


def test_a_reader_that_fails_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    class Fails:
        def make(self, rng: random.Random) -> bytes:
            return rng.randbytes(2)

        def take(self, data: bytes) -> None:
            if data[0] == 7:
                raise IndexError(data[0])

        def close(self) -> None:
            """Let go of nothing."""

    monkeypatch.setitem(TARGETS, "status", Fails)
    done = run("status", seed=1, inputs=10_000, seconds=60)
    assert "IndexError: 7" in done.finding


def test_a_reader_that_is_slow_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    class Slow:
        def make(self, rng: random.Random) -> bytes:
            return b""

        def take(self, data: bytes) -> None:
            sum(range(2_000_000))

        def close(self) -> None:
            """Let go of nothing."""

    monkeypatch.setitem(TARGETS, "status", Slow)
    assert "took" in run("status", seed=1, inputs=3, seconds=60).finding
