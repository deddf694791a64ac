"""The writer is killed with ``kill -9`` at every write: what it answered stays, and verifies."""

import shutil
import signal
from pathlib import Path

from dispatch.audit.verify import verify_database
from gateway.model.ids import UtcUs
from tests.dispatch.audit import killed_writer
from tests.dispatch.audit.conftest import State
from tests.dispatch.audit.killed_writer import ENTRIES
from tests.dispatch.audit.killing import forked


def run(folder: Path, at: int) -> tuple[int, str]:
    folder.mkdir()
    return forked(lambda: killed_writer.run(folder, at), folder.with_suffix(".out"))


def answered(output: str) -> int:
    return max((int(line) for line in output.splitlines() if line.isdigit()), default=-1)


def check(folder: Path, at: int) -> str:
    status, answers = run(folder, at)
    if status != -signal.SIGKILL:
        return f"step {at}: not killed: {status} {answers}"
    state = State(folder)
    last = answered(answers)
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


def test_killed_at_every_write_boundary(tmp_path: Path) -> None:
    status, answers = run(tmp_path / "whole", 0)
    assert status == 0, answers
    assert answered(answers) == 2 * ENTRIES - 1
    steps = int(answers.split("steps ")[1])
    assert steps > 40
    problems = []
    for at in range(1, steps + 1):
        folder = tmp_path / f"kill-{at}"
        problems.append(check(folder, at))
        shutil.rmtree(folder)
    assert [line for line in problems if line] == []
