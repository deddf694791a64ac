"""The driver's core against radios on a bad wire: 10,000 seeded runs.

``SAMBAND_SOAK_CONFORMANCE`` is how many, ``SAMBAND_SOAK_FIRST`` the first seed (0). Recorded lines
are used beside our own where ``SAMBAND_SAMPLES`` names a folder with ``pei/``. What came of it is
written to ``SAMBAND_SOAK_SAVE``.
"""

import os
import sys
import time
from pathlib import Path

import pytest

from tests.conformance.many import run_many, save, summary

RUNS = int(os.environ.get("SAMBAND_SOAK_CONFORMANCE", "10000"))
FIRST = int(os.environ.get("SAMBAND_SOAK_FIRST", "0"))
SAVE = os.environ.get("SAMBAND_SOAK_SAVE", "")


def test_ten_thousand_runs(capsys: pytest.CaptureFixture[str]) -> None:
    began = time.monotonic()
    figures = summary(run_many(FIRST, RUNS))
    if SAVE:
        save(Path(SAVE), FIRST, figures, time.monotonic() - began)
    with capsys.disabled():
        sys.stdout.write(f"\nconformance: {figures['runs']} runs, {figures['counts']}\n")
    assert figures["faults"] == []
    assert figures["runs"] == RUNS
    assert figures["on_lines"] >= RUNS * 29 // 100
