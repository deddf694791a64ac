"""Runs many seeds on all cores, and counts what came of them."""

import json
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from samband.bench import provenance
from tests.conformance.line_world import pool
from tests.conformance.runs import Outcome, run

SHARE = 50
"""Runs that are given to a process at once."""
SHOWN_FAULTS = 20


def run_share(seeds: Sequence[int]) -> list[Outcome]:
    """Run some, in this process."""
    return [run(seed) for seed in seeds]


def run_many(first: int, runs: int, *, cores: int = 0) -> list[Outcome]:
    """Run ``runs`` seeds from ``first`` on, on so many cores (0: all that there are)."""
    cores = cores or len(os.sched_getaffinity(0))
    shares = [
        range(start, min(start + SHARE, first + runs))
        for start in range(first, first + runs, SHARE)
    ]
    with ProcessPoolExecutor(cores, mp_context=get_context("spawn")) as workers:
        return [one for share in workers.map(run_share, shares) for one in share]


def summary(outcomes: Iterable[Outcome]) -> dict[str, Any]:
    """Count what came of the runs, by the kind of their faults."""
    by_kind: dict[str, dict[str, Any]] = {}
    faults: list[str] = []
    total: Counter[str] = Counter()
    for one in outcomes:
        total += one.counts
        row = by_kind.setdefault(
            one.kind.value,
            {"runs": 0, "of_them_on_lines": 0, "breaches": 0, "longest_unkey_ms": 0.0},
        )
        row["runs"] += 1
        row["of_them_on_lines"] += one.lines
        row["breaches"] += bool(one.faults)
        row["longest_unkey_ms"] = round(max(row["longest_unkey_ms"], one.longest_unkey_ms), 1)
        faults += [f"seed {one.seed}: {fault}" for fault in one.faults]
    return {
        "runs": sum(row["runs"] for row in by_kind.values()),
        "on_lines": sum(row["of_them_on_lines"] for row in by_kind.values()),
        "files_of_lines": len(pool()),
        "by_kind": by_kind,
        "counts": dict(sorted(total.items())),
        "breaches": sum(row["breaches"] for row in by_kind.values()),
        "faults": faults[:SHOWN_FAULTS],
    }


def save(folder: Path, first: int, figures: dict[str, Any], seconds: float) -> None:
    """Write ``conformance.json``."""
    folder.mkdir(parents=True, exist_ok=True)
    record = {
        "bench": "conformance",
        **provenance(),
        "figures": {"first_seed": first, "seconds": round(seconds, 1), **figures},
    }
    text = json.dumps(record, indent=2, sort_keys=True) + "\n"
    (folder / "conformance.json").write_text(text, encoding="utf-8")
