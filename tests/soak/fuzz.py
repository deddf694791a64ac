"""Runs a target over seeded inputs, on every core.

``python -m tests.soak.fuzz TARGET --inputs 20000 --seed 1`` runs one by hand and repeats a finding.
"""

import argparse
import os
import random
import sys
import time
import traceback
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import get_context

from tests.soak.targets import TARGETS

TOO_SLOW_S = 1.0
"""An input that takes longer than this is a finding as well."""
LOOK_AT_CLOCK_EVERY = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What came of one run."""

    target: str
    seed: int
    inputs: int
    seconds: float
    slowest_ms: float
    finding: str = ""


def run(target: str, seed: int, inputs: int, seconds: float) -> Run:
    """Run until the inputs or the seconds are used up, or something is found."""
    rng = random.Random(seed)
    subject = TARGETS[target]()
    began = time.monotonic()
    slowest, done, finding = 0.0, 0, ""
    while done < inputs:
        data = subject.make(rng)
        start = time.perf_counter()
        try:
            subject.take(data)
        except Exception:
            finding = f"{target} seed {seed}: {data!r}\n{traceback.format_exc()}"
            break
        slowest = max(slowest, time.perf_counter() - start)
        done += 1
        if done % LOOK_AT_CLOCK_EVERY == 0 and time.monotonic() - began > seconds:
            break
    subject.close()
    if slowest > TOO_SLOW_S and not finding:
        finding = f"{target} seed {seed}: an input took {slowest:.1f} s"
    return Run(
        target=target,
        seed=seed,
        inputs=done,
        seconds=time.monotonic() - began,
        slowest_ms=slowest * 1000,
        finding=finding,
    )


def run_on_all_cores(target: str, inputs: int, seconds: float, *, seed: int = 1) -> list[Run]:
    """Split the inputs over the cores, each with a seed of its own."""
    cores = len(os.sched_getaffinity(0))
    share = -(-inputs // cores)
    with ProcessPoolExecutor(cores, mp_context=get_context("spawn")) as pool:
        waiting = [pool.submit(run, target, seed + n, share, seconds) for n in range(cores)]
        return [one.result() for one in waiting]


def main() -> int:
    """Run one target by hand."""
    parser = argparse.ArgumentParser(epilog="example: python -m tests.soak.fuzz ogg --inputs 20000")
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--inputs", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=600.0)
    args = parser.parse_args()
    found = run(args.target, args.seed, args.inputs, args.seconds)
    sys.stdout.write(f"{asdict(found)}\n")
    return 1 if found.finding else 0


if __name__ == "__main__":
    sys.exit(main())
