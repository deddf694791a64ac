"""The writer is killed with ``kill -9`` at every write: what it answered stays, and verifies."""

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from dispatch.audit.verify import verify_database
from gateway.model.ids import UtcUs
from tests.dispatch.audit.conftest import State
from tests.dispatch.audit.killed_writer import ENTRIES

ROOT = Path(__file__).parents[3]


def run(folder: Path, at: int) -> subprocess.CompletedProcess[str]:
    folder.mkdir()
    return subprocess.run(
        [sys.executable, "-m", "tests.dispatch.audit.killed_writer", str(folder), str(at)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd=ROOT,
    )


def answered(output: str) -> int:
    return max((int(line) for line in output.splitlines() if line.isdigit()), default=-1)


def check(folder: Path, at: int) -> str:
    done = run(folder, at)
    if done.returncode != -signal.SIGKILL:
        return f"step {at}: not killed: {done.returncode} {done.stderr}"
    state = State(folder)
    last = answered(done.stdout)
    if last >= 0:
        report = verify_database(state.database, state.audit)
        if not report.ok or report.size <= last:
            return f"step {at}: after the kill: size {report.size}, {report.faults}"
    log = state.log()
    log.open()
    size = log.append([b"{}"])
    log.write_head()
    log.checkpoint(UtcUs(99))
    log.close()
    report = verify_database(state.database, state.audit)
    faults = [line for line in report.faults if not line.startswith(f"entry {size}: it lacks")]
    if faults or report.head_size != size + 1 or size <= last:
        return f"step {at}: after the restart: size {size}, answered {last}, {faults}"
    return ""


def test_killed_at_every_write_boundary(tmp_path: Any) -> None:
    whole = run(tmp_path / "whole", 0)
    assert whole.returncode == 0, whole.stderr
    assert answered(whole.stdout) == 2 * ENTRIES - 1
    steps = int(whole.stdout.split("steps ")[1])
    assert steps > 40
    with ThreadPoolExecutor(2) as pool:
        problems = list(
            pool.map(lambda at: check(tmp_path / f"kill-{at}", at), range(1, steps + 1))
        )
    assert [line for line in problems if line] == []
