"""Runs a target over seeded inputs, on every core.

What an input costs is CPU time of its thread, without garbage collection, which is not that input's
own: it is run between inputs, over what the run made and not what was there before. One that seems
too slow is measured again, and the shortest counts, for the first also pays for what the machine
did meanwhile (page faults, a stolen core).

``python -m tests.soak.fuzz TARGET --inputs 20000 --seed 1`` runs one by hand and repeats a finding.
"""

import argparse
import gc
import os
import random
import sys
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import get_context

from tests.soak.targets import TARGETS

TOO_SLOW_MS = 10.0
"""An input of which a reader of a radio's bytes takes more CPU time than this is a finding."""
TOO_SLOW_ELSEWHERE_MS = 1_000.0
TERMINAL = ("pei_line", "pei_stream", "pei_rows", "sds", "lip", "status", "parts")
P25 = ("p25_nid", "p25_frame", "p25_words", "p25_packet", "p25_voice", "p25_rows")
DFSI = ("dfsi_control", "dfsi_voice", "v24_record", "v24_line", "dfsi_core", "dfsi_rows")
FNE = ("fne_packet", "fne_message", "fne_record", "fne_core", "fne_rows")
MMDVM = ("mmdvm_frame", "mmdvm_core", "p25net_datagram", "p25net_core", "mmdvm_rows")
SWIFT = (*TERMINAL, *P25, *DFSI, *FNE, *MMDVM)
MEASURED_AGAIN = 5
LOOK_AT_CLOCK_EVERY = 500
COLLECT_EVERY = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What came of one run."""

    target: str
    seed: int
    inputs: int
    seconds: float
    slowest_cpu_ms: float
    finding: str = ""


def run(target: str, seed: int, inputs: int, seconds: float) -> Run:
    """Run until the inputs or the seconds are used up, or something is found."""
    rng = random.Random(seed)
    subject = TARGETS[target]()
    limit_ms = TOO_SLOW_MS if target in SWIFT else TOO_SLOW_ELSEWHERE_MS
    began = time.monotonic()
    slowest, done, finding = 0.0, 0, ""
    gc.collect()
    frozen = gc.get_freeze_count()
    gc.freeze()
    gc.disable()
    try:
        while done < inputs and not finding:
            data = subject.make(rng)
            try:
                took = _cpu_ms(subject.take, data, limit_ms)
            except Exception:
                finding = f"{target} seed {seed}: {data!r}\n{traceback.format_exc()}"
                break
            slowest = max(slowest, took)
            if took > limit_ms:
                finding = f"{target} seed {seed}: {data!r} took {took:.1f} ms"
            done += 1
            if done % COLLECT_EVERY == 0:
                gc.collect()
            if done % LOOK_AT_CLOCK_EVERY == 0 and time.monotonic() - began > seconds:
                break
    finally:
        gc.enable()
        if not frozen:
            gc.unfreeze()
    subject.close()
    return Run(
        target=target,
        seed=seed,
        inputs=done,
        seconds=time.monotonic() - began,
        slowest_cpu_ms=slowest,
        finding=finding,
    )


def _cpu_ms(take: Callable[[bytes], None], data: bytes, limit_ms: float) -> float:
    """Return what an input cost; one over the limit is measured again."""
    start = time.thread_time()
    take(data)
    took = (time.thread_time() - start) * 1000
    for _ in range(MEASURED_AGAIN if took > limit_ms else 0):
        start = time.thread_time()
        take(data)
        took = min(took, (time.thread_time() - start) * 1000)
    return took


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
