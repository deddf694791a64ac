"""Millions of damaged inputs for every reader of foreign bytes; ``make soak``, not ``make test``.

``SAMBAND_SOAK_INPUTS`` is how many each decoder of a radio's bytes gets (PEI, SDS, LIP, P25:
5,000,000); every other reader gets a tenth. ``SAMBAND_SOAK_SECONDS`` is the longest time for one of
them (1800). What was run is printed, and written to ``SAMBAND_SOAK_SAVE``.
"""

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from samband.bench import provenance
from tests.soak.fuzz import Run, run_on_all_cores
from tests.soak.targets import DECODERS, TARGETS

INPUTS = int(os.environ.get("SAMBAND_SOAK_INPUTS", "5000000"))
SECONDS = float(os.environ.get("SAMBAND_SOAK_SECONDS", "1800"))
SAVE = os.environ.get("SAMBAND_SOAK_SAVE", "")
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def figures() -> Iterator[dict[str, dict[str, float]]]:
    """What each target was given; saved at the end."""
    kept: dict[str, dict[str, float]] = {}
    yield kept
    total = sum(int(row["inputs"]) for row in kept.values())
    if SAVE and kept:
        record = {
            "bench": "fuzz",
            **provenance(),
            "figures": {"inputs": total, "wanted": INPUTS, "targets": kept},
        }
        Path(SAVE).mkdir(parents=True, exist_ok=True)
        text = json.dumps(record, indent=2, sort_keys=True) + "\n"
        Path(SAVE, "fuzz.json").write_text(text, encoding="utf-8")


def summed(runs: list[Run]) -> dict[str, float]:
    """Add up the cores."""
    return {
        "inputs": sum(run.inputs for run in runs),
        "seconds": round(max(run.seconds for run in runs), 1),
        "slowest_cpu_ms": round(max(run.slowest_cpu_ms for run in runs), 2),
    }


@pytest.mark.parametrize("target", TARGETS)
def test_nothing_but_the_documented_error(
    target: str, figures: dict[str, dict[str, float]], capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = INPUTS if target in DECODERS else INPUTS // 10
    runs = run_on_all_cores(target, wanted, SECONDS)
    figures[target] = summed(runs)
    with capsys.disabled():
        sys.stdout.write(f"\n{target}: {figures[target]}\n")
    assert [run.finding for run in runs if run.finding] == []
    assert figures[target]["inputs"] >= (wanted if target in DECODERS else 1)


@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="atheris is not installed")
@pytest.mark.parametrize("target", TARGETS)
def test_guided_by_coverage(target: str, tmp_path: Path) -> None:
    inputs = str(max(INPUTS // 100, 1))
    command = [sys.executable, "-m", "tests.soak.guided", target, inputs, str(tmp_path)]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS + 60, check=False
    )
    assert done.returncode == 0, done.stderr[-4000:]
