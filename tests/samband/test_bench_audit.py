"""The audit benchmark runs and its proofs hold; what it measures is not judged here."""

from argparse import Namespace

from samband.bench_audit import measure


def test_the_benchmark_measures_a_small_log() -> None:
    figures = measure(Namespace(entries=600, size=2000))
    assert figures["writing"]["noted_per_s"] > 0
    assert figures["proofs"]["inclusion_bytes_max"] < 900
    assert figures["proofs"]["verified_entries"] == 2000
